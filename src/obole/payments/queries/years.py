"""
What was paid in a civil year: each cent on the day of its receipt, less what was taken back or given back since.

A year is read from the invoices whose payer, régie or prestation the reader may know: ``invoices`` bounds everything.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.db.models import DateField, ExpressionWrapper, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, ExtractYear, TruncDate
from django.utils.translation import gettext as _

from obole.billing import rules
from obole.billing.models import Invoice, InvoiceExplanation, InvoiceLine
from obole.dossiers.rules import Child, Children, children_of
from obole.lib.dates import PARIS
from obole.payments.models import Allocation, Receipt, Refund
from obole.payments.refund_states import RefundState
from obole.pricing.instalments import apportion
from obole.pricing.text.codec import parse_result

CHILD_AGE = 6
"""
Years: a child of that age or more on 1 January gives no right to the tax credit (CGI, article 200 quater B). Whoever is
born in the year in which they reach it counts, as the administration reads it (« né en 2020 ou après », for 2026).
"""
NOBODY = Child("")


@dataclass(frozen=True)
class Share:
    """What part of a payment is for whom, and for what; below zero where the line takes away."""

    child: Child
    activity: str
    cents: int


@dataclass(frozen=True)
class YearPayment:
    """What a receipt counts for an invoice; without one, what of it is kept, or was handed to the comptable."""

    receipt: Receipt
    paid_on: date
    cents: int
    invoice: Invoice | None = None
    shares: tuple[Share, ...] = ()
    is_handed_over: bool = False


@dataclass(frozen=True)
class YearSum:
    """What was paid in a year, in cents; ``childcare_cents``: for invoices that may give a right to the tax credit."""

    year: int
    cents: int
    childcare_cents: int


def paid_on(receipt: str = "") -> Combinable:
    """
    Return the day on which a receipt was paid, in Paris: that of the bank's value for a transfer, which is noted when
    the statement comes.

    :param receipt: the way to the receipt, ``receipt__``.
    """
    day = Coalesce(F(f"{receipt}valued_on"), TruncDate(f"{receipt}received_at", tzinfo=PARIS))
    return ExpressionWrapper(day, output_field=DateField())


def years_paid(invoices: QuerySet[Invoice]) -> list[YearSum]:
    """Return the years in which something was paid that still counts, the latest first; two queries, however many."""
    counted = Allocation.objects.filter(invoice__in=_keys(invoices)).annotate(year=ExtractYear(paid_on("receipt__")))
    childcare = Coalesce(Sum("cents", filter=Q(invoice__type__is_childcare=True)), 0)
    rows = counted.order_by().values("year").annotate(sum=Sum("cents"), childcare=childcare)
    found = {row["year"]: YearSum(row["year"], row["sum"], row["childcare"]) for row in rows}
    for one in _kept(_standing(invoices)):
        known = found.get(one.paid_on.year, YearSum(one.paid_on.year, 0, 0))
        found[known.year] = replace(known, cents=known.cents + one.cents)
    return [found[year] for year in sorted(found, reverse=True) if found[year].cents]


def paid_in_year(invoices: QuerySet[Invoice], year: int) -> list[YearPayment]:
    """
    Return what was paid in a year, in the order of the days: for each invoice, then what no invoice counts. It comes to
    the receipts of the year, less those taken back, whenever they were, and less what was given back to the payer.
    """
    days = (date(year, 1, 1), date(year, 12, 31))
    dated = Allocation.objects.annotate(day=paid_on("receipt__"))
    paid = dated.filter(invoice__in=_keys(invoices), day__range=days)
    # All that was ever counted for them: what came before takes its share of each line first.
    rows = dated.filter(invoice__in=paid.order_by().values("invoice")).values("receipt", "invoice", "day")
    found = rows.annotate(sum=Sum("cents")).filter(sum__gt=0).order_by("day", "receipt", "invoice")
    counted = _counted_in(year, list(found.values_list("receipt", "invoice", "day", "sum")))
    kept = (one for one in _kept(_standing(invoices)) if one.paid_on.year == year)
    return sorted([*_known_by_name(list(counted)), *kept], key=lambda one: (one.paid_on, one.receipt.pk))


def childcare_of(payments: Iterable[YearPayment], year: int) -> list[YearPayment]:
    """
    Keep what gives a right to the tax credit for childcare: of the types that do, for children who are not known to be
    too old.
    """
    found = []
    for one in payments:
        if one.invoice is None or not one.invoice.type.is_childcare:
            continue
        shares = tuple(share for share in one.shares if is_young(share.child, year))
        if shares:
            found.append(replace(one, cents=sum(share.cents for share in shares), shares=shares))
    return found


def is_young(child: Child, year: int) -> bool:
    """Tell whether a child may be under six on 1 January of a year: whose birth nobody knows may be."""
    return child.born is None or child.born >= date(year - CHILD_AGE, 1, 1)


def summed(payments: Iterable[YearPayment]) -> dict[tuple[Child, str], int]:
    """Return what payments come to by whom they are for and for what, in cents, child after child."""
    sums: dict[tuple[Child, str], int] = {}
    for one in payments:
        for share in one.shares:
            key = share.child, share.activity
            sums[key] = sums.get(key, 0) + share.cents
    order = {child: rank for rank, child in enumerate(dict.fromkeys(child for child, _activity in sums))}
    order[NOBODY] = len(order)
    return {key: sums[key] for key in sorted(sums, key=lambda key: order[key[0]]) if sums[key]}


def _keys(invoices: QuerySet[Invoice]) -> QuerySet[Invoice, int]:
    return invoices.order_by().values_list("pk", flat=True)


def _counted_in(year: int, rows: Sequence[tuple[int, int, date, int]]) -> Iterator[YearPayment]:
    """
    Return what receipts count for invoices in a year.

    :param rows: receipt, invoice, day and cents of all that was counted for these invoices, in the order of the days.
    """
    related = ("type", "regie", "dossier__form", "explanation")
    invoices = Invoice.objects.select_related(*related).prefetch_related("lines")
    known = invoices.in_bulk({row[1] for row in rows})
    receipts = Receipt.objects.select_related("regie").in_bulk({row[0] for row in rows})
    lines = {pk: _lines(invoice) for pk, invoice in known.items()}
    before = dict.fromkeys(known, 0)
    for receipt, pk, day, cents in rows:
        already, before[pk] = before[pk], before[pk] + cents
        if day.year == year:
            shares = _shares(lines[pk], before=already, cents=cents)
            yield YearPayment(receipts[receipt], day, cents, known[pk], shares)


def _known_by_name(payments: list[YearPayment]) -> Iterator[YearPayment]:
    """Give a child the birth that another dossier of the same payer says, if they agree: a form may not ask for it."""
    born: dict[str, set[date]] = {}
    for child in {share.child for one in payments for share in one.shares if share.child.born}:
        born.setdefault(child.name, set()).add(child.born or date.max)
    known = {name: Child(name, *days) for name, days in born.items() if len(days) == 1}
    for one in payments:
        shares = (
            share if share.child.born else replace(share, child=known.get(share.child.name, share.child))
            for share in one.shares
        )
        yield replace(one, shares=tuple(shares))


def _shares(lines: Mapping[tuple[Child, str], int], *, before: int, cents: int) -> tuple[Share, ...]:
    """
    Return the part of each line in a payment, in proportion: all the payments of an invoice come to its lines, to the
    cent.
    """
    amounts = list(lines.values())
    after, already = apportion(before + cents, amounts), apportion(before, amounts)
    parts = zip(lines, after, already, strict=True)
    return tuple(Share(child, activity, most - less) for (child, activity), most, less in parts if most != less)


def _lines(invoice: Invoice) -> dict[tuple[Child, str], int]:
    """Return what an invoice is made of, by child and activity, in the order of its lines."""
    dossier, why = invoice.dossier, getattr(invoice, "explanation", None)
    children = children_of(dossier.form.form_fields, dossier.answers) if dossier else Children((), None)
    amounts: dict[tuple[Child, str], int] = {}
    for row, activity, cents in _rows(sorted(invoice.lines.all(), key=lambda line: line.position), why):
        key = children.named(row) if row else children.only or NOBODY, activity
        amounts[key] = amounts.get(key, 0) + cents
    return amounts


def _rows(lines: Sequence[InvoiceLine], why: InvoiceExplanation | None) -> Iterator[tuple[str, str, int]]:
    """Return for each line the row of the price that it is of, what it is for, and its cents."""
    priced = parse_result(why.result).lines if why else ()
    # What was carried over to the invoice comes after the lines of its own price.
    own = len(priced)
    if why and why.part is not None:
        own = len(lines) - len(rules.carry_over_lines(rules.parse_carry_overs(why.carried), nature=""))
        # One of the invoices of a price is of all its lines, in proportion: an acompte names none of them.
        cents = sum(line.amount_cents for line in lines[:own]) + why.added_tax_cents
        parts = apportion(cents, [line.amount_cents for line in priced])
        yield from ((line.row, line.label, part) for line, part in zip(priced, parts, strict=True))
    else:
        yield from ((one.row, one.label, line.amount_cents) for one, line in zip(priced, lines, strict=False))
        if why and why.added_tax_cents:
            yield "", _("TVA"), why.added_tax_cents
    yield from (("", line.label, line.amount_cents) for line in lines[own:])


def receipts_sent_for(invoices: QuerySet[Invoice], *, reversed_too: bool = False) -> QuerySet[Receipt]:
    """Return the receipts of money that was sent for these invoices, alone or first of several."""
    online = Receipt.objects.filter(attempt__invoice__in=_keys(invoices)).order_by().values("pk")
    otherwise = Receipt.objects.filter(attempt=None, invoice__in=_keys(invoices)).order_by().values("pk")
    # One after the other: asked for either at once, the database would read every receipt that there is.
    found = Receipt.objects.filter(pk__in=online.union(otherwise))
    return found if reversed_too else found.filter(reversal=None)


def kept_cents(invoices: QuerySet[Invoice]) -> int:
    """Return what the régies keep of money sent for these invoices, that no invoice counts, in cents."""
    return sum(one.cents for one in _kept(_standing(invoices)) if not one.is_handed_over)


def _standing(invoices: QuerySet[Invoice]) -> QuerySet[Receipt]:
    """
    Return the receipts sent for these invoices that stand; ``counted``: what invoices have of each, in cents,
    ``refunded``: what its payer was given back, ``handed``: what the comptable was.
    """
    of_it = {"receipt": OuterRef("pk")}
    counted = Allocation.objects.filter(**of_it).order_by().values("receipt").annotate(sum=Sum("cents")).values("sum")
    done = Refund.objects.filter(**of_it, state=RefundState.DONE).order_by().values("receipt")
    by_payee = {
        name: Coalesce(Subquery(done.filter(payee=payee).annotate(sum=Sum("cents")).values("sum")), 0)
        for name, payee in (("refunded", Refund.Payee.PAYER), ("handed", Refund.Payee.TREASURY))
    }
    rows = receipts_sent_for(invoices).annotate(counted=Coalesce(Subquery(counted), 0), day=paid_on(), **by_payee)
    return rows.select_related("regie").order_by("id")


def _kept(receipts: QuerySet[Receipt]) -> Iterator[YearPayment]:
    """Return what no invoice counts of receipts, and was not given back: the régie has it, or the comptable."""
    for one in receipts.filter(cents__gt=F("counted") + F("refunded")):
        kept = vars(one)
        left = kept["cents"] - kept["counted"] - kept["refunded"] - kept["handed"]
        if left:
            yield YearPayment(one, kept["day"], left)
        if kept["handed"]:
            yield YearPayment(one, kept["day"], kept["handed"], is_handed_over=True)
