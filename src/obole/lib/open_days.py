"""Open days in France: neither Saturday nor Sunday nor a public holiday (Code du travail, article L3133-1)."""

from datetime import date, timedelta
from functools import cache

import holidays

SATURDAY = 5
_ONE_DAY = timedelta(days=1)


def is_open(day: date) -> bool:
    """Tell whether offices open that day. Holidays are those of the whole of mainland France."""
    return day.weekday() < SATURDAY and day not in _holidays()


def first_open(day: date) -> date:
    """Return the day itself if offices open, else the next one on which they do."""
    while not is_open(day):
        day += _ONE_DAY
    return day


def why_closed(day: date) -> str:
    """Name what closes offices that day, in French; nothing if they open."""
    if is_open(day):
        return ""
    named = _holidays().get(day)
    return named.lower() if named else ("samedi", "dimanche")[day.weekday() - SATURDAY]


@cache
def _holidays() -> holidays.HolidayBase:
    # Years are worked out when they are first asked for, and kept.
    return holidays.country_holidays("FR", language="fr")
