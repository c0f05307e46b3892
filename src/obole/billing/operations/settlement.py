"""How an invoice ends: paid, due again, cancelled by an avoir."""

from datetime import date, datetime

from django.utils.translation import gettext as _

from obole.audit_log import operations as audit_log
from obole.billing import emails, rules, states
from obole.billing.access import require_biller
from obole.billing.models import CreditNote, Invoice
from obole.billing.operations import instalments
from obole.billing.operations.booking import post
from obole.billing.operations.errors import NotBillable, ReasonMissing
from obole.billing.states import InvoiceState
from obole.lib import dates
from obole.lib.actors import Actor
from obole.lib.queue import defer
from obole.lib.transactions import atomic_with_retry
from obole.regies import numbering
from obole.regies.accounts import Account
from obole.regies.models import Series


def settle_invoice(*, invoice: Invoice, cents: int, actor: Actor, at: datetime) -> None:
    """
    Count money that was received for an invoice; the last cent makes it paid. The caller holds its lock and books the
    money.

    :raises obole.lib.states.ForbiddenTransition: if it is not due.
    :raises ValueError: if the money is more than what is due, or not positive.
    """
    if not 0 < cents <= invoice.total_cents - invoice.received_cents:
        raise ValueError(
            f"{cents} cents for {invoice}, which still needs {invoice.total_cents - invoice.received_cents}"
        )
    invoice.received_cents += cents
    if invoice.received_cents < invoice.total_cents:
        invoice.save(update_fields=["received_cents"])
        audit_log.log_event("invoice.part_paid", subject=invoice, actor=actor, at=at, cents=cents)
        return
    step = states.SETTLE.apply(invoice)
    invoice.paid_at = at
    invoice.save(update_fields=["state", "received_cents", "paid_at"])
    audit_log.log_transition(step, subject=invoice, actor=actor, at=at, cents=cents)


def unsettle_invoice(
    *, invoice: Invoice, cents: int, due_date: date | None = None, actor: Actor, at: datetime, reason: str
) -> None:
    """
    Count back money that was taken from an invoice; a paid one is due again. The caller holds its lock and books the
    reversal.

    :param due_date: a later last day to pay, when the payer needs one.
    :raises ValueError: if the invoice never received as much.
    """
    if not 0 < cents <= invoice.received_cents:
        raise ValueError(f"{cents} cents back from {invoice}, which received {invoice.received_cents}")
    invoice.received_cents -= cents
    if invoice.state == InvoiceState.PAID:
        step = states.UNSETTLE.apply(invoice)
        invoice.paid_at = None
        audit_log.log_transition(step, subject=invoice, actor=actor, at=at, cents=cents, reason=reason)
    else:
        audit_log.log_event("invoice.taken_back", subject=invoice, actor=actor, at=at, cents=cents, reason=reason)
    if due_date is not None and invoice.due_date is not None:
        invoice.due_date = max(invoice.due_date, due_date)
        until = rules.payable_until(invoice.due_date, delay=invoice.regie.transfer_delay)
        invoice.payable_until = max(invoice.payable_until or until, until)
    invoice.save(update_fields=["state", "received_cents", "paid_at", "due_date", "payable_until"])


@atomic_with_retry
def cancel_invoice(
    *, invoice_id: int, code: str, comment: str, tells: bool = True, actor: Actor, at: datetime
) -> CreditNote:
    """
    Cancel what is still due with an avoir; the payer reads why. Money that comes all the same goes to recettes à
    classer.

    :param code: one of ``CreditNote.Reason``.
    :param tells: whether its payer is told; not where one mail tells of the invoice that stands for it too.
    :raises obole.lib.states.ForbiddenTransition: if it is not due.
    :raises ReasonMissing: if the reason is « autre » and nothing is said.
    :raises NotBillable: if part of it was received: that money must be freed first; or if a solde takes it away.
    """
    invoice = Invoice.objects.locked().select_related("regie").get(pk=invoice_id)
    require_biller(invoice, actor=actor, at=at)
    said = " ".join(comment.split())[:250]
    if CreditNote.Reason(code) == CreditNote.Reason.OTHER and not said:
        raise ReasonMissing(_("Écrivez le motif : sans lui, l’usager ne comprendrait pas."))
    step = states.CANCEL.apply(invoice)
    if invoice.received_cents:
        raise NotBillable(_("Une partie de cette facture est déjà payée : elle ne peut plus être annulée ainsi."))
    instalments.require_no_balance(invoice)
    year = dates.day_of(at).year
    sequence = numbering.take_number(regie=invoice.regie, kind=Series.Kind.CREDIT_NOTE, year=year)
    note = CreditNote.objects.create(
        invoice=invoice,
        regie=invoice.regie,
        year=year,
        sequence=sequence,
        cents=invoice.total_cents,
        reason=code,
        comment=said,
        number=numbering.format_number(regie=invoice.regie, kind=Series.Kind.CREDIT_NOTE, year=year, sequence=sequence),
        issued_at=at,
        issued_by=actor,
    )
    invoice.reason = note.why
    invoice.save(update_fields=["state", "reason"])
    post(invoice, "cancellation", debit=Account.CLAIMS, credit=Account.RECEIVABLE, cents=invoice.total_cents, at=at)
    audit_log.log_transition(step, subject=invoice, actor=actor, at=at, reason=invoice.reason, credit_note=note.number)
    if tells:
        emails.send_credit_note_notice(note, at=at)
    defer("billing.render_credit_note", credit_note_id=note.pk)
    return note
