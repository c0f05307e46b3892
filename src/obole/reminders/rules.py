"""When the next reminder is due: pure calculation on days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from obole.billing.models import InvoiceType
from obole.billing.rules.reminder_plan import Step
from obole.directory.models import Authority
from obole.lib.open_days import Calendar

SMALLEST_GAP = 5
"""Days between two reminders of one invoice, whatever was missed while the worker was down."""


@dataclass(frozen=True)
class Sent:
    """
    What was sent so far: the rank of the last reminder in its plan (0 if none was), its day, that of the first; and how
    many were left.
    """

    rank: int = 0
    day: date | None = None
    first: date | None = None
    dropped: int = 0


@dataclass(frozen=True)
class Planned:
    """A reminder to come: its rank in the plan (1, 2, 3…) and the day on which it is sent, if nothing changes."""

    rank: int
    day: date


def next_planned(
    steps: Sequence[Step], *, due_date: date, calendar: Calendar, sent: Sent, today: date
) -> Planned | None:
    """
    Return the reminder that comes next, today or later, or None if the plan is at its end.

    A reminder from before the due date that was missed is left: its words would be false. Any other one that was missed
    comes as soon as it may, ``SMALLEST_GAP`` days after the last.

    :param steps: in the order of their days; the régie's choice, on the type de facture.
    :param calendar: the days on which nobody is reminded.
    """
    soonest = max(today, sent.day + timedelta(days=SMALLEST_GAP)) if sent.day else today
    for rank, step in enumerate(steps, start=1):
        if rank <= sent.rank:
            continue
        day = calendar.first_open(max(soonest, step.day(due_date)))
        if not step.is_past(due_date, day):
            return Planned(rank, day)
    return None


def calendar_of(kind: InvoiceType, town: Authority) -> Calendar:
    """Return the days on which a type reminds nobody."""
    return Calendar(
        offices=kind.reminder_open_days_only,
        territory=town.territory,
        school_zone=town.school_zone if kind.reminder_outside_school_holidays else "",
    )


def sends(kind: InvoiceType, day: date, hour: int | None, *, calendar: Calendar) -> bool:
    """Tell whether a type sends reminders that day, at that hour of Paris where one is given."""
    if not calendar.is_open(day):
        return False
    return hour is None or kind.reminder_first_hour <= hour < kind.reminder_last_hour


def next_late_rank(steps: Sequence[Step], sent: Sent) -> int:
    """Return the rank of a reminder that an agent asks for of a late invoice; the plan may be at its end."""
    early = sum(step.days <= 0 for step in steps)
    return max(sent.rank, early) + 1
