"""How reminders are read."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import models
from django.db.models import (
    Case,
    CharField,
    Count,
    DateField,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    Value,
    When,
)
from django.utils.translation import gettext_lazy as _

from obole.billing.models import Invoice
from obole.billing.states import InvoiceState
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


class ReminderRefusal(models.TextChoices):
    """Why an agent may not have an invoice reminded now, as a sentence for them."""

    DRAFT = "draft", _("Elle n’est pas encore émise.")
    PAID = "paid", _("Elle est payée.")
    CANCELLED = "cancelled", _("Elle est annulée.")
    TRANSFERRED = "transferred", _("Elle est transmise au comptable public, qui la recouvre.")
    NOT_LATE = "not_late", _("Son échéance n’est pas passée.")
    DISPUTED = "disputed", _("Le payeur la conteste : répondez-lui d’abord.")
    PAYING = "paying", _("Un paiement est en cours.")
    MONEY_WAITS = "money_waits", _("De l’argent arrivé pour elle attend une décision.")
    HANDING_OVER = "handing_over", _("Elle est dans une transmission au comptable en préparation.")
    BANK_DOWN = "bank_down", _("La banque ne répond pas : le payeur ne pourrait pas payer.")
    TODAY = "today", _("Elle a déjà été relancée aujourd’hui.")
    NO_ADDRESS = "no_address", _("Le payeur est sans adresse électronique : la relance est à remettre sur papier.")


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


def refusals(invoice_ids: Collection[int], *, today: date) -> dict[int, ReminderRefusal]:
    """Return why invoices may not be reminded by hand, those that may be left out, with one query."""
    midnight = datetime.combine(today, time(), tzinfo=dates.PARIS)
    reminded = Reminder.objects.filter(invoice=OuterRef("pk"), decided_at__gte=midnight)
    ended = (
        When(Q(state=state), then=Value(refusal))
        for state, refusal in (
            (InvoiceState.DRAFT, ReminderRefusal.DRAFT),
            (InvoiceState.PAID, ReminderRefusal.PAID),
            (InvoiceState.CANCELLED, ReminderRefusal.CANCELLED),
            (InvoiceState.TRANSFERRED, ReminderRefusal.TRANSFERRED),
        )
    )
    why = Case(
        *ended,
        When(due_date__gte=today, then=Value(ReminderRefusal.NOT_LATE)),
        When(recovery.is_disputed(), then=Value(ReminderRefusal.DISPUTED)),
        When(is_in_progress=True, then=Value(ReminderRefusal.PAYING)),
        When(payments.money_waits(), then=Value(ReminderRefusal.MONEY_WAITS)),
        When(recovery.is_being_handed_over(), then=Value(ReminderRefusal.HANDING_OVER)),
        When(regie__in=payments.regies_not_payable(today), then=Value(ReminderRefusal.BANK_DOWN)),
        When(Exists(reminded), then=Value(ReminderRefusal.TODAY)),
        When(payer__email="", then=Value(ReminderRefusal.NO_ADDRESS)),
        default=Value(""),
        output_field=CharField(),
    )
    rows = Invoice.objects.filter(pk__in=invoice_ids).annotate(why=why).exclude(why="").order_by("pk")
    return {pk: ReminderRefusal(said) for pk, said in rows.values_list("pk", "why")}


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
