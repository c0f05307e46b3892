"""CAMT.053, the statement of ISO 20022: read by the names of its elements, whatever its version."""

import re
from collections.abc import Iterator
from datetime import date

from django.utils.translation import gettext as _
from lxml import etree

from obole.bank_statements.rules import cells
from obole.bank_statements.rules.readings import (
    LARGEST_CENTS,
    LONGEST_DETAILS,
    LONGEST_LABEL,
    MOST_BYTES,
    MOST_LINES,
    Reading,
    ReadLine,
    Unreadable,
)
from obole.lib import texts

_NAMESPACE = re.compile(r"\{urn:iso:std:iso:20022:tech:xsd:camt\.(?P<message>\d{3})\.001\.(?P<version>\d{2})\}Document")
_OTHERS = {"052", "054"}
_AMOUNT = re.compile(r"\d{1,13}(?:\.\d{1,5})?")
OPENING, CLOSING = ("OPBD", "PRCD"), ("CLBD",)


def is_xml(content: bytes) -> bool:
    """Tell whether a file is rather XML than CSV."""
    return content.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")[:1] == b"<"


def read(content: bytes, *, today: date) -> list[Reading]:
    """
    Read the statements of a file.

    :raises Unreadable: at the first thing that cannot be.
    """
    root = _root(content)
    found = _NAMESPACE.fullmatch(str(root.tag))
    if found is None or found["message"] != "053":
        if found is not None and found["message"] in _OTHERS:
            raise Unreadable(
                _(
                    "Ce fichier est un avis provisoire (CAMT.%(message)s) : importez le relevé définitif du compte, un"
                    " CAMT.053."
                )
                % {"message": found["message"]}
            )
        raise Unreadable(_("Ce fichier XML n’est pas un relevé CAMT.053 : demandez ce format à la banque, ou un CSV."))
    statements = list(_all(root, "BkToCstmrStmt", "Stmt"))
    if not statements:
        raise Unreadable(_("Ce fichier CAMT.053 ne contient aucun relevé : exportez-le de nouveau."))
    return [_statement(item, today=today) for item in statements]


def _root(content: bytes) -> etree._Element:
    if len(content) > MOST_BYTES:
        raise Unreadable(_("Ce fichier est trop lourd : 10 Mo au plus. Exportez une période plus courte."))
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        raise Unreadable(
            _("Ligne %(n)d : ce XML est mal formé ou incomplet. Téléchargez de nouveau le fichier à la banque.")
            % {"n": line}
        ) from None
    if root.getroottree().docinfo.internalDTD is not None:
        # No bank sends one: it could only serve to swell the file, or to read another.
        raise Unreadable(_("Ce fichier déclare ses propres entités : il n’est pas lu. Téléchargez-le à la banque."))
    return root


def _all(item: etree._Element, *path: str) -> Iterator[etree._Element]:
    """Yield what stands under a path of names; versions differ by their namespaces alone."""
    if not path:
        yield item
        return
    for child in item.iterchildren():
        if isinstance(child.tag, str) and etree.QName(child).localname == path[0]:
            yield from _all(child, *path[1:])


def _text(item: etree._Element, *paths: str) -> str:
    """Return the first text under one of these paths (« Dt/Dt »), on one line."""
    for path in paths:
        for found in _all(item, *path.split("/")):
            text = _line_of(found)
            if text:
                return text
    return ""


def _texts(item: etree._Element, path: str) -> list[str]:
    return [line for found in _all(item, *path.split("/")) if (line := _line_of(found))]


def _line_of(item: etree._Element) -> str:
    said: list[str] = [str(text) for text in item.itertext()]
    return texts.clean_line("".join(said))


def _statement(item: etree._Element, *, today: date) -> Reading:
    entries = list(_all(item, "Ntry"))
    if len(entries) > MOST_LINES:
        raise Unreadable(_("Plus de %(most)d lignes : exportez une période plus courte.") % {"most": MOST_LINES})
    booked = [entry for entry in entries if _text(entry, "Sts/Cd", "Sts") == "BOOK"]
    lines = [_line(entry, today=today) for entry in booked]
    kept = tuple(line for line in lines if line.cents)
    opening, closing = _balance(item, OPENING), _balance(item, CLOSING)
    days = [line.day for line in lines] + [day for _cents, day in (opening, closing) if day]
    if not days:
        raise _wrong(item, _("ce relevé n’a ni ligne ni solde"))
    both = opening[1] is not None and closing[1] is not None
    return Reading(
        form="camt",
        lines=kept,
        account=_text(item, "Acct/Id/IBAN").replace(" ", "").upper()[:34],
        first_day=min(line.day for line in lines) if lines else min(days),
        last_day=max(days),
        opening_cents=opening[0] if both else None,
        closing_cents=closing[0] if both else None,
        left_out=len(entries) - len(kept),
    )


