"""What may be paid over, what was, and what waits."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from obole.lib import dates
from obole.payments.models import Allocation, Clearing, Receipt, Refund
from obole.payments.queries import MEANS_IN_INSTANCE
from obole.regies import queries as regies
from obole.regies.accounts import Account
from obole.regies.models import Entry, Line, Means, Regie
from obole.remittances.models import Remittance

Vouchers = QuerySet[Any]
"""Lines of the ledger, with what a voucher says beside them."""
RECEIVED = ("receipt", "application", "freeing", "reversal")
"""Causes of the entries that move recettes à verser; each is about one receipt."""
REFUNDED = "refund"
"""What the comptable paid for the régie: it moved recettes versées, and goes with a bordereau as a part of its own."""


@dataclass(frozen=True)
class Share:
    """What entries come to, of one nature and by one means; by no means where the comptable paid a refund."""

    nature: str
    means: str
    cents: int
    is_refund: bool


def entries_to_remit(regie: Regie, *, until: date) -> QuerySet[Entry]:
    """Return the entries up to a day that were not paid over, their money there or not."""
    moved = Line.objects.filter(_counted(), entry=OuterRef("pk"))
    open_ = Entry.objects.filter(regie=regie, cause_kind__in=(*RECEIVED, REFUNDED), remitted=None)
    return open_.filter(Exists(moved), booked_at__lt=regies.midnight_after(until)).order_by()


def ready(entries: QuerySet[Entry], *, until: date) -> QuerySet[Entry]:
    """Keep the entries whose money is there."""
    return entries.exclude(Exists(_in_instance(until)))


def waiting(entries: QuerySet[Entry], *, until: date) -> QuerySet[Entry]:
    """Keep the entries whose money is « en instance »: the bank has still to credit their receipt."""
    return entries.filter(Exists(_in_instance(until)))


def _in_instance(until: date) -> QuerySet[Allocation]:
    """
    Return what counts for an entry of a receipt that goes through a bank, was not credited, and still stands.

    One that was taken back within the period was nothing in the end: both its entries go together, and come to zero.
    """
    credited = Clearing.objects.filter(receipt=OuterRef("receipt"), undone_by_entry=None)
    rows = Allocation.objects.filter(entry=OuterRef("pk"), receipt__means__in=MEANS_IN_INSTANCE)
    gone = Q(receipt__reversal__entry__booked_at__lt=regies.midnight_after(until))
    return rows.exclude(Exists(credited)).exclude(gone)


def _counted() -> Q:
    """Which lines of an entry count in a bordereau."""
    return Q(account=Account.REVENUE_DUE, entry__cause_kind__in=RECEIVED) | Q(
        account=Account.REMITTED, entry__cause_kind=REFUNDED
    )


def vouchers(entries: QuerySet[Entry]) -> Vouchers:
    """
    Return the lines of some entries that count in a bordereau, with what a voucher says: ``cents``, ``means``,
    ``receipt_id``, ``receipt_number``; in the order of the ledger.
    """
    lines = Line.objects.filter(_counted(), entry__in=entries.values("pk"))
    return _described(lines).select_related("entry").order_by("entry__number", "id")


def vouchers_of(remittance: Remittance) -> Vouchers:
    """Return the vouchers of a bordereau that was signed."""
    lines = Line.objects.filter(_counted(), entry__remitted__remittance=remittance.number)
    return _described(lines).select_related("entry").order_by("entry__number", "id")


def only(lines: Vouchers, *, nature: str | None = None, means: str | None = None) -> Vouchers:
    """Keep the vouchers of a nature, or of a means (« refund »: what the comptable paid)."""
    if nature is not None:
        lines = lines.filter(nature=nature).exclude(entry__cause_kind=REFUNDED)
    if means == REFUNDED:
        return lines.filter(entry__cause_kind=REFUNDED)
    return lines if means is None else lines.filter(means=means).exclude(entry__cause_kind=REFUNDED)


def shares(lines: Vouchers) -> list[Share]:
    """Return what vouchers come to by nature and means, with one query."""
    rows = lines.order_by().values("nature", "means", "entry__cause_kind").annotate(sum=Sum(F("credit") - F("debit")))
    sums: dict[tuple[str, str, bool], int] = {}
    for row in rows:
        refund = row["entry__cause_kind"] == REFUNDED
        key = ("", "", True) if refund else (row["nature"], row["means"], False)
        sums[key] = sums.get(key, 0) + row["sum"]
    order = {means.value: rank for rank, means in enumerate(Means)}
    known = sorted(sums, key=lambda key: (key[2], key[0], order.get(key[1], 99)))
    return [Share(nature, means, sums[nature, means, refund], refund) for nature, means, refund in known]


def _described(lines: Vouchers) -> Vouchers:
    counted = Allocation.objects.filter(entry=OuterRef("entry")).order_by("id")
    receipt = Coalesce(
        Subquery(counted.values("receipt")[:1]),
        Subquery(Refund.objects.filter(entry=OuterRef("entry")).values("receipt")[:1]),
    )
    means = Coalesce(Subquery(counted.values("receipt__means")[:1]), Value(""))
    number = Subquery(Receipt.objects.filter(pk=OuterRef("receipt_id")).values("number")[:1])
    described: Vouchers = lines.annotate(
        cents=F("credit") - F("debit"), means=means, receipt_id=receipt, receipt_number=number
    )
    return described


def remittances_of(regie: Regie) -> QuerySet[Remittance]:
    """Return the bordereaux of a régie, the last first."""
    return Remittance.objects.filter(regie=regie).order_by("-signed_at", "-id")


def last_remittances(regie_ids: Iterable[int]) -> dict[int, Remittance]:
    """Return the last bordereau of each of these régies, by the régie's id, with one query."""
    rows = Remittance.objects.filter(regie__in=set(regie_ids)).order_by("regie_id", "-signed_at", "-id")
    return {row.regie_id: row for row in rows.distinct("regie_id")}


def late_since(regie: Regie, *, at: datetime) -> date | None:
    """
    Return the day until which a régie should have paid over, if it has passed: a month after its last bordereau, and
    after the first of the entries that wait.
    """
    if not regies.balances(regie)[Account.REVENUE_DUE] > 0:
        return None
    last = last_remittances([regie.pk]).get(regie.pk)
    if last and _a_month_after(last.signed_at) >= dates.day_of(at):
        return None
    lines = Line.objects.filter(account=Account.REVENUE_DUE, entry__regie=regie, entry__remitted=None)
    first = lines.filter(entry__cause_kind__in=RECEIVED).aggregate(first=Min("entry__booked_at"))["first"]
    if first is None:
        return None
    limit = _a_month_after(max(last.signed_at, first) if last else first)
    return limit if dates.day_of(at) > limit else None


def _a_month_after(moment: datetime) -> date:
    return dates.months_later(dates.day_of(moment), 1)


def too_much_held(regie: Regie) -> tuple[int, int] | None:
    """Return what a régie holds and the most that its acte constitutif allows, in cents, if it holds more."""
    act = regies.act_of(regie.pk)
    if act is None:
        return None
    known = regies.balances(regie)
    held = sum(known[account] for account in regies.HELD)
    return (held, act.max_held_cents) if held > act.max_held_cents else None
