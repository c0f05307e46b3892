"""The days of a period, as agents write it on an invoice: « novembre 2026 », « 4e trimestre 2026 », « 2026-2027 »."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from obole.lib import texts
from obole.lib.dates import MONTHS

# As ``texts.fold`` writes them: small letters without accents, words and numbers apart.
_NAMED = re.compile(r"([a-z]{3,}) (20\d\d)")
_NUMBERED = re.compile(r"(0?[1-9]|1[0-2]) (20\d\d)")
_QUARTER = re.compile(r"(?:t([1-4])|([1-4])(?:er|e|eme)? trimestre) (20\d\d)")
_YEAR = re.compile(r"(?:annee )?(20\d\d)")
_SCHOOL_YEAR = re.compile(r"(?:annee scolaire )?(20\d\d) (20\d\d)")


@dataclass(frozen=True)
class Days:
    """From a day to another, both included."""

    first: date
    last: date

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


def days_of(period: str) -> Days | None:
    """Return the days of a period; None where it says none that can be told: « stage de printemps »."""
    said = " ".join(texts.fold(period).split())
    if match := _NUMBERED.fullmatch(said):
        return _months(match[2], int(match[1]), 1)
    if match := _QUARTER.fullmatch(said):
        return _months(match[3], 3 * int(match[1] or match[2]) - 2, 3)
    if match := _YEAR.fullmatch(said):
        return _months(match[1], 1, 12)
    if match := _NAMED.fullmatch(said):
        return _months(match[2], _month_named(match[1]), 1)
    match = _SCHOOL_YEAR.fullmatch(said)
    if match and int(match[2]) == int(match[1]) + 1:
        return Days(date(int(match[1]), 9, 1), date(int(match[2]), 8, 31))
    return None


def _month_named(word: str) -> int:
    """Return the month that a word names, were it shortened; 0 for none, or several."""
    named = [number for number, name in enumerate(MONTHS, start=1) if texts.fold(name).startswith(word)]
    return named[0] if len(named) == 1 else 0


def _months(year: str, first: int, count: int) -> Days | None:
    if not first:
        return None
    last = first + count - 1
    return Days(date(int(year), first, 1), date(int(year), last, monthrange(int(year), last)[1]))
