"""Days are counted in Europe/Paris; instants are aware datetimes."""

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from obole.lib.languages import Language

PARIS = ZoneInfo("Europe/Paris")
_TYPED = (
    re.compile(r"(?P<d>\d{1,2})[/.-](?P<m>\d{1,2})[/.-](?P<y>\d{4}|\d{2})"),
    re.compile(r"(?P<y>\d{4})[/.-](?P<m>\d{1,2})[/.-](?P<d>\d{1,2})"),
    re.compile(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})"),
)
_TIME = re.compile(r"[T ]\d{1,2}[:h]\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?$")
_CENTURY = 2000
MONTHS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)
ENGLISH_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def now() -> datetime:
    """Return the time. Only doors and the worker's tasks call this: below them, the time is given as ``at``."""
    return timezone.now()


def day_of(at: datetime) -> date:
    """Return the day that it is in Paris at ``at``."""
    return at.astimezone(PARIS).date()


def local(at: datetime) -> datetime:
    """Return what clocks show in Paris at ``at``, without a zone: for spreadsheets, which know none."""
    return at.astimezone(PARIS).replace(tzinfo=None)


def midnight(day: date) -> datetime:
    """Return the instant at which a day begins in Paris."""
    return datetime.combine(day, time(), tzinfo=PARIS)


def due_date(issued_at: datetime, *, term_days: int) -> date:
    """Return the last day to pay: the day of issue in Paris plus the payment term, in days."""
    return day_of(issued_at) + timedelta(days=term_days)


def read_day(text: str) -> date | None:
    """
    Read « 25/11/2026 », « 25.11.26 », « 2026-11-25 », « 20261125 », with a time after it or not; None if it is anything
    else, or no day of this century.
    """
    cleaned = _TIME.sub("", text.strip())
    found = next((found for typed in _TYPED if (found := typed.fullmatch(cleaned))), None)
    if found is None or not cleaned.isascii():
        return None
    year = int(found["y"]) + (_CENTURY if len(found["y"]) == 2 else 0)
    try:
        day = date(year, int(found["m"]), int(found["d"]))
    except ValueError:
        return None
    return day if day.year >= _CENTURY else None


def months_later(day: date, months: int) -> date:
    """Return the same day so many months later; the last of the month where it has none."""
    years, month = divmod(day.month - 1 + months, 12)
    first = date(day.year + years, month + 1, 1)
    last = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return first.replace(day=min(day.day, last.day))


def format_short(day: date) -> str:
    """Write ``25/11/2026``."""
    return f"{day:%d/%m/%Y}"


def format_long(day: date, language: str = Language.FRENCH) -> str:
    """
    Write ``25 novembre 2026`` and ``1er décembre 2026``, whatever the language of the screen: for documents and mails.

    :param language: of who reads it: ``25 November 2026`` in English.
    """
    if language == Language.ENGLISH:
        return f"{day.day} {ENGLISH_MONTHS[day.month - 1]} {day.year}"
    number = "1er" if day.day == 1 else str(day.day)
    return f"{number} {MONTHS[day.month - 1]} {day.year}"


def format_time(at: datetime, language: str = Language.FRENCH) -> str:
    """Write the time in Paris: ``14 h 05``, or ``14:05`` in English."""
    local = at.astimezone(PARIS)
    if language == Language.ENGLISH:
        return f"{local:%H:%M}"
    return f"{local.hour}\u00a0h\u00a0{local.minute:02d}"
