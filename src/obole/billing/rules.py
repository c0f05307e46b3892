"""What an invoice is made of: pure calculations."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from obole.billing.models import InvoiceType
from obole.catalogue.rules import Result, wording
from obole.catalogue.rules.results import PricedLine
from obole.catalogue.rules.tariffs import Regime, Typed
from obole.dossiers.rules import Priced
from obole.lib import days, money


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


def lines_for(invoice_type: InvoiceType, priced: Iterable[Priced]) -> list[DraftLine]:
    """Return the lines that this type makes of a dossier: its fixed amount, or every product whose quantity is not zero."""
    if invoice_type.amount_mode == InvoiceType.AmountMode.FIXED:
        return [
            DraftLine(
                label=invoice_type.fixed_label or invoice_type.name, quantity=Decimal(1), unit="",
                unit_price_cents=invoice_type.fixed_cents, nature=invoice_type.nature,
            )
        ]  # fmt: skip
    return [
        DraftLine(
            label=one.product.name, quantity=one.quantity, unit=one.product.unit, unit_price_cents=one.unit_price_cents,
            nature=one.product.nature or invoice_type.nature,
        )
        for one in priced
        if one.quantity
    ]  # fmt: skip


TAX_NATURE = "44571"
"""The account of the VAT that a local authority collects (« TVA collectée », instruction M57)."""


def priced_lines(result: Result, *, nature: str) -> list[DraftLine]:
    """
    Return the lines that the engine made, as an invoice holds them, in their order.

    :param nature: the imputation of the lines that have none.
    """
    return [
        DraftLine(
            label=wording.label(one), detail=_detail(one, result), quantity=one.printed.quantity, unit=one.printed.unit,
            unit_price_cents=one.printed.unit_cents, nature=one.nature or nature,
        )
        for one in result.lines
    ]  # fmt: skip


def _detail(line: PricedLine, result: Result) -> str:
    """Return the rule of a line; on an invoice with VAT, whether its price holds it."""
    parts = [wording.short(line)]
    if result.vat_cents:
        mention = wording.vat_mention(line.vat)
        net = line.vat.regime == Regime.TAXED and line.typed == Typed.NET
        parts.append(_("prix HT, %(mention)s") % {"mention": mention} if net else mention)
    said = " ; ".join(part for part in parts if part)
    return wording.cut(said, wording.LONGEST_DETAIL)


def tax_lines(result: Result) -> list[tuple[str, int]]:
    """Return what stands between the lines and the total, in cents: nothing, or the total without VAT and each rate's VAT."""
    if not result.vat_cents:
        return []
    taxed = [row for row in result.taxes if row.vat.regime == Regime.TAXED]
    text = _("%(mention)s sur %(base)s")
    rows = [
        (text % {"mention": wording.vat_mention(row.vat), "base": money.euros(row.net_cents)}, row.vat_cents)
        for row in taxed
    ]
    return [(_("Total HT"), result.net_cents), *rows]


@dataclass(frozen=True)
class Explained:
    """What an invoice that a pricing made says beside its lines."""

    whys: tuple[tuple[str, ...], ...]
    """Of each line, in their order: a sentence for each step from the vote to the cent."""
    taxes: list[tuple[str, int]]
    votes: str
    vat_mention: str


def explain(result: Result) -> Explained:
    """Return why an invoice comes to its amount, in the language of the moment."""
    mentions = [wording.vat_mention(row.vat) for row in result.taxes if row.vat.regime not in UNSAID]
    return Explained(
        whys=tuple(tuple(wording.long(line)) for line in result.lines), taxes=tax_lines(result), votes=votes(result),
        vat_mention=" ; ".join(dict.fromkeys(mentions)),
    )  # fmt: skip


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
        BillLine(draft.label, draft.detail, draft.quantity, draft.unit, draft.unit_price_cents, draft.amount_cents, wording.long(line))
        for draft, line in zip(drafts, result.lines, strict=True)
    ]  # fmt: skip
    return Bill(lines, tax_lines(result), result.total_cents, wording.explain(result))


UNSAID = frozenset({Regime.TAXED, Regime.OUTSIDE})
"""What needs no mention: the tax has its own lines, and what is outside its field says nothing."""


def votes(result: Result) -> str:
    """Return the délibérations that the prices come from, for the small print."""
    voted: dict[str, list[str]] = {}
    for line in result.lines:
        vote = line.vote
        said = _("délibération n° %(number)s du %(day)s") % {
            "number": vote.deliberation,
            "day": days.short(vote.voted_on),
        }
        voted.setdefault(said, []).append(vote.tariff)
    parts = [f"{said} ({', '.join(dict.fromkeys(tariffs))})" for said, tariffs in voted.items()]
    return _("Tarifs : %(votes)s.") % {"votes": " ; ".join(parts)} if parts else ""


def added_tax(result: Result) -> int:
    """Return the VAT that no line holds, in cents: that of the prices voted without."""
    return result.total_cents - sum(line.amount_cents for line in result.lines)


def total(lines: Sequence[DraftLine]) -> int:
    """Return the sum of the rounded lines, in cents."""
    return sum(line.amount_cents for line in lines)
