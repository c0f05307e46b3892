"""The weeks of a payer, of a child whom two share: the odd or the even ones, by their ISO numbers."""

from collections.abc import Iterator
from datetime import date, timedelta

from django.utils.translation import gettext as _

DAY = timedelta(days=1)


def is_of(day: date, *, odd: bool) -> bool:
    """Tell whether a day is in an odd, or an even, week."""
    return (day.isocalendar().week % 2 == 1) is odd


def weeks(first: date, last: date, *, odd: bool) -> Iterator[tuple[date, date]]:
    """Yield the odd weeks between two days, or the even ones, cut at both ends."""
    while first <= last:
        sunday = min(first + timedelta(days=6 - first.weekday()), last)
        if is_of(first, odd=odd):
            yield first, sunday
        first = sunday + DAY


def name_of(*, odd: bool) -> str:
    """Return how an invoice calls the weeks that it bills."""
    return _("semaines impaires") if odd else _("semaines paires")
