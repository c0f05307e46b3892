"""When the town hall and the bank are open."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from obole.lib import dates

HOLIDAYS = frozenset({(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)})
OPENS, FIRST, LAST, CLOSES = time(8, 25), time(8, 40), time(16, 50), time(17, 10)
"""When the drawers are opened; between which a payer may come; when the drawers are counted."""


def is_open(day: date) -> bool:
    """Tell whether anybody works that day."""
    return day.weekday() < 5 and (day.month, day.day) not in HOLIDAYS


def next_open(day: date, *, after: int = 0) -> date:
    """Return the first open day from a day on, or the how manieth after it."""
    while not is_open(day):
        day += timedelta(days=1)
    return next_open(day + timedelta(days=1), after=after - 1) if after else day


def last_open(day: date) -> date:
    """Return the last open day up to a day."""
    while not is_open(day):
        day -= timedelta(days=1)
    return day


def open_days(first: date, last: date) -> Iterator[date]:
    """Yield the open days from a day to another, both included."""
    while first <= last:
        if is_open(first):
            yield first
        first += timedelta(days=1)


def moment(day: date, hour: int, minute: int = 0) -> datetime:
    """Return an instant of a day in Paris."""
    return datetime.combine(day, time(hour, minute), tzinfo=dates.PARIS)


def when_open(at: datetime) -> datetime:
    """Return when somebody who would come then finds the counter open: then, or some day after, in the morning."""
    here = at.astimezone(dates.PARIS)
    if is_open(here.date()) and FIRST <= here.time() <= LAST:
        return at
    return moment(next_open(here.date() + timedelta(days=1)), 9, here.minute)
