"""How reminders are read."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import models
from django.db.models import Count, DateField, ExpressionWrapper, F, Func, IntegerField
from django.utils.translation import gettext_lazy as _

from obole.billing.models import Invoice
from obole.lib import dates
from obole.payments import queries as payments
from obole.recovery import queries as recovery
from obole.reminders import rules
from obole.reminders.models import Reminder


class ReminderObstacle(models.TextChoices):
    """Why an invoice that is due will not be reminded."""

    NO_ADDRESS = "no_address", _("le payeur n’a pas d’adresse électronique")
    DISPUTED = "disputed", _("le payeur la conteste")
    PAYING = "paying", _("un paiement est en cours")
    MONEY_WAITS = "money_waits", _("de l’argent arrivé pour elle attend une décision")
    BANK_DOWN = "bank_down", _("la banque ne répond pas, on ne peut pas payer")
    ALL_SENT = "all_sent", _("toutes sont parties")
    NONE = "none", _("ce type de facture n’en prévoit pas")


@dataclass(frozen=True)
class NextReminder:
    """The next reminder of an invoice: its day, or why there will be none."""

    day: date | None = None
    obstacle: ReminderObstacle | None = None


def next_reminder(invoice: Invoice, *, today: date) -> NextReminder:
    """Return when an invoice that is due will be reminded, if nothing changes; or what is in the way."""
    sent = list(Reminder.objects.filter(invoice=invoice).order_by("step").values_list("decided_at", flat=True))
    delays = sorted(invoice.type.reminder_delays)
    obstacle = _obstacle(invoice, today=today, left=len(delays) - len(sent), planned=bool(delays))
    if obstacle is not None or invoice.due_date is None:
        return NextReminder(obstacle=obstacle)
    day = invoice.due_date + timedelta(days=delays[len(sent)])
    soonest = dates.day_of(sent[-1]) + timedelta(days=rules.SMALLEST_GAP) if sent else today
    return NextReminder(day=max(day, soonest, today))


def _obstacle(invoice: Invoice, *, today: date, left: int, planned: bool) -> ReminderObstacle | None:
    if left <= 0:
        return ReminderObstacle.ALL_SENT if planned else ReminderObstacle.NONE
    if not invoice.payer.email:
        return ReminderObstacle.NO_ADDRESS
    if recovery.open_dispute_of(invoice) is not None:
        return ReminderObstacle.DISPUTED
    if payments.open_attempt_of(invoice) is not None:
        return ReminderObstacle.PAYING
    if Invoice.objects.filter(payments.money_waits(), pk=invoice.pk).exists():
        return ReminderObstacle.MONEY_WAITS
    return ReminderObstacle.BANK_DOWN if invoice.regie_id in payments.regies_not_payable(today) else None


NEXT_DELAY = Func(
    F("type__reminder_delays"),
    F("sent") + 1,
    template="(ARRAY(SELECT unnest(%(expressions)s]",
    arg_joiner=") ORDER BY 1))[",
    output_field=IntegerField(),
)
"""The delay of the first reminder that was not sent: ``sorted(delays)[sent + 1]``; null when all of them were."""


def candidates(today: date) -> Iterator[int]:
    """
    Return the ids of the late invoices whose next reminder's day has come; each is looked at again, locked, before it
    is sent.

    Those of a régie whose bank is down wait: they are still candidates the day after its recovery.
    """
    payable = Invoice.objects.late(today).exclude(regie__in=payments.regies_not_payable(today))
    payable = payable.exclude(recovery.is_disputed())
    late = payable.annotate(sent=Count("reminders"))
    reminded_on = ExpressionWrapper(F("due_date") + NEXT_DELAY, output_field=DateField())
    due = late.annotate(reminded_on=reminded_on).filter(reminded_on__lte=today).order_by("due_date", "id")
    return due.values_list("pk", flat=True).iterator(chunk_size=500)
