"""Every write about reminders. What is still due is asked at the moment of sending, so nobody has to cancel one."""

from copy import copy
from dataclasses import replace
from datetime import date, datetime

from django.utils.translation import gettext as _

from obole.audit_log import operations as audit_log
from obole.billing import operations as billing, rules as billing_rules
from obole.billing.access import require_biller
from obole.billing.emails import invoice_variables
from obole.billing.models import Invoice, InvoicePdf
from obole.billing.rules import reminder_plan
from obole.lib import actors, dates, texts
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry
from obole.mailing import operations as mailing, queries as mail_queries, rules as mail_rules
from obole.payments import queries as payments
from obole.recovery import queries as recovery
from obole.reminders import queries, rules
from obole.reminders.models import Reminder
from obole.reminders.queries import ReminderRefusal


class ReminderRefused(Exception):
    """An agent may not have this invoice reminded now; the message is a French sentence for them."""

    def __init__(self, why: ReminderRefusal) -> None:
        super().__init__(str(why.label))
        self.why = why


@atomic_with_retry
def remind(*, invoice_id: int, at: datetime) -> Reminder | None:
    """
    Decide the next reminder of an invoice, if one is due now; once for each step, however many workers ask.

    Nobody who has paid, is paying, paid what a person still looks at, cannot pay online since the bank is down, or has
    no e-mail is reminded.
    """
    invoice = Invoice.objects.locked().select_related("type", "regie").get(pk=invoice_id)
    step = _rank_due(invoice, today=dates.day_of(at))
    if step is None or not invoice.payer.email or not is_still_due(invoice):
        return None
    if invoice.regie_id in payments.regies_not_payable(dates.day_of(at)):
        return None
    return _send(invoice, step, actor=actors.WORKER, at=at)


@atomic_with_retry
def remind_now(*, invoice_id: int, actor: Actor, at: datetime) -> Reminder:
    """
    Have the payer of a late invoice reminded because an agent asks for it, whatever day the scenario of its type gives.

    It is the next reminder of that scenario, with its words, and takes its place: the worker does not send the same
    words again, and the one after waits for its own day, at least ``rules.SMALLEST_GAP`` days after this one. Where the
    scenario is at its end, or the type has none, the words still follow each other up to the last ones. A day has one
    reminder of an invoice at most, whoever asks for it: the second of two clicks is refused, and the database agrees.

    :raises obole.directory.rules.NotAllowed: to who handles neither its prestation nor its régie.
    :raises ReminderRefused: saying why, if it may not be reminded now.
    """
    invoice = Invoice.objects.locked().select_related("type", "regie").get(pk=invoice_id)
    require_biller(invoice, actor=actor, at=at)
    why = queries.refusals([invoice.pk], today=dates.day_of(at)).get(invoice.pk)
    if why is not None:
        raise ReminderRefused(why)
    rank = rules.next_late_rank(invoice.type.steps, queries.sent_of(invoice))
    reminder = _send(invoice, rank, actor=actor, at=at)
    if reminder is None:
        raise ReminderRefused(ReminderRefusal.TODAY)
    return reminder


def next_words(invoice: Invoice, *, today: date) -> mail_rules.RenderedMail:
    """Return what the next reminder of an invoice would say today; nothing is written."""
    shown = copy(invoice)
    if shown.payable_until is not None:
        shown.payable_until = max(shown.payable_until, billing_rules.payable_after_reminder(today))
    return _words(shown, rules.next_late_rank(invoice.type.steps, queries.sent_of(invoice)))


@atomic_with_retry
def send_sample(words: mail_rules.RenderedMail, *, kind: str, to: str, at: datetime) -> bool:
    """Send the words of a reminder, with sample values, to who writes them; tell whether it leaves."""
    shown = replace(words, subject=_("[Essai] %(subject)s") % {"subject": words.subject})
    letter = mailing.Email(cause=f"sample:{texts.token()}", kind=kind, to=to, rendered=shown)
    return mailing.queue(letter, at=at) is not None


def deliver(*, message_id: int, at: datetime) -> None:
    """
    Hand a reminder over, unless the invoice was paid, cancelled or is being paid since it was decided.

    :raises OSError: if the mail server did not take it and it will be tried again.
    """
    reminder = Reminder.objects.select_related("invoice").get(message=message_id)
    if is_still_due(reminder.invoice):
        mailing.deliver(message_id=message_id, at=at)
    else:
        mailing.cancel(message_id=message_id, reason=mail_rules.NOT_DUE, at=at)


def is_still_due(invoice: Invoice) -> bool:
    """
    Tell whether something is due, nobody is at the bank for it, no money that was sent for it waits, and its payer does
    not contest it.
    """
    if not invoice.remaining_cents or payments.open_attempt_of(invoice) is not None:
        return False
    if recovery.open_dispute_of(invoice) is not None:
        return False
    return not Invoice.objects.filter(payments.money_waits(), pk=invoice.pk).exists()


def _send(invoice: Invoice, step: int, *, actor: Actor, at: datetime) -> Reminder | None:
    """Put a reminder in the outbox; nothing if this one is there. The caller holds the invoice."""
    # What the reminder says of the transmission must still be true when it is read.
    billing.keep_payable(invoice=invoice, until=billing_rules.payable_after_reminder(dates.day_of(at)))
    letter = mailing.Email(
        cause=f"reminder:{invoice.pk}:{step}",
        kind=reminder_plan.kind_of(invoice.type.steps, step),
        to=invoice.payer.email,
        rendered=_words(invoice, step),
        about=invoice,
        attachments=_documents(invoice),
        at_most_once=True,
        task="reminders.deliver",
    )
    message = mailing.queue(letter, at=at)
    if message is None:
        return None
    reminder = Reminder.objects.create(invoice=invoice, step=step, message=message, decided_at=at)
    audit_log.log_event("reminder.send", subject=invoice, actor=actor, at=at, step=step)
    return reminder


def _rank_due(invoice: Invoice, *, today: date) -> int | None:
    """Return the rank of the reminder that is due today, of those that the type of an invoice plans."""
    if not rules.sends(invoice.type, today, None) or queries.is_too_small(invoice):
        return None
    planned = queries.planned_next(invoice, today=today)
    return planned.rank if planned and planned.day <= today else None


def _words(invoice: Invoice, rank: int) -> mail_rules.RenderedMail:
    steps = invoice.type.steps
    step = steps[rank - 1] if rank <= len(steps) else None
    own = mail_queries.TemplateTexts(step.subject, step.body) if step and step.body else None
    said = {**invoice_variables(invoice), **queries.days_reminded(invoice)}
    return mailing.compose(reminder_plan.kind_of(steps, rank), said, own=own)


def _documents(invoice: Invoice) -> list[dict[str, str]]:
    """Return what is joined to a reminder: the invoice, where its type says so and its document is made."""
    document = InvoicePdf.objects.filter(invoice=invoice).first() if invoice.type.reminder_joins_invoice else None
    if document is None:
        return []
    return [{"name": f"{invoice.number}.pdf", "type": "application/pdf", "digest": document.digest}]
