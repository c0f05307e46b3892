"""What a payer contests, or reports themselves: it waits, unreminded and here, until somebody answers."""

from datetime import datetime

from obole.audit_log import operations as audit_log
from obole.billing.access import require_biller
from obole.billing.models import Invoice
from obole.billing.states import InvoiceState
from obole.directory.rules import NotAllowed
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry
from obole.recovery import emails
from obole.recovery.models import Dispute

MOST_REPORTS = 3


class AlreadyDisputed(ValueError):
    """The invoice is contested already, or is not to be paid here: there is nothing to hold back."""


class TooManyReports(ValueError):
    """Its payer reported the same invoice often enough: they have to speak to somebody."""


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
    dispute = _open(invoice, reason, by_payer=False, actor=actor, at=at)
    audit_log.log_event("dispute.open", subject=invoice, actor=actor, at=at, reason=dispute.reason)
    return dispute


@atomic_with_retry
def report_error(*, invoice_id: int, said: str, actor: Actor, at: datetime) -> Dispute:
    """
    Write that the payer of an invoice reports an error: it is contested, as if an agent had noted it, until it is
    answered.

    :raises obole.directory.rules.NotAllowed: to anybody but its payer.
    :raises AnswerMissing: if nothing is said.
    :raises AlreadyDisputed: if it is contested already, or is not due.
    :raises TooManyReports: if they reported it ``MOST_REPORTS`` times already.
    """
    invoice = Invoice.objects.locked().get(pk=invoice_id)
    if actor.pk_of("citizen") != invoice.payer_id:
        raise NotAllowed(f"{actor.id} does not pay invoice {invoice_id}")
    reported = Dispute.objects.filter(invoice=invoice, by_payer=True)
    if reported.exclude(closed_at=None).count() >= MOST_REPORTS:
        raise TooManyReports
    dispute = _open(invoice, said, by_payer=True, actor=actor.nameless(), at=at)
    # What they write stays with the dispute, where it can be forgotten.
    audit_log.log_event("dispute.report", subject=invoice, actor=actor, at=at)
    return dispute


def _open(invoice: Invoice, said: str, *, by_payer: bool, actor: Actor, at: datetime) -> Dispute:
    reason = " ".join(said.split())[:300]
    if not reason:
        raise AnswerMissing
    if invoice.state != InvoiceState.DUE or Dispute.objects.filter(invoice=invoice, closed_at=None).exists():
        raise AlreadyDisputed
    return Dispute.objects.create(invoice=invoice, reason=reason, by_payer=by_payer, opened_at=at, opened_by=actor)


@atomic_with_retry
def close_dispute(*, dispute_id: int, answer: str, actor: Actor, at: datetime) -> Dispute:
    """
    Write what was answered to a payer: the invoice goes on as the others. Who reported an error themselves reads the
    answer in a mail and beside the invoice. One that was answered stays as it is.

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
    if dispute.by_payer:
        audit_log.log_event("dispute.answer", subject=dispute.invoice, actor=actor, at=at)
        emails.send_answer(dispute, at=at)
    else:
        audit_log.log_event("dispute.close", subject=dispute.invoice, actor=actor, at=at, answer=said)
    return dispute
