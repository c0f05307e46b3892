"""How a régie's ledger is read."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django.db.models import Max, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from obole.directory.models import Agent
from obole.lib.days import PARIS
from obole.regies.accounts import Account
from obole.regies.models import Balance, Closing, Entry, Line, Regie

HELD = (Account.CARD_CLEARING, Account.DEBIT_CLEARING, Account.TREASURY_DEPOSIT, Account.CASH, Account.CHEQUES)
"""Accounts of the money that the régie has received and not yet paid over."""


def balances(regie: Regie) -> dict[str, int]:
    """Return the balance of every account of the régie in cents, zero where nothing was ever posted."""
    known = {balance.account: balance.cents for balance in Balance.objects.filter(regie=regie)}
    return {account: known.get(account, 0) for account in Account}


def balances_of(regies: Iterable[Regie]) -> dict[int, dict[str, int]]:
    """Return the balances of several régies by their id, with one query."""
    balances: dict[int, dict[str, int]] = {regie.pk: dict.fromkeys(Account, 0) for regie in regies}
    for row in Balance.objects.filter(regie__in=balances).order_by("id"):
        balances[row.regie_id][row.account] = row.cents
    return balances


def received_by_day(regies: Iterable[Regie], *, first: date, last: date) -> dict[date, int]:
    """Return what came into these régies each day (Europe/Paris), in cents, every day of the period included."""
    rows = (
        Line.objects.filter(
            entry__regie__in=list(regies),
            account__in=HELD,
            debit__gt=0,
            entry__cause_kind="receipt",
            entry__booked_at__date__range=(first, last),
        )  # fmt: skip
        .annotate(day=TruncDate("entry__booked_at", tzinfo=PARIS))
        .values("day")
        .annotate(cents=Sum("debit"))
        .order_by("day")
    )
    received = {row["day"]: row["cents"] for row in rows}
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return {day: received.get(day, 0) for day in days}


def entries(regie: Regie) -> QuerySet[Entry]:
    """Return the entries of the régie with their lines, newest first."""
    return Entry.objects.filter(regie=regie).prefetch_related("lines").order_by("-number")


Sums = dict[str, list[int]]
"""``{account: [debit, credit]}``, in cents, for the accounts that moved."""


def regies_answered_for(agent: Agent) -> QuerySet[Regie]:
    """Return the régies that the agent holds a mandate for; an administrator sees the others, and answers for none of them."""
    return Regie.objects.filter(mandates__agent=agent)


def closings(regie: Regie) -> QuerySet[Closing]:
    """Return what was closed of the régie's ledger, the last first."""
    return Closing.objects.filter(regie=regie).order_by("-until")


def sums_of_period(regie: Regie, *, after: date | None, until: date) -> Sums:
    """Return what the entries booked after a day and up to another one (in Paris) come to; ``after``: from the first if None."""
    rows = Line.objects.filter(_booked("entry__", after, until), entry__regie=regie).order_by("account")
    summed = rows.values("account").annotate(debits=Sum("debit"), credits=Sum("credit"))
    return {row["account"]: [row["debits"], row["credits"]] for row in summed}


def last_number(regie: Regie, *, until: date) -> int:
    """Return the highest number of the entries booked up to a day (in Paris), 0 if there is none."""
    return entries_of_period(regie, after=None, until=until).aggregate(last=Max("number"))["last"] or 0


def entries_of_period(regie: Regie, *, after: date | None, until: date) -> QuerySet[Entry]:
    """Return the entries booked after a day and up to another one (in Paris); ``after``: from the first if None."""
    return Entry.objects.filter(_booked("", after, until), regie=regie).order_by("number")


def added(before: Sums, totals: Sums) -> Sums:
    """Return two sums in one."""
    both = sorted({*before, *totals})
    pairs = {account: (before.get(account, [0, 0]), totals.get(account, [0, 0])) for account in both}
    return {account: [a[0] + b[0], a[1] + b[1]] for account, (a, b) in pairs.items()}


def _booked(path: str, after: date | None, until: date) -> Q:
    booked = Q(**{f"{path}booked_at__lt": _midnight_after(until)})
    return booked if after is None else booked & Q(**{f"{path}booked_at__gte": _midnight_after(after)})


def _midnight_after(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=PARIS)
