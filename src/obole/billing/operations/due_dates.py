"""« Reporter l’échéance »: another last day to pay, for an invoice that is due. Its document never changes."""

from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from obole.audit_log import operations as audit_log
from obole.billing import emails, rules
from obole.billing.access import require_biller
from obole.billing.models import Invoice
from obole.billing.operations.errors import BadDays, NotBillable, ReasonMissing
from obole.billing.states import InvoiceState
from obole.lib import dates
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry

LONGEST = timedelta(days=365)
"""As a payment term: beyond that, a year was mistyped."""


@atomic_with_retry
def change_due_date(*, invoice_id: int, due_date: date, reason: str, actor: Actor, at: datetime) -> Invoice:
    """
    Give the payer of an invoice another last day to pay; the same day again changes nothing.

    The document that was issued keeps the day that it says: the pages and the mails say the new one, and the payer is
    written to, since a mail is all that they can show if somebody reads the old day to them. From the new day on, the
    reminders that are left and the régie's delay run anew; what a transmission that is being prepared holds of it is
    then too soon to leave. A payment that is going on goes on.

    :raises obole.directory.rules.NotAllowed: to who handles neither its prestation nor its régie.
    :raises ReasonMissing: if nothing is said.
    :raises NotBillable: if it is not due: a draft, paid, cancelled, or handed over to the comptable.
    :raises BadDays: if the day is past, too far, or before the one that the document gives to the payer.
    """
    invoice = Invoice.objects.locked().select_related("regie").get(pk=invoice_id)
    require_biller(invoice, actor=actor, at=at)
    said, today, before = check_reason(reason), dates.day_of(at), invoice.due_date
    if invoice.state != InvoiceState.DUE or before is None:
        state = InvoiceState(invoice.state).label
        raise NotBillable(_("Son statut est « %(state)s » : son échéance ne change plus.") % {"state": state})
    check_due_date(due_date, today=today)
    if invoice.printed_due_date is not None and due_date < invoice.printed_due_date:
        printed = dates.format_short(invoice.printed_due_date)
        raise BadDays(_("La facture laisse jusqu’au %(day)s : son payeur compte dessus.") % {"day": printed})
    if due_date == before:
        return invoice
    # A later day takes back nothing that was promised; an earlier one, what no reminder that has left can have said.
    kept = invoice.payable_until if due_date > before else rules.payable_after_reminder(today)
    until = rules.payable_until(due_date, delay=invoice.regie.transfer_delay)
    invoice.due_date, invoice.payable_until = due_date, max(until, kept or until)
    invoice.save(update_fields=["due_date", "payable_until"])
    days = {"before": before.isoformat(), "after": due_date.isoformat()}
    audit_log.log_event("invoice.due_date", subject=invoice, actor=actor, at=at, **days, reason=said)
    emails.send_due_date_notice(invoice, at=at)
    return invoice


def check_reason(reason: str) -> str:
    """
    Return why a due date changes, on one line.

    :raises ReasonMissing: if nothing is said.
    """
    said = " ".join(reason.split())[:200]
    if not said:
        raise ReasonMissing(_("Écrivez le motif : vos collègues le liront dans l’histoire de la facture."))
    return said


def check_due_date(due_date: date, *, today: date) -> None:
    """
    Refuse a day that no invoice may be due on from now on.

    :raises BadDays: if it is past, or more than a year away.
    """
    if due_date < today:
        raise BadDays(_("Ce jour est passé : choisissez aujourd’hui ou un jour à venir."))
    if due_date > today + LONGEST:
        raise BadDays(_("Ce jour est dans plus d’un an : choisissez-en un plus proche."))
