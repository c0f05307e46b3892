"""Files as banks give them: three layouts of CSV, CAMT.053 of two versions, PayFiP's list."""

from collections.abc import Sequence
from datetime import date

Said = tuple[date, int, str]


def _euros(cents: int) -> str:
    return f"{cents / 100:.2f}".replace(".", ",")


def with_two_columns(lines: Sequence[Said], *, before: int = 0) -> bytes:
    """Semicolons, Windows letters, debit and credit apart, a balance, words above the titles, a total below."""
    rows = ["Relevé du compte;;;;", "Titulaire;RÉGIE ENFANCE;;;", "", "Date opération;Libellé;Débit;Crédit;Solde"]
    balance = before
    for day, cents, label in lines:
        balance += cents
        debit, credit = (_euros(-cents), "") if cents < 0 else ("", _euros(cents))
        rows.append(f'{day:%d/%m/%Y};"{label}";{debit};{credit};{_euros(balance)}')
    rows.append(";Total;;;")
    return "\r\n".join(rows).encode("cp1252")


def with_a_sign(lines: Sequence[Said]) -> bytes:
    """Commas, UTF-8 with its mark, days of the machine, a point in the amounts."""
    rows = ["Date,Date valeur,Montant,Motif"]
    rows += [f'{day.isoformat()},{day.isoformat()},{cents / 100:.2f},"{label}"' for day, cents, label in lines]
    return "\ufeff".encode() + "\n".join(rows).encode()


def newest_first(lines: Sequence[Said], *, before: int = 0) -> bytes:
    """Tabs, short years, thousands apart, the newest line first."""
    balances, told = before, []
    for day, cents, label in lines:
        balances += cents
        amount, balance = (f"{value / 100:,.2f}".replace(",", " ").replace(".", ",") for value in (cents, balances))
        told.append(f"{day:%d.%m.%y}\t{label}\t{amount} EUR\t{balance}")
    return "\n".join(["Date\tOpération\tMontant\tSolde", *told[::-1]]).encode()


CAMT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}">
  <BkToCstmrStmt><GrpHdr><MsgId>1</MsgId><CreDtTm>2026-11-30T06:00:00</CreDtTm></GrpHdr>
    <Stmt><Id>1</Id><Acct><Id><IBAN>{iban}</IBAN></Id></Acct>
      <Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{opening}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{first}</Dt></Dt></Bal>
      <Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{closing}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{last}</Dt></Dt></Bal>
{entries}
    </Stmt></BkToCstmrStmt></Document>
"""  # noqa: E501 - as banks write it
ENTRY = """      <Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd><Sts>{status}</Sts><BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt><AcctSvcrRef>{reference}</AcctSvcrRef><NtryDtls><TxDtls><Refs><EndToEndId>{reference}</EndToEndId></Refs><RmtInf><Ustrd>{label}</Ustrd></RmtInf>{back}</TxDtls></NtryDtls></Ntry>"""  # noqa: E501
IBAN = "FR7610071750000000100000154"


def camt(
    lines: Sequence[Said],
    *,
    version: str = "02",
    before: int = 0,
    iban: str = IBAN,
    closing: int | None = None,
    reason: str = "",
) -> bytes:
    """A statement of ISO 20022; from version 08 on, the status is an element of its own."""
    status = "BOOK" if int(version) < 8 else "<Cd>BOOK</Cd>"
    entries = [
        ENTRY.format(
            amount=f"{abs(cents) / 100:.2f}",
            side="DBIT" if cents < 0 else "CRDT",
            status=status,
            day=day,
            reference=f"R{at:06d}",
            label=label,
            back=f"<RtrInf><Rsn><Cd>{reason}</Cd></Rsn></RtrInf>" if reason and cents < 0 else "",
        )
        for at, (day, cents, label) in enumerate(lines)
    ]
    after = before + sum(cents for _day, cents, _label in lines) if closing is None else closing
    days = [day for day, _cents, _label in lines] or [date(2026, 11, 25)]
    return CAMT.format(
        version=version,
        iban=iban,
        opening=f"{before / 100:.2f}",
        closing=f"{after / 100:.2f}",
        first=min(days),
        last=max(days),
        entries="\n".join(entries),
    ).encode()


def payfip_list(payments: Sequence[tuple[str, int, date, date]]) -> bytes:
    """PayFiP's list: reference, cents, day paid, day credited."""
    rows = ["Refdet;Montant;Date du paiement;Numéro d'autorisation;Date de versement"]
    rows += [f"{ref};{_euros(cents)};{day:%d/%m/%Y};A1;{credited:%d/%m/%Y}" for ref, cents, day, credited in payments]
    return "\n".join(rows).encode()
