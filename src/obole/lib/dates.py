"""Days are counted in Europe/Paris; instants are aware datetimes."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from obole.lib.languages import Language

PARIS = ZoneInfo("Europe/Paris")
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
