"""Every write about reminders. What is still due is asked at the moment of sending, so nobody has to cancel one."""

from datetime import date, datetime

from obole.audit_log import operations as audit_log
from obole.billing import operations as billing, rules as billing_rules
from obole.billing.emails import invoice_variables
from obole.billing.models import Invoice
from obole.lib import actors, dates
from obole.lib.transactions import atomic_with_retry
from obole.mailing import operations as mailing, queries as mail_queries, rules as mail_rules
from obole.payments import queries as payments
from obole.recovery import queries as recovery
from obole.reminders import rules
from obole.reminders.models import Reminder

LAST_WORDS = 3
"""There are three models of reminder; a fourth reminder uses the third."""


@atomic_with_retry
def remind(*, invoice_id: int, at: datetime) -> Reminder | None:
    """
    Decide the next reminder of an invoice, if one is due now; once for each step, however many workers ask.

    Nobody who has paid, is paying, paid what a person still looks at, cannot pay online since the bank is down, or has
    no e-mail is reminded.
    """
    invoice = Invoice.objects.locked().select_related("type", "regie").get(pk=invoice_id)
    step = _step_due(invoice, today=dates.day_of(at))
    if step is None or not invoice.payer.email or not is_still_due(invoice):
        return None
    if invoice.regie_id in payments.regies_not_payable(dates.day_of(at)):
        return None
    # What the reminder says of the transmission must still be true when it is read.
    billing.keep_payable(invoice=invoice, until=billing_rules.payable_after_reminder(dates.day_of(at)))
    kind = f"reminder_{min(step, LAST_WORDS)}"
    letter = mailing.Email(
        cause=f"reminder:{invoice.pk}:{step}",
        kind=kind,
        to=invoice.payer.email,
        rendered=_words(invoice, kind),
        about=invoice,
        at_most_once=True,
        task="reminders.deliver",
    )
    message = mailing.queue(letter, at=at)
    if message is None:
        return None
    reminder = Reminder.objects.create(invoice=invoice, step=step, message=message, decided_at=at)
    audit_log.log_event("reminder.send", subject=invoice, actor=actors.WORKER, at=at, step=step)
    return reminder


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


def _step_due(invoice: Invoice, *, today: date) -> int | None:
    sent = list(Reminder.objects.filter(invoice=invoice).order_by("step"))
    if invoice.due_date is None:
        return None
    return rules.next_step(
        delays=invoice.type.reminder_delays,
        sent=len(sent),
        days_late=(today - invoice.due_date).days,
        days_since_last=(today - dates.day_of(sent[-1].decided_at)).days if sent else None,
    )


def _words(invoice: Invoice, kind: str) -> mail_rules.RenderedMail:
    own = mail_queries.TemplateTexts(invoice.type.reminder_subject, invoice.type.reminder_body)
    return mailing.compose(kind, invoice_variables(invoice), own=own if own.body else None)
