"""An invoice paid in several times: how it is shared out, and which instalments what was paid covers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from obole.lib import dates

MOST = 24
LONGEST_GRACE = 60
"""Days that an instalment may be late."""
SMALLEST_CENTS = 100
"""What the bank takes by card at least."""
LONGEST = timedelta(days=2 * 365)
SOON = timedelta(days=5)
"""How long before its day an instalment is recalled."""
LATE = timedelta(days=3)
"""How long after its day one that is not paid is asked for."""


@dataclass(frozen=True)
class Due:
    """One instalment: its day, its cents, and how many of them are not paid yet."""

    rank: int
    day: date
    cents: int
    missing: int


def share_out(cents: int, *, times: int, first: date) -> list[tuple[date, int]]:
    """Propose equal instalments, one a month; the cents that do not divide go to the first ones, one each."""
    share, left = divmod(cents, times)
    return [(dates.months_later(first, n), share + (n < left)) for n in range(times)]


def cover(instalments: Iterable[tuple[int, date, int]], *, paid: int) -> list[Due]:
    """
    Tell what each instalment still needs, given its rank, day and cents: what was paid covers the earliest first.

    :param paid: cents, all that the invoice needs less than on the day of the agreement.
    """
    covered, found = max(paid, 0), list[Due]()
    for rank, day, cents in instalments:
        used = min(cents, covered)
        covered -= used
        found.append(Due(rank, day, cents, cents - used))
    return found


def to_pay(dues: Sequence[Due], today: date) -> int:
    """Return what is to be paid now, in cents: all whose day has come, else the next instalment."""
    come = sum(due.missing for due in dues if due.day <= today)
    return come or next((due.missing for due in dues if due.missing), 0)


def is_broken(dues: Sequence[Due], *, grace_days: int, today: date) -> bool:
    """Tell whether an instalment is later than was admitted."""
    return any(due.missing and due.day + timedelta(days=grace_days) < today for due in dues)
