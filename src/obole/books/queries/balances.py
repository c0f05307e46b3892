"""What every account comes to at any date, and by month: read from the sums of the days, whatever the entries are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce, TruncMonth

from obole.books.rules import LATE_TO_CLOSE, Period
from obole.regies import queries
from obole.regies.accounts import Account
from obole.regies.models import Closing, DailyTotal, Regie
from obole.regies.queries import HELD, RECEIVED, TAKEN_BACK

ISSUED = ("invoice", "cancellation")
"""The causes of entries that make a debt, and that an avoir undoes."""


@dataclass(frozen=True)
class AccountSums:
    """An account over a period, in cents; a balance is what debits come to less what credits come to."""

    account: Account
    before: int = 0
    debit: int = 0
    credit: int = 0
    lines: int = 0

    @property
    def after(self) -> int:
        """The balance at the end, as debits less credits."""
        return self.before + self.debit - self.credit

    @property
    def opening(self) -> int:
        """The balance at the beginning, on the side where the account stands."""
        return self.before if self.account.is_debit else -self.before

    @property
    def closing(self) -> int:
        """The balance at the end, on the side where the account stands."""
        return self.after if self.account.is_debit else -self.after


def trial_balance(regie: Regie, period: Period) -> list[AccountSums]:
    """Return every account that ever moved up to the end of a period, in the order of the plan, with one query."""
    earlier, within = Q(day__lt=period.first), Q(day__gte=period.first)
    rows = DailyTotal.objects.filter(regie=regie, day__lte=period.last).order_by("account").values("account")
    summed = rows.annotate(
        before=Coalesce(Sum(F("debit") - F("credit"), filter=earlier), 0),
        debits=Coalesce(Sum("debit", filter=within), 0),
        credits=Coalesce(Sum("credit", filter=within), 0),
        count=Coalesce(Sum("lines", filter=within), 0),
    )
    found = {row["account"]: row for row in summed}
    return [
        AccountSums(account, row["before"], row["debits"], row["credits"], row["count"])
        for account in Account
        if (row := found.get(account.value))
    ]


def account_sums(regie: Regie, account: Account, period: Period) -> AccountSums:
    """Return one account over a period."""
    found = {row.account: row for row in trial_balance(regie, period)}
    return found.get(account, AccountSums(account))


def is_closed(regie: Regie, day: date) -> bool:
    """Tell whether the books are closed up to a day."""
    return Closing.objects.filter(regie=regie, until__gte=day).exists()


def closing_of_exercice(regie: Regie, year: int) -> Closing | None:
    """Return the closing that keeps what an exercice carries forward."""
    return Closing.objects.filter(regie=regie, until=date(year, 12, 31)).first()


def is_late_to_close(regie: Regie, today: date) -> bool:
    """Tell whether the books of a régie have not been closed for ``LATE_TO_CLOSE`` days, since its first entry."""
    last = queries.closings(regie).values_list("until", flat=True).first() or queries.first_day(regie)
    return last is not None and (today - last).days > LATE_TO_CLOSE


@dataclass(frozen=True)
class Month:
    """What a month came to, in cents: issued less avoirs, received less taken back, paid over, and due at its end."""

    first: date
    issued: int = 0
    received: int = 0
    paid_over: int = 0
    due: int = 0


def month_of_each(regies: Sequence[Regie], period: Period) -> dict[int, Month]:
    """Return what a period came to in each régie, by its id, without what is due: one query, however many they are."""
    rows = DailyTotal.objects.filter(regie__in=regies, day__range=(period.first, period.last)).order_by("regie")
    summed: Any = rows.values("regie").annotate(**_monthly())
    return {row["regie"]: Month(period.first, row["issued"], row["received"], row["paid_over"]) for row in summed}


def _monthly() -> dict[str, Coalesce]:
    net, receivable = F("debit") - F("credit"), Q(account=Account.RECEIVABLE)
    received = Q(account__in=HELD, cause_kind__in=(RECEIVED, TAKEN_BACK))
    return {
        "issued": Coalesce(Sum(net, filter=receivable & Q(cause_kind__in=ISSUED)), 0),
        "received": Coalesce(Sum(net, filter=received), 0),
        "paid_over": Coalesce(Sum("credit", filter=Q(account=Account.REMITTED)), 0),
    }


def months(regie: Regie, year: int) -> list[Month]:
    """Return the twelve months of a year, with two queries."""
    due = account_sums(regie, Account.RECEIVABLE, Period(date(year, 1, 1), date(year, 1, 1))).before
    net, receivable = F("debit") - F("credit"), Q(account=Account.RECEIVABLE)
    rows = DailyTotal.objects.filter(regie=regie, day__year=year).annotate(month=TruncMonth("day")).order_by("month")
    summed: Any = rows.values("month").annotate(**_monthly(), moved=Coalesce(Sum(net, filter=receivable), 0))
    found = {row["month"]: row for row in summed}
    result = []
    for first in (date(year, number, 1) for number in range(1, 13)):
        row = found.get(first, {"issued": 0, "received": 0, "paid_over": 0, "moved": 0})
        due += row["moved"]
        result.append(Month(first, row["issued"], row["received"], row["paid_over"], due))
    return result
