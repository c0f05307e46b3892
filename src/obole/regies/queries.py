"""How a régie's ledger is read."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django.db.models import F, Min, Q, QuerySet, Sum

from obole.lib.dates import PARIS
from obole.regies.accounts import Account
from obole.regies.models import Balance, Closing, DailyTotal, Entry, FoundingAct, Means, Regie

HELD = (Account.CARD_CLEARING, Account.DEBIT_CLEARING, Account.TREASURY_DEPOSIT, Account.CASH, Account.CHEQUES)
"""Accounts of the money that the régie has received and not yet paid over."""


def balances(regie: Regie) -> dict[str, int]:
    """Return the balance of every account of the régie in cents, zero where nothing was ever posted."""
    known = {balance.account: balance.cents for balance in Balance.objects.filter(regie=regie)}
    return {account: known.get(account, 0) for account in Account}


def act_of(regie_id: int) -> FoundingAct | None:
    """Return the acte constitutif of a régie, if it was written down."""
    return FoundingAct.objects.filter(regie=regie_id).first()


def allowed_means(regie: Regie) -> frozenset[Means]:
    """
    Return the means of payment that a régie may take: all of them until its acte constitutif says which. In lists,
    select ``regie__act`` too.
    """
    act: FoundingAct | None = getattr(regie, "act", None)
    return frozenset(Means) if act is None else frozenset(map(Means, act.allowed_means))


def available_cents(regie: Regie) -> int:
    """Return what the compte DFT can bear: what it holds, less what was signed over and has not left it yet."""
    known = balances(regie)
    return known[Account.TREASURY_DEPOSIT] - known[Account.REMITTED]


def balances_of(regies: Iterable[Regie]) -> dict[int, dict[str, int]]:
    """Return the balances of several régies by their id, with one query."""
    balances: dict[int, dict[str, int]] = {regie.pk: dict.fromkeys(Account, 0) for regie in regies}
    for row in Balance.objects.filter(regie__in=balances).order_by("id"):
        balances[row.regie_id][row.account] = row.cents
    return balances


RECEIVED, TAKEN_BACK = "receipt", "reversal"
"""The causes of entries that bring money in, and that take it back."""


def received_by_day(regies: Iterable[Regie], *, first: date, last: date) -> dict[date, int]:
    """
    Return what came into these régies each day (Europe/Paris), in cents, every day of the period included.

    Net of what was taken back that day, whenever it had come: a day that is closed keeps its figure, and the sum of the
    days is what the accounts say.
    """
    held = DailyTotal.objects.filter(
        regie__in=list(regies), account__in=HELD, cause_kind__in=(RECEIVED, TAKEN_BACK), day__range=(first, last)
    )
    rows = held.order_by("day").values("day").annotate(cents=Sum(F("debit") - F("credit")))
    received = {row["day"]: row["cents"] for row in rows}
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return {day: received.get(day, 0) for day in days}


def cause_kinds(regie: Regie) -> list[str]:
    """Return the kinds of causes that the régie's entries ever had."""
    rows = DailyTotal.objects.filter(regie=regie).order_by("cause_kind").values_list("cause_kind", flat=True)
    return list(rows.distinct())


def entries(regie: Regie) -> QuerySet[Entry]:
    """Return the entries of the régie with their lines, newest first."""
    return Entry.objects.filter(regie=regie).prefetch_related("lines").order_by("-number")


Sums = dict[str, list[int]]
"""``{account: [debit, credit]}``, in cents, for the accounts that moved."""


def closings(regie: Regie) -> QuerySet[Closing]:
    """Return what was closed of the régie's ledger, the last first."""
    return Closing.objects.filter(regie=regie).order_by("-until")


def sums_of_period(regie: Regie, *, after: date | None, until: date) -> Sums:
    """
    Return what the entries booked after a day and up to another one (in Paris) come to; ``after``: from the first if
    None.
    """
    rows = DailyTotal.objects.filter(regie=regie, day__lte=until).order_by("account").values("account")
    rows = rows if after is None else rows.filter(day__gt=after)
    summed = rows.annotate(debits=Sum("debit"), credits=Sum("credit"))
    return {row["account"]: [row["debits"], row["credits"]] for row in summed}


def last_entry(regie: Regie, *, after: date | None, until: date) -> tuple[int, str]:
    """
    Return the number and the hash of the highest of the entries booked after a day and up to another one (in Paris);
    0 and nothing if there is none.
    """
    rows = entries_of_period(regie, after=after, until=until).order_by("-number")
    return rows.values_list("number", "hash").first() or (0, "")


def first_day(regie: Regie) -> date | None:
    """Return the first day on which something was booked."""
    first: date | None = DailyTotal.objects.filter(regie=regie).aggregate(first=Min("day"))["first"]
    return first


def entries_of_period(regie: Regie, *, after: date | None, until: date) -> QuerySet[Entry]:
    """Return the entries booked after a day and up to another one (in Paris); ``after``: from the first if None."""
    return Entry.objects.filter(_booked("", after, until), regie=regie).order_by("number")


def sum_balances(before: Sums, totals: Sums) -> Sums:
    """Return two sums in one."""
    both = sorted({*before, *totals})
    pairs = {account: (before.get(account, [0, 0]), totals.get(account, [0, 0])) for account in both}
    return {account: [a[0] + b[0], a[1] + b[1]] for account, (a, b) in pairs.items()}


def _booked(path: str, after: date | None, until: date) -> Q:
    booked = Q(**{f"{path}booked_at__lt": midnight_after(until)})
    return booked if after is None else booked & Q(**{f"{path}booked_at__gte": midnight_after(after)})


def midnight_after(day: date) -> datetime:
    """Return the instant that ends a day in Paris."""
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=PARIS)
