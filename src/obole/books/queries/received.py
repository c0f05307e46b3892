"""What came in and what was taken back: one line each, so that a list comes to what the accounts say, to the cent."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import BigIntegerField, Case, Count, Exists, F, OuterRef, Q, QuerySet, Sum, When
from django.db.models.functions import Coalesce, TruncDate, TruncMonth

from obole.lib import search_keys, texts
from obole.lib.dates import PARIS
from obole.payments.models import Allocation, Clearing, Receipt, Refund, Reversal
from obole.regies.models import Entry, Regie
from obole.regies.queries import RECEIVED, TAKEN_BACK

MEANS = tuple(Receipt.Means)
_PAYERS = ("invoice__payer", "attempt__invoice__payer")


def movements(regies: Iterable[Regie] | QuerySet[Regie]) -> QuerySet[Entry]:
    """
    Return the entries that brought money into these régies or took it back, newest first.

    Each has its ``cents`` (negative where money is taken back), its ``means``, and ``came_back``: whether the money
    that it is about was taken back.
    """
    backed = Reversal.objects.filter(receipt__entry=OuterRef("pk"))
    rows = Entry.objects.filter(regie__in=regies, cause_kind__in=(RECEIVED, TAKEN_BACK)).annotate(
        means=Coalesce("receipt__means", "reversal__receipt__means"),
        cents=Case(
            When(receipt__isnull=False, then=F("receipt__cents")),
            default=F("reversal__receipt__cents") * -1,
            output_field=BigIntegerField(),
        ),
        came_back=Q(cause_kind=TAKEN_BACK) | Exists(backed),
    )
    related = [f"{path}{payer}" for path in ("receipt__", "reversal__receipt__") for payer in _PAYERS]
    return rows.select_related("regie", *related).order_by("-booked_at", "-id")


def receipt_of(movement: Entry) -> Receipt:
    """Return the money that a movement brought in or took back."""
    receipt: Receipt = movement.receipt if movement.cause_kind == RECEIVED else movement.reversal.receipt
    return receipt


def receipts_about(entry: Entry) -> QuerySet[Receipt]:
    """Return the receipts that an entry brought in, took back, counted, cleared or refunded."""
    # Each part by its own index: one condition for all of them would read every receipt.
    parts: tuple[QuerySet[Any], ...] = (
        Receipt.objects.filter(entry=entry).values("pk"),
        Reversal.objects.filter(entry=entry).values("receipt"),
        Allocation.objects.filter(entry=entry).values("receipt"),
        Refund.objects.filter(entry=entry).values("receipt"),
        Clearing.objects.filter(entry=entry).values("receipt"),
        Clearing.objects.filter(undone_by_entry=entry).values("receipt"),
    )
    first, *others = (part.order_by() for part in parts)
    return Receipt.objects.filter(pk__in=first.union(*others)).select_related(*_PAYERS).order_by("id")


def payer_of(receipt: Receipt) -> str:
    """Return who paid, as the lists say it."""
    invoice = receipt.invoice or (receipt.attempt.invoice if receipt.attempt else None)
    return receipt.payer_name or (invoice.payer.display_name if invoice else "")


def movements_matching(rows: QuerySet[Entry], text: str) -> QuerySet[Entry]:
    """Keep the movements whose receipt's number, invoice, reference or payer answers to ``text``."""
    return rows.filter(matching("receipt__", text) | matching("reversal__receipt__", text))


def matching(path: str, text: str) -> Q:
    """Say that a receipt's number, invoice, reference or payer answers to ``text``; ``path`` leads to the receipt."""
    typed = texts.clean_line(text)
    wanted = Q(**{f"{path}number__istartswith": typed}) | Q(**{f"{path}reference__istartswith": typed})
    wanted |= Q(**{f"{path}invoice__number__istartswith": typed}) | Q(**{f"{path}payer_name__icontains": typed})
    keys = search_keys.asked(text)
    return wanted | Q(**{f"{path}invoice__payer__search_keys__contains": keys}) if keys else wanted


def quittances(regie: Regie) -> QuerySet[Receipt]:
    """Return the counter's receipts by their number: the journal à souche."""
    rows = Receipt.objects.filter(regie=regie, sequence__isnull=False).annotate(
        came_back=Exists(Reversal.objects.filter(receipt=OuterRef("pk")))
    )
    return rows.select_related("entry", "regie", "reversal", *_PAYERS).order_by("year", "sequence")


@dataclass(frozen=True)
class Received:
    """What came in and what was taken back, in cents; ``key`` says of which means, or of which day."""

    key: Any
    came: int
    back: int
    count: int

    @property
    def net(self) -> int:
        """What stays."""
        return self.came - self.back


def total(rows: QuerySet[Entry]) -> Received:
    """Return what some movements come to."""
    found = rows.order_by().aggregate(came=_came(), back=_back(), count=Count("pk"))
    return Received(None, found["came"], found["back"], found["count"])


def summed(parts: Iterable[Received]) -> Received:
    """Return several in one."""
    rows = list(parts)
    came, back = sum(row.came for row in rows), sum(row.back for row in rows)
    return Received(None, came, back, sum(row.count for row in rows))


def by_means(rows: QuerySet[Entry]) -> list[Received]:
    """Return what some movements come to by means of payment, in the order of the means."""
    found = {one.key: one for one in _grouped(rows, "means")}
    return [found[means] for means in MEANS if means in found]


def by_day(rows: QuerySet[Entry], *, monthly: bool = False) -> list[Received]:
    """Return what some movements come to by day in Paris, or by month."""
    cut = TruncMonth if monthly else TruncDate
    return _grouped(rows.annotate(day=cut("booked_at", tzinfo=PARIS)), "day")


def by_day_and_means(rows: QuerySet[Any]) -> dict[tuple[date, str], int]:
    """Return the net of some movements by day in Paris and by means, in cents."""
    cut = rows.annotate(day=TruncDate("booked_at", tzinfo=PARIS)).order_by("day", "means").values("day", "means")
    return {(row["day"], row["means"]): row["net"] for row in cut.annotate(net=Sum("cents"))}


def quittances_by(rows: QuerySet[Receipt], key: str) -> list[Received]:
    """Return what some quittances come to by ``means``, or by ``day``: what was taken back of them is told apart."""
    cut = rows.annotate(day=TruncDate("entry__booked_at", tzinfo=PARIS)).order_by(key).values(key)
    back = Coalesce(Sum("cents", filter=Q(came_back=True)), 0, output_field=BigIntegerField())
    found = cut.annotate(came=Sum("cents"), back=back, count=Count("pk"))
    return [Received(row[key], row["came"], row["back"], row["count"]) for row in found]


def _grouped(rows: QuerySet[Entry], key: str) -> list[Received]:
    found = rows.order_by(key).values(key).annotate(came=_came(), back=_back(), count=Count("pk"))
    return [Received(row[key], row["came"], row["back"], row["count"]) for row in found]


def _came() -> Coalesce:
    return Coalesce(Sum("cents", filter=Q(cause_kind=RECEIVED)), 0, output_field=BigIntegerField())


def _back() -> Coalesce:
    back = Sum(F("cents") * -1, filter=Q(cause_kind=TAKEN_BACK))
    return Coalesce(back, 0, output_field=BigIntegerField())