def _balance(item: etree._Element, kinds: tuple[str, ...]) -> tuple[int, date | None]:
    """Return a balance and its day; no day where there is none. The first kind that is there counts."""
    for kind in kinds:
        for balance in _all(item, "Bal"):
            if _text(balance, "Tp/CdOrPrtry/Cd") == kind:
                return _signed(balance), _day(balance, "Dt/Dt", "Dt/DtTm")
    return 0, None


def _line(entry: etree._Element, *, today: date) -> ReadLine:
    day = _day(entry, "BookgDt/Dt", "BookgDt/DtTm")
    if day > today:
        raise _wrong(entry, _("cette opération est dans l’avenir"))
    said = _text(entry, "AddtlNtryInf")
    details = [text for path in _DETAILS for text in _texts(entry, path) if text != "NOTPROVIDED"]
    about = " ".join(dict.fromkeys([said, *_texts(entry, "NtryDtls/TxDtls/RmtInf/Ustrd")[:3]])).strip()
    return ReadLine(
        number=_place(entry),
        day=day,
        value_day=_day(entry, "ValDt/Dt", "ValDt/DtTm") if _text(entry, "ValDt") else None,
        cents=_signed(entry),
        label=(about or " ".join(details[:3]) or _("sans libellé"))[:LONGEST_LABEL],
        details=" ".join(dict.fromkeys(details))[:LONGEST_DETAILS],
        reason_code=_text(entry, "NtryDtls/TxDtls/RtrInf/Rsn/Cd")[:4],
    )


_DETAILS = (
    "AcctSvcrRef",
    "NtryRef",
    "NtryDtls/TxDtls/Refs/EndToEndId",
    "NtryDtls/TxDtls/Refs/AcctSvcrRef",
    "NtryDtls/TxDtls/Refs/InstrId",
    "NtryDtls/TxDtls/RmtInf/Ustrd",
    "NtryDtls/TxDtls/RmtInf/Strd/CdtrRefInf/Ref",
    "NtryDtls/TxDtls/RltdPties/Dbtr/Nm",
    "NtryDtls/TxDtls/RltdPties/Dbtr/Pty/Nm",
    "NtryDtls/TxDtls/AddtlTxInf",
)


def _signed(item: etree._Element) -> int:
    amount = next(_all(item, "Amt"), None)
    text = "" if amount is None else (amount.text or "").strip()
    if amount is None or not _AMOUNT.fullmatch(text):
        raise _wrong(item, _("ce montant ne se lit pas"))
    if amount.get("Ccy") != "EUR":
        raise _wrong(item, _("ce montant n’est pas en euros"))
    whole, _point, rest = text.partition(".")
    if rest[2:].strip("0"):
        raise _wrong(item, _("ce montant a plus de deux décimales"))
    cents = int(whole) * 100 + int(rest[:2].ljust(2, "0"))
    direction = _text(item, "CdtDbtInd")
    if direction not in ("CRDT", "DBIT") or cents > LARGEST_CENTS:
        raise _wrong(item, _("rien ne dit si c’est un crédit ou un débit"))
    return cents if direction == "CRDT" else -cents


def _day(item: etree._Element, *paths: str) -> date:
    text = _text(item, *paths)
    try:
        return cells.day_of(text)
    except cells.NotThis:
        raise _wrong(item, _("cette date ne se lit pas")) from None


def _place(item: etree._Element) -> int:
    """Return the line of the file where something stands."""
    return int(str(item.sourceline or 0))


def _wrong(item: etree._Element, what: str) -> Unreadable:
    return Unreadable(
        _("Ligne %(n)d : %(what)s. Téléchargez de nouveau le relevé, ou demandez un CSV à la banque.")
        % {"n": _place(item), "what": what}
    )
