"""Every write about reminders. What is still due is asked at the moment of sending, so nobody has to cancel one."""

from datetime import date, datetime

from obole.billing.models import Invoice
from obole.billing.notices import variables_of
from obole.lib import days
from obole.lib.transactions import whole
from obole.mailing import operations as mailing
from obole.mailing import rules as mail_rules
from obole.payments import queries as payments
from obole.reminders import rules
from obole.reminders.models import Reminder
from obole.trail import operations as trail

LAST_WORDS = 3
"""There are three models of reminder; a fourth reminder uses the third."""


@whole
def remind(*, invoice_id: int, at: datetime) -> Reminder | None:
    """
    Decide the next reminder of an invoice, if one is due now; once for each step, however many workers ask.

    Nobody who has paid, is paying, cannot pay online since the bank is down, or has no e-mail is reminded.
    """
    invoice = Invoice.objects.locked().select_related("type", "payer", "regie").get(pk=invoice_id)
    step = _step_due(invoice, today=days.day_of(at))
    if step is None or not invoice.payer.email or not is_still_due(invoice):
        return None
    if invoice.regie_id in payments.regies_not_payable(days.day_of(at)):
        return None
    kind = f"reminder_{min(step, LAST_WORDS)}"
    letter = mailing.Letter(
        cause=f"reminder:{invoice.pk}:{step}", kind=kind, to=invoice.payer.email, rendered=_words(invoice, kind),
        about=invoice, at_most_once=True, task="reminders.deliver",
    )  # fmt: skip
    message = mailing.queue(letter, at=at)
    if message is None:
        return None
    reminder = Reminder.objects.create(invoice=invoice, step=step, message=message, decided_at=at)
    trail.note("reminder.send", subject=invoice, actor="worker", at=at, step=step)
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
        mailing.drop(message_id=message_id, reason="the invoice is not due any more", at=at)


def is_still_due(invoice: Invoice) -> bool:
    """Tell whether something is due and nobody is at the bank for it."""
    return invoice.remaining_cents > 0 and payments.open_attempt_of(invoice) is None


def _step_due(invoice: Invoice, *, today: date) -> int | None:
    sent = list(Reminder.objects.filter(invoice=invoice).order_by("step"))
    if invoice.due_date is None:
        return None
    return rules.next_step(
        delays=invoice.type.reminder_delays, sent=len(sent), days_late=(today - invoice.due_date).days,
        days_since_last=(today - days.day_of(sent[-1].decided_at)).days if sent else None,
    )  # fmt: skip


def _words(invoice: Invoice, kind: str) -> mail_rules.Rendered:
    own = invoice.type
    if own.reminder_subject and own.reminder_body:
        return mail_rules.render(own.reminder_subject, own.reminder_body, variables_of(invoice))
    return mailing.compose(kind, variables_of(invoice))
