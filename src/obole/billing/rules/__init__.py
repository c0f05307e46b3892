"""What an invoice is made of: pure calculations."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from obole.lib import dates, money
from obole.pricing import wording
from obole.pricing.engine import splitting
from obole.pricing.instalments import Instalment, InstalmentKind, InstalmentLine, grouped
from obole.pricing.model.numbers import as_fraction, format_number
from obole.pricing.model.results import PricedLine, Result, TaxRow
from obole.pricing.model.tariffs import Regime, Typed, Vat
from obole.pricing.text.codec import parse_result

LAST_CHANCE = 15
"""Days that a reminder leaves to pay at the régie, at least, before the invoice may be handed over."""


def payable_until(due_date: date, *, delay: int) -> date:
    """
    Return the last day on which a late invoice is surely paid at the régie: its document says it, reminders repeat it
    or put it off, and a transmission keeps it.

    :param delay: days, the régie's.
    """
    return due_date + timedelta(days=delay)


def payable_after_reminder(reminded_on: date) -> date:
    """Return the day until which a reminder leaves its payer to pay at the régie, at least."""
    return reminded_on + timedelta(days=LAST_CHANCE)


@dataclass(frozen=True, kw_only=True)
class DraftLine:
    """A line before it is written. Amounts in cents."""

    label: str
    quantity: Decimal
    unit: str
    unit_price_cents: int
    nature: str
    detail: str = ""

    @property
    def amount_cents(self) -> int:
        """Quantity × unit price, rounded half up to the cent."""
        return money.times(self.quantity, self.unit_price_cents)


TAX_NATURE = "44571"
"""The account of the VAT that a local authority collects (« TVA collectée », instruction M57)."""


def priced_lines(result: Result, *, nature: str) -> list[DraftLine]:
    """
    Return the lines that the engine made, as an invoice holds them, in their order.

    :param nature: the imputation of the lines that have none.
    """
    return [
        DraftLine(
            label=wording.label(line),
            detail=_detail(line, result),
            quantity=line.printed.quantity,
            unit=line.printed.unit,
            unit_price_cents=line.printed.unit_cents,
            nature=line.nature or nature,
        )
        for line in result.lines
    ]


def _detail(line: PricedLine, result: Result) -> str:
    """Return the rule of a line; on an invoice with VAT, whether its price holds it."""
    return _joined([wording.short(line), _vat_of(line, result)])


def _vat_of(line: PricedLine | InstalmentLine, result: Result) -> str:
    if not result.vat_cents:
        return ""
    mention = wording.vat_mention(line.vat)
    net = line.vat.regime == Regime.TAXED and line.typed == Typed.NET
    return _("prix HT, %(mention)s") % {"mention": mention} if net else mention


def _joined(parts: Iterable[str]) -> str:
    return wording.cut("\u202f; ".join(part for part in parts if part), wording.LONGEST_DETAIL)


def instalment_lines(result: Result, part: Instalment, *, nature: str, acompte: str = "") -> list[DraftLine]:
    """
    Return the lines of one invoice of several; of a solde, those of the bill, then what the acompte billed already,
    below zero.

    :param nature: the imputation of the lines that have none.
    :param acompte: the number of the invoice that a solde takes away.
    """
    own = [_part_line(line, part, result, nature=nature, acompte=acompte) for line in part.lines]
    return [*priced_lines(result, nature=nature), *own] if part.kind == InstalmentKind.BALANCE else own


def _part_line(line: InstalmentLine, part: Instalment, result: Result, *, nature: str, acompte: str) -> DraftLine:
    many = len(part.lines) > 1 and not line.entire
    return DraftLine(
        label=wording.cut(line.of[0] if line.entire else _part_said(part, acompte), wording.LONGEST_LABEL),
        detail=_joined([", ".join(line.of) if many else "", _vat_of(line, result)]),
        quantity=Decimal(-1 if line.cents < 0 else 1),
        unit="",
        unit_price_cents=abs(line.cents),
        nature=line.nature or nature,
    )


def _part_said(part: Instalment, acompte: str) -> str:
    total = money.euros(part.total_cents)
    if part.kind == InstalmentKind.BALANCE:
        return _("Acompte déjà facturé, facture n° %(number)s") % {"number": acompte}
    text = (
        _("%(part)s sur %(total)s")
        if part.kind == InstalmentKind.ACOMPTE
        else _("%(part)s, pour un total de %(total)s")
    )
    return text % {"part": instalment_title(part), "total": total}


@dataclass(frozen=True)
class CarryOverDetails:
    """A price that was too small to be invoiced alone, and how an invoice that bills it calls it."""

    label: str
    result: Result


def must_carry_over(result: Result, *, before_cents: int, below_cents: int) -> bool:
    """Tell whether a price, with what waits already, is too small to be invoiced alone."""
    carry = splitting.carry_over(
        result.total_cents, before_cents=before_cents, below_cents=below_cents, flush=not below_cents
    )
    return result.total_cents > 0 and carry.carried_cents > 0


def parse_carry_overs(kept: Iterable[Mapping[str, Any]]) -> list[CarryOverDetails]:
    """Return what an invoice kept of what was carried over to it."""
    return [CarryOverDetails(item["label"], parse_result(item["result"])) for item in kept]


def carry_over_lines(carried: Iterable[CarryOverDetails], *, nature: str) -> list[DraftLine]:
    """Return the lines of what was carried over to an invoice: one for each imputation and VAT."""
    return [
        DraftLine(
            label=wording.cut(item.label, wording.LONGEST_LABEL),
            detail=_joined([", ".join(line.of), _vat_of(line, item.result)]),
            quantity=Decimal(-1 if line.cents < 0 else 1),
            unit="",
            unit_price_cents=abs(line.cents),
            nature=line.nature or nature,
        )
        for item in carried
        for line in grouped(item.result)
    ]


def instalment_title(part: Instalment) -> str:
    """Return what a part is: « Acompte de 30 % », « Solde », « Échéance 2 sur 3 »."""
    if part.kind == InstalmentKind.ACOMPTE:
        return _("Acompte de %(percent)s %%") % {"percent": format_number(as_fraction(part.percent))}
    if part.kind == InstalmentKind.BALANCE:
        return _("Solde")
    return _("Échéance %(rank)s sur %(count)s") % {"rank": part.rank, "count": part.count}


def instalment_label(name: str, part: Instalment) -> str:
    """Return what an invoice of several is called in lists and mails: « Location de salle – solde »."""
    said = instalment_title(part)
    return f"{wording.cut(name, wording.LONGEST_LABEL - len(said) - 3)} – {said[:1].lower()}{said[1:]}"


def tax_lines(result: Result) -> list[tuple[str, int]]:
    """
    Return what stands between the lines and the total, in cents: nothing, or the total without VAT and each rate's VAT.
    """
    return _tax_lines(result.taxes)


def _tax_lines(taxes: Sequence[TaxRow]) -> list[tuple[str, int]]:
    if not any(row.vat_cents for row in taxes):
        return []
    taxed = [row for row in taxes if row.vat.regime == Regime.TAXED]
    text = _("%(mention)s sur %(base)s")
    rows = [
        (text % {"mention": wording.vat_mention(row.vat), "base": money.euros(row.net_cents)}, row.vat_cents)
        for row in taxed
    ]
    return [(_("Total HT"), sum(row.net_cents for row in taxes)), *rows]


@dataclass(frozen=True)
class Explanation:
    """What an invoice that a pricing made says beside its lines."""

    whys: tuple[tuple[str, ...], ...]
    """Of each line, in their order: a sentence for each step from the vote to the cent."""
    taxes: list[tuple[str, int]]
    votes: str
    vat_mention: str


def explain(result: Result, part: Instalment | None = None, carried: Sequence[CarryOverDetails] = ()) -> Explanation:
    """
    Return why an invoice comes to its amount, in the language of the moment.

    :param part: which of several it is; its lines are those of ``part_lines``.
    :param carried: what it bills besides; its lines are those of ``carried_lines``.
    """
    taxes = _added(part.taxes if part else result.taxes, *(item.result.taxes for item in carried))
    mentions = [wording.vat_mention(row.vat) for row in taxes if row.vat.regime not in UNSAID]
    lines = [*result.lines, *(line for item in carried for line in item.result.lines)]
    return Explanation(
        whys=(*_whys(result, part), *_carried_whys(carried)),
        taxes=_tax_lines(taxes),
        votes=votes(lines),
        vat_mention="\u202f; ".join(dict.fromkeys(mentions)),
    )


def _whys(result: Result, part: Instalment | None) -> tuple[tuple[str, ...], ...]:
    lines = tuple(tuple(wording.long(line)) for line in result.lines)
    if part is None:
        return lines
    # The whole price, then what this invoice bills of it.
    said = (
        *_sums(result),
        *wording.explain(result),
        _("Cette facture : %(amount)s.") % {"amount": money.euros(part.cents)},
    )
    return (*(lines if part.kind == InstalmentKind.BALANCE else ()), *(said for _one in part.lines))


@dataclass(frozen=True)
class BillLine:
    """A line as the invoice will print it, and why."""

    label: str
    detail: str
    quantity: Decimal
    unit: str
    unit_price_cents: int
    amount_cents: int
    why: list[str]


@dataclass(frozen=True)
class Bill:
    """All that answers come to."""

    lines: list[BillLine]
    taxes: list[tuple[str, int]]
    total_cents: int
    said: list[str]
    """How the total is made and paid, in sentences."""


def bill(result: Result) -> Bill:
    """Return a result as a table shows it."""
    drafts = priced_lines(result, nature="")
    lines = [
        BillLine(
            draft.label,
            draft.detail,
            draft.quantity,
            draft.unit,
            draft.unit_price_cents,
            draft.amount_cents,
            wording.long(line),
        )
        for draft, line in zip(drafts, result.lines, strict=True)
    ]
    return Bill(lines, tax_lines(result), result.total_cents, wording.explain(result))


UNSAID = frozenset({Regime.TAXED, Regime.OUTSIDE})
"""What needs no mention: the tax has its own lines, and what is outside its field says nothing."""


def _carried_whys(carried: Iterable[CarryOverDetails]) -> Iterable[tuple[str, ...]]:
    for item in carried:
        said = (*_sums(item.result), *wording.explain(item.result))
        yield from (said for _line in grouped(item.result))


def _sums(result: Result) -> list[str]:
    return [f"{wording.label(line)}\u00a0: {money.euros(line.amount_cents)}." for line in result.lines]


def _added(*taxes: Sequence[TaxRow]) -> list[TaxRow]:
    """Add up what several bills come to, by regime and rate."""
    sums: dict[Vat, TaxRow] = {}
    for row in (row for rows in taxes for row in rows):
        known = sums.get(row.vat)
        sums[row.vat] = (
            row
            if known is None
            else replace(
                known,
                net_cents=known.net_cents + row.net_cents,
                vat_cents=known.vat_cents + row.vat_cents,
                total_cents=known.total_cents + row.total_cents,
            )
        )
    return list(sums.values())


def votes(lines: Iterable[PricedLine]) -> str:
    """Return the délibérations that the prices come from, for the small print."""
    voted: dict[str, list[str]] = {}
    for vote in (line.vote for line in lines if line.vote.deliberation):
        said = _("délibération n° %(number)s du %(day)s") % {
            "number": vote.deliberation,
            "day": dates.format_short(vote.voted_on),
        }
        voted.setdefault(said, []).append(vote.tariff)
    parts = [f"{said} ({', '.join(dict.fromkeys(tariffs))})" for said, tariffs in voted.items()]
    return _("Tarifs : %(votes)s.") % {"votes": "\u202f; ".join(parts)} if parts else ""


def added_tax(result: Result) -> int:
    """Return the VAT that no line holds, in cents: that of the prices voted without."""
    return result.total_cents - sum(line.amount_cents for line in result.lines)


def total(lines: Sequence[DraftLine]) -> int:
    """Return the sum of the rounded lines, in cents."""
    return sum(line.amount_cents for line in lines)


def offset_negatives(amounts: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """
    Take what is below zero away from the amounts of the same nature, the last first; what no such amount holds stays
    below zero.

    :param amounts: (nature, cents) of each line.
    """
    taken: Counter[str] = Counter()
    for nature, cents in amounts:
        taken[nature] -= min(cents, 0)
    kept = []
    for nature, cents in reversed(amounts):
        less = min(taken[nature], max(cents, 0))
        taken[nature] -= less
        if cents > less:
            kept.append((nature, cents - less))
    return [*((nature, -cents) for nature, cents in taken.items() if cents), *reversed(kept)]
