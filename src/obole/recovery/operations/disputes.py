"""What a payer contests: it waits, unreminded and here, until somebody answers."""

from datetime import datetime

from obole.audit_log import operations as audit_log
from obole.billing.access import require_biller
from obole.billing.models import Invoice
from obole.billing.states import InvoiceState
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry
from obole.recovery.models import Dispute


class AlreadyDisputed(ValueError):
    """The invoice is contested already, or is not to be paid here: there is nothing to hold back."""


class AnswerMissing(ValueError):
    """What the payer says, or what was answered, is a sentence."""


@atomic_with_retry
def open_dispute(*, invoice_id: int, reason: str, actor: Actor, at: datetime) -> Dispute:
    """
    Write that a payer contests an invoice that is due: reminders stop, and it is not handed over meanwhile.

    :raises obole.directory.rules.NotAllowed: if it is neither of their prestations nor of their régies.
    :raises AnswerMissing: if nothing is said.
    :raises AlreadyDisputed: if it is contested already, or is not due.
    """
    invoice = Invoice.objects.locked().get(pk=invoice_id)
    require_biller(invoice, actor=actor, at=at)
    said = " ".join(reason.split())[:300]
    if not said:
        raise AnswerMissing
    if invoice.state != InvoiceState.DUE or Dispute.objects.filter(invoice=invoice, closed_at=None).exists():
        raise AlreadyDisputed
    dispute = Dispute.objects.create(invoice=invoice, reason=said, opened_at=at, opened_by=actor)
    audit_log.log_event("dispute.open", subject=invoice, actor=actor, at=at, reason=said)
    return dispute


@atomic_with_retry
def close_dispute(*, dispute_id: int, answer: str, actor: Actor, at: datetime) -> Dispute:
    """
    Write what was answered to a payer: the invoice goes on as the others. One that was answered stays as it is.

    :raises obole.directory.rules.NotAllowed: if it is neither of their prestations nor of their régies.
    :raises AnswerMissing: if nothing is said.
    """
    dispute = Dispute.objects.select_for_update(of=("self",)).select_related("invoice").get(pk=dispute_id)
    require_biller(dispute.invoice, actor=actor, at=at)
    said = " ".join(answer.split())[:300]
    if not said:
        raise AnswerMissing
    if dispute.closed_at is not None:
        return dispute
    dispute.closed_at, dispute.closed_by, dispute.answer = at, actor, said
    dispute.save(update_fields=["closed_at", "closed_by", "answer"])
    audit_log.log_event("dispute.close", subject=dispute.invoice, actor=actor, at=at, answer=said)
    return dispute
