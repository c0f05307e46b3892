"""How a régie's ledger is read."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.db.models import QuerySet, Sum
from django.db.models.functions import TruncDate

from obole.lib.days import PARIS
from obole.regies.accounts import Account
from obole.regies.models import Balance, Entry, Line, Regie

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


def entries_of_causes(causes: list[tuple[str, str]]) -> QuerySet[Entry]:
    """Return the entries that these causes (kind, key) made, oldest first."""
    keys = [key for _kind, key in causes]
    kinds = {kind for kind, _key in causes}
    return (
        Entry.objects.filter(cause_key__in=keys, cause_kind__in=kinds)
        .prefetch_related("lines")
        .order_by("booked_at", "id")
    )
