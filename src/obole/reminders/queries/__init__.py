"""How reminders are read."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.db import models
from django.db.models import Case, CharField, Exists, Max, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from obole.billing.models import Invoice, InvoiceType, Letter, LetterBatch
from obole.billing.states import InvoiceState
from obole.directory import queries as directory
from obole.directory.models import Agent
from obole.lib import dates
from obole.lib.open_days import EVERY_DAY, Calendar
from obole.mailing import queries as mailing
from obole.mailing.states import MessageState
from obole.payments import queries as payments
from obole.recovery import queries as recovery
from obole.recovery.models import Hold
from obole.reminders import rules
from obole.reminders.models import Reminder


class ReminderObstacle(models.TextChoices):
    """Why an invoice that is due will not be reminded."""

    NO_ADDRESS = "no_address", _("le payeur n’a ni adresse électronique ni adresse postale")
    RETURNED = "returned", _("les courriels au payeur reviennent, et il n’a pas d’adresse postale")
    DISPUTED = "disputed", _("le payeur la conteste")
    PAYING = "paying", _("un paiement est en cours")
    MONEY_WAITS = "money_waits", _("de l’argent arrivé pour elle attend une décision")
    BANK_DOWN = "bank_down", _("la banque ne répond pas, on ne peut pas payer")
    SMALL = "small", _("il reste moins que ce que ce type relance")
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
    AGREED = "agreed", _("Un échéancier est en cours : arrêtez-le d’abord.")
    HELD = "held", _("Ses relances sont suspendues : reprenez-les d’abord.")
    PAYING = "paying", _("Un paiement est en cours.")
    MONEY_WAITS = "money_waits", _("De l’argent arrivé pour elle attend une décision.")
    HANDING_OVER = "handing_over", _("Elle est dans une transmission au comptable en préparation.")
    BANK_DOWN = "bank_down", _("La banque ne répond pas : le payeur ne pourrait pas payer.")
    TODAY = "today", _("Elle a déjà été relancée aujourd’hui.")
    NO_ADDRESS = "no_address", _("Le payeur n’a ni adresse électronique ni adresse postale.")
    RETURNED = "returned", _("Les courriels au payeur reviennent, et il n’a pas d’adresse postale.")


@dataclass(frozen=True)
class NextReminder:
    """The next reminder of an invoice: its day, or why there will be none; ``hold`` is what puts that day off."""

    day: date | None = None
    obstacle: ReminderObstacle | None = None
    hold: Hold | None = None


def next_reminder(invoice: Invoice, *, today: date) -> NextReminder:
    """Return when an invoice that is due will be reminded, if nothing changes; or what is in the way."""
    hold = recovery.hold_of(invoice, today)
    planned = planned_next(invoice, today=hold.until + timedelta(days=1) if hold else today)
    obstacle = _obstacle(invoice, today=today, is_left=planned is not None)
    if obstacle or planned is None:
        return NextReminder(obstacle=obstacle, hold=hold)
    return NextReminder(day=planned.day, hold=hold)


def calendar_of(kind: InvoiceType) -> Calendar:
    """Return the days on which a type reminds nobody."""
    asks = kind.reminder_open_days_only or kind.reminder_outside_school_holidays
    return rules.calendar_of(kind, directory.the_authority()) if asks else EVERY_DAY


def planned_next(
    invoice: Invoice, *, today: date, sent: rules.Sent | None = None, calendar: Calendar | None = None
) -> rules.Planned | None:
    """
    Return the reminder that comes next of those that the type of an invoice plans, whatever is in the way.

    :param sent: what was sent so far, and ``calendar`` the days on which its type reminds nobody: for whoever looked
        them up already.
    """
    if invoice.due_date is None:
        return None
    return rules.next_planned(
        invoice.type.steps,
        due_date=invoice.due_date,
        calendar=calendar or calendar_of(invoice.type),
        sent=sent or sent_of(invoice),
        today=today,
    )


def sent_of(invoice: Invoice) -> rules.Sent:
    """Return what was sent so far of the plan of an invoice."""
    return sent_of_each([invoice.pk])[invoice.pk]


def sent_of_each(invoice_ids: Collection[int]) -> dict[int, rules.Sent]:
    """Return what was sent so far of the plans of invoices, with one query."""
    sent = dict.fromkeys(invoice_ids, rules.Sent())
    rows = Reminder.objects.filter(invoice__in=invoice_ids).order_by("invoice", "step")
    for pk, step, at, dropped_at in rows.values_list("invoice", "step", "decided_at", "dropped_at"):
        known, day = sent[pk], dates.day_of(at)
        if dropped_at is not None:
            sent[pk] = replace(known, dropped=known.dropped + 1)
        else:
            sent[pk] = replace(known, rank=step, day=day, first=known.first or day)
    return sent


def still_due(invoice_ids: Collection[int], *, today: date) -> set[int]:
    """
    Return those of some invoices of which something is due, for which nobody is at the bank and no money that was sent
    waits, that their payer does not contest, and whose reminders nobody suspended; one query.
    """
    due = Invoice.objects.filter(pk__in=invoice_ids, state=InvoiceState.DUE, due_cents__gt=0, is_in_progress=False)
    due = due.exclude(recovery.is_disputed()).exclude(recovery.is_held(today)).exclude(payments.money_waits())
    return set(due.order_by("pk").values_list("pk", flat=True))


def refusals(invoice_ids: Collection[int], *, today: date) -> dict[int, ReminderRefusal]:
    """Return why invoices may not be reminded by hand, those that may be left out, with one query."""
    reminded = Reminder.objects.filter(invoice=OuterRef("pk"), decided_at__gte=dates.midnight(today), dropped_at=None)
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
        When(recovery.is_agreed(), then=Value(ReminderRefusal.AGREED)),
        When(recovery.is_held(today), then=Value(ReminderRefusal.HELD)),
        When(is_in_progress=True, then=Value(ReminderRefusal.PAYING)),
        When(payments.money_waits(), then=Value(ReminderRefusal.MONEY_WAITS)),
        When(recovery.is_being_handed_over(), then=Value(ReminderRefusal.HANDING_OVER)),
        When(regie__in=payments.regies_not_payable(today), then=Value(ReminderRefusal.BANK_DOWN)),
        When(Exists(reminded), then=Value(ReminderRefusal.TODAY)),
        When(payer__email="", payer__address="", then=Value(ReminderRefusal.NO_ADDRESS)),
        When(mailing.is_marked("payer__email"), payer__address="", then=Value(ReminderRefusal.RETURNED)),
        default=Value(""),
        output_field=CharField(),
    )
    rows = Invoice.objects.filter(pk__in=invoice_ids).annotate(why=why).exclude(why="").order_by("pk")
    return {pk: ReminderRefusal(said) for pk, said in rows.values_list("pk", "why")}


def to_go_together(invoice_ids: Collection[int]) -> list[int]:
    """
    Return the ids of what else is due of the payers of some invoices whose types put their reminders in one mail, with
    one query.
    """
    asked = Invoice.objects.filter(pk__in=invoice_ids, type__reminder_together=True)
    due = Invoice.objects.filter(state=InvoiceState.DUE, type__reminder_together=True)
    return list(due.filter(payer__in=asked.order_by().values("payer")).order_by("pk").values_list("pk", flat=True))


def mails_of(invoices: Collection[Invoice]) -> dict[int, str]:
    """
    Return where a mail reaches the payer of each invoice, with one query: nowhere for who has no address for mails, or
    one that mails come back from.
    """
    usable = mailing.usable([invoice.payer.email for invoice in invoices])
    return {one.pk: one.payer.email if one.payer.email in usable else "" for one in invoices}


def returned() -> QuerySet[Reminder]:
    """
    Return the reminders that nobody read, since mails to their address come back, of invoices that are still due; not
    those that somebody sent again.
    """
    lost = Reminder.objects.filter(
        mailing.is_marked("message__to"),
        dropped_at=None,
        message__state__in=(MessageState.BOUNCED, MessageState.FAILED),
        invoice__state=InvoiceState.DUE,
    )
    return lost.exclude(mailing.was_sent_again("message_id"))


def letters_waiting(agent: Agent) -> QuerySet[Letter]:
    """Return the letters that wait to be printed, of the invoices that an agent handles."""
    handled = Invoice.objects.handled_by(agent)
    return Letter.objects.filter(batch=None, dropped_at=None, invoice__in=handled)


def letters_of(invoice: Invoice) -> QuerySet[Letter]:
    """Return the letters about an invoice that were printed, the first first."""
    return Letter.objects.filter(invoice=invoice, batch__isnull=False).order_by("id")


def notice_on_paper(invoice: Invoice) -> Letter | None:
    """Return the letter that an invoice goes in, waiting or printed."""
    return Letter.objects.filter(invoice=invoice, kind=Letter.Kind.NOTICE, dropped_at=None).first()


def worded_letters(batch_id: int) -> QuerySet[Letter]:
    """Return the letters of a batch whose words are kept, in the order in which they are printed."""
    rows = Letter.objects.filter(batch=batch_id).exclude(text="").order_by("id")
    return rows.select_related("invoice__payer", "invoice__credit_note")


def batches_of(agent: Agent) -> QuerySet[LetterBatch]:
    """Return the batches all of whose letters are of invoices that an agent handles, newest first."""
    others = Letter.objects.filter(batch=OuterRef("pk")).exclude(invoice__in=Invoice.objects.handled_by(agent))
    return LetterBatch.objects.exclude(Exists(others)).select_related("regie").order_by("-made_at", "-id")


def _obstacle(invoice: Invoice, *, today: date, is_left: bool) -> ReminderObstacle | None:
    if not is_left:
        return ReminderObstacle.ALL_SENT if invoice.type.reminder_steps else ReminderObstacle.NONE
    if is_too_small(invoice):
        return ReminderObstacle.SMALL
    if not invoice.payer.address and not mailing.is_usable(invoice.payer.email):
        return ReminderObstacle.RETURNED if invoice.payer.email else ReminderObstacle.NO_ADDRESS
    if recovery.open_dispute_of(invoice) is not None:
        return ReminderObstacle.DISPUTED
    if invoice.is_in_progress:
        return ReminderObstacle.PAYING
    if Invoice.objects.filter(payments.money_waits(), pk=invoice.pk).exists():
        return ReminderObstacle.MONEY_WAITS
    return ReminderObstacle.BANK_DOWN if invoice.regie_id in payments.regies_not_payable(today) else None


def is_too_small(invoice: Invoice) -> bool:
    """Tell whether less is due than what the type of an invoice reminds of."""
    return invoice.remaining_cents < invoice.type.reminder_minimum_cents


def candidates(today: date, *, hour: int | None = None) -> Iterator[int]:
    """
    Return the ids of the invoices whose next reminder's day has come; each is looked at again, locked, before it is
    sent.

    Those of a régie whose bank is down wait: they are still candidates the day after its recovery.

    :param hour: what clocks show in Paris, to leave out the types that send at other hours; None: all of them.
    """
    payable: QuerySet[Any] = Invoice.objects.filter(state=InvoiceState.DUE).exclude(
        regie__in=payments.regies_not_payable(today)
    )
    payable = payable.exclude(recovery.is_disputed()).exclude(recovery.is_held(today))
    payable = with_sent(payable)
    rested = dates.midnight(today - timedelta(days=rules.SMALLEST_GAP - 1))
    payable = payable.filter(Q(sent_at=None) | Q(sent_at__lt=rested))
    for kind in InvoiceType.objects.exclude(reminder_steps=[]).order_by("id"):
        if rules.sends(kind, today, hour, calendar=calendar_of(kind)):
            due = payable.filter(_has_a_step_due(kind, today), type=kind, due_cents__gte=kind.reminder_minimum_cents)
            yield from due.order_by("due_date", "id").values_list("pk", flat=True).iterator(chunk_size=500)


def with_sent(invoices: QuerySet[Any]) -> QuerySet[Any]:
    """Add ``sent_rank`` and ``sent_at``: the rank of the last reminder of each invoice that was sent, and when."""
    rank, at = (Max(f"reminders__{name}", filter=Q(reminders__dropped_at=None)) for name in ("step", "decided_at"))
    rows: QuerySet[Any] = invoices.annotate(sent_rank=Coalesce(rank, 0), sent_at=at)
    return rows


def _has_a_step_due(kind: InvoiceType, today: date) -> Q:
    """Tell, of the invoices of a type, which have a step to come whose day is today or before."""
    due = Q(pk__in=[])
    for rank, step in enumerate(kind.steps, start=1):
        reached = Q(sent_rank__lt=rank, due_date__lte=today - timedelta(days=step.days))
        due |= reached & Q(due_date__gte=today) if step.days <= 0 else reached
    return due
