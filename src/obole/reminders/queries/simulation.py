"""What a plan of reminders gives: drawn on real dates for one invoice, and for all those that are due."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet

from obole.billing import rules as billing_rules
from obole.billing.models import Invoice, InvoiceType
from obole.billing.rules import reminder_plan
from obole.billing.states import InvoiceState
from obole.lib import dates
from obole.lib.open_days import Calendar
from obole.recovery import queries as recovery
from obole.reminders import rules
from obole.reminders.queries import calendar_of, with_sent

DAYS_AHEAD = 30
MOST_READ = 5_000
"""Invoices: a plan is judged by them, and a page must not wait for more."""


@dataclass(frozen=True)
class DrawnStep:
    """A reminder on its day; ``moved_from`` is the day of the plan where that one is closed, and ``why`` says how."""

    rank: int
    days: int
    kind: str
    day: date
    moved_from: date | None
    why: str

    @property
    def before(self) -> int:
        """How many days before the due date the plan says; none if it is later."""
        return max(0, -self.days)


@dataclass(frozen=True)
class DrawnPlan:
    """The life of an invoice that nobody pays. ``handed_over``: from that day on it may go to the comptable."""

    issued_on: date
    due_date: date
    steps: list[DrawnStep]
    handed_over: date


@dataclass(frozen=True)
class Upcoming:
    """A reminder that leaves if nothing changes; without an address it goes on paper."""

    invoice: Invoice
    rank: int
    day: date


def draw(kind: InvoiceType, issued_on: date) -> DrawnPlan:
    """Return what a type of invoice plans for an invoice issued on a day and never paid."""
    due_date = issued_on + timedelta(days=kind.payment_term)
    drawn: list[DrawnStep] = []
    sent, today = rules.Sent(), issued_on
    calendar = calendar_of(kind)
    while planned := _next(kind, due_date, sent, today, calendar):
        drawn.append(_drawn(kind, planned, due_date, calendar))
        sent, today = rules.Sent(planned.rank, planned.day), planned.day
    last_day = billing_rules.payable_until(due_date, delay=kind.regie.transfer_delay if kind.regie else 0)
    if sent.day is not None:
        last_day = max(last_day, billing_rules.payable_after_reminder(sent.day))
    return DrawnPlan(issued_on, due_date, drawn, last_day + timedelta(days=1))


def upcoming(kind: InvoiceType, today: date) -> Iterator[Upcoming]:
    """
    Yield what leaves in the next ``DAYS_AHEAD`` days for the invoices of a type that are due now, the first due first;
    ``MOST_READ`` of them are looked at.
    """
    until, calendar = today + timedelta(days=DAYS_AHEAD), calendar_of(kind)
    rows: QuerySet[Any] = Invoice.objects.filter(
        type_id=kind.pk, state=InvoiceState.DUE, due_cents__gte=kind.reminder_minimum_cents
    )
    rows = rows.exclude(recovery.is_disputed()).exclude(recovery.is_held(today)).select_related("payer")
    for invoice in with_sent(rows).order_by("due_date", "id")[:MOST_READ]:
        at = invoice.sent_at
        sent = rules.Sent(invoice.sent_rank, dates.day_of(at) if at else None)
        planned = _next(kind, invoice.due_date, sent, today, calendar) if invoice.due_date else None
        if planned and planned.day <= until:
            yield Upcoming(invoice, planned.rank, planned.day)


def _next(kind: InvoiceType, due_date: date, sent: rules.Sent, today: date, calendar: Calendar) -> rules.Planned | None:
    return rules.next_planned(kind.steps, due_date=due_date, calendar=calendar, sent=sent, today=today)


def _drawn(kind: InvoiceType, planned: rules.Planned, due_date: date, calendar: Calendar) -> DrawnStep:
    steps = kind.steps
    step = steps[planned.rank - 1]
    wanted = due_date + timedelta(days=step.days)
    why = calendar.why_closed(wanted)
    name = reminder_plan.kind_of(steps, planned.rank)
    return DrawnStep(planned.rank, step.days, name, planned.day, wanted if why else None, why)
