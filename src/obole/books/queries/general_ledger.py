"""The grand livre: the lines of an account, with what it comes to after each; any page costs what a day costs."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db.models import QuerySet, Sum

from obole.books.queries.balances import AccountSums, account_sums
from obole.books.rules import Period
from obole.regies.accounts import Account
from obole.regies.models import DailyTotal, Entry, Line, Regie

ROWS = 50
CHUNK = 2000


@dataclass(frozen=True)
class LedgerLine:
    """One line of the account, and the balance after it on the side where the account stands, in cents."""

    line: Line
    balance: int

    @property
    def entry(self) -> Entry:
        """The entry that it is a part of."""
        return self.line.entry


@dataclass(frozen=True)
class AccountPage:
    """Some lines of an account over a period; ``carried`` is the balance before the first of them."""

    sums: AccountSums
    """Of the whole account, whatever causes are asked for."""
    debit: int
    credit: int
    """Of the lines that are asked for."""
    count: int
    number: int
    pages: int
    carried: int
    lines: Sequence[LedgerLine] = field(default=())

    @property
    def net(self) -> int:
        """What the lines come to, on the side where the account stands."""
        net = self.debit - self.credit
        return net if self.sums.account.is_debit else -net


def account_page(
    regie: Regie, account: Account, period: Period, *, causes: Sequence[str] = (), number: int = 1
) -> AccountPage:
    """
    Return a page of an account's lines, the oldest first; the last page if there are not so many.

    :param causes: only the lines of entries of these kinds; their balances are then those of these lines alone.
    """
    sums = account_sums(regie, account, period)
    days = _days(regie, account, period, causes)
    count = sum(day.lines for day in days)
    pages = max(1, -(-count // ROWS))
    number = min(max(number, 1), pages)
    skipped, before, within = (number - 1) * ROWS, [0, 0], list[_Day]()
    for day in days:
        if not within and skipped >= day.lines:
            skipped -= day.lines
            before = [before[0] + day.debit, before[1] + day.credit]
        elif sum(one.lines for one in within) < skipped + ROWS:
            within.append(day)
    carried = (0 if causes else sums.opening) + _on_side(account, *before)
    lines: list[LedgerLine] = []
    if within:
        some = _lines(regie, account, Period(within[0].day, within[-1].day), causes)
        passed = some[:skipped].aggregate(debit=Sum("debit"), credit=Sum("credit"))
        carried += _on_side(account, passed["debit"] or 0, passed["credit"] or 0)
        lines = list(_with_balances(account, some[skipped : skipped + ROWS], carried))
    debit, credit = sum(day.debit for day in days), sum(day.credit for day in days)
    return AccountPage(sums, debit, credit, count, number, pages, carried, lines)


def account_lines(
    regie: Regie, account: Account, period: Period, *, causes: Sequence[str] = ()
) -> Iterator[LedgerLine]:
    """Return every line of a period, for a file, without holding them."""
    opening = 0 if causes else account_sums(regie, account, period).opening
    return _with_balances(account, _lines(regie, account, period, causes).iterator(chunk_size=CHUNK), opening)


@dataclass(frozen=True)
class CauseSums(AccountSums):
    """What one kind of cause came to on an account."""

    cause_kind: str = ""


def sums_by_cause(regie: Regie, account: Account, until: date) -> list[CauseSums]:
    """Return what each kind of cause came to on an account since the beginning."""
    rows = DailyTotal.objects.filter(regie=regie, account=account, day__lte=until)
    summed = rows.order_by("cause_kind").values("cause_kind")
    return [
        CauseSums(account, 0, row["debits"], row["credits"], row["count"], row["cause_kind"])
        for row in summed.annotate(debits=Sum("debit"), credits=Sum("credit"), count=Sum("lines"))
    ]


@dataclass(frozen=True)
class _Day:
    day: date
    debit: int
    credit: int
    lines: int


def _days(regie: Regie, account: Account, period: Period, causes: Sequence[str]) -> list[_Day]:
    rows = DailyTotal.objects.filter(regie=regie, account=account, day__range=(period.first, period.last))
    rows = rows.filter(cause_kind__in=causes) if causes else rows
    summed = rows.order_by("day").values("day").annotate(d=Sum("debit"), c=Sum("credit"), n=Sum("lines"))
    return [_Day(row["day"], row["d"], row["c"], row["n"]) for row in summed]


def _lines(regie: Regie, account: Account, period: Period, causes: Sequence[str]) -> QuerySet[Line]:
    within = {"entry__booked_at__gte": period.begins, "entry__booked_at__lt": period.ends}
    rows = Line.objects.filter(entry__regie=regie, account=account, **within)
    rows = rows.filter(entry__cause_kind__in=causes) if causes else rows
    return rows.select_related("entry").order_by("entry__booked_at", "entry__number", "id")


def _with_balances(account: Account, lines: Iterable[Line], balance: int) -> Iterator[LedgerLine]:
    for line in lines:
        balance += _on_side(account, line.debit, line.credit)
        yield LedgerLine(line, balance)


def _on_side(account: Account, debit: int, credit: int) -> int:
    return debit - credit if account.is_debit else credit - debit
