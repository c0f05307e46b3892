"""What is done with money of recettes à classer: applied to an invoice, or to the invoice that is done again for it."""

from datetime import datetime
from enum import StrEnum

from obole.audit_log import operations as audit_log
from obole.billing import operations as billing
from obole.billing.models import Invoice
from obole.billing.states import InvoiceState
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry
from obole.payments import queries
from obole.payments.models import Allocation, Anomaly, Receipt
from obole.payments.operations import booking
from obole.payments.operations.anomalies import close_settled_anomalies
from obole.payments.operations.counter import cash_allowance
from obole.regies import ledger
from obole.regies.access import require_mandate
from obole.regies.accounts import Account


class SuspenseObstacle(StrEnum):
    """Why money of recettes à classer may not be applied to an invoice."""

    OTHER_REGIE = "other_regie"
    OTHER_PAYER = "other_payer"
    NOT_DUE = "not_due"
    TOO_MUCH = "too_much"
    NOTHING_WAITS = "nothing_waits"
    NOT_CANCELLED = "not_cancelled"
    OTHER_INVOICE = "other_invoice"
    CASH_LIMIT = "cash_limit"


class NotApplicable(Exception):
    """The money stays in recettes à classer; ``cents`` says how much could be applied, where that is the question."""

    def __init__(self, why: SuspenseObstacle, *, cents: int = 0) -> None:
        super().__init__(why)
        self.why = why
        self.cents = cents


@atomic_with_retry
def apply_receipt(  # noqa: PLR0913 - a decision says all of this
    *,
    receipt_id: int,
    invoice_id: int,
    cents: int | None = None,
    reason: str,
    actor: Actor,
    at: datetime,
    outcome: Anomaly.Outcome = Anomaly.Outcome.APPLIED,
    request_key: str | None = None,
) -> int:
    """
    Count money of recettes à classer for another invoice of the same payer, in the same régie; return the cents.

    The same ``request_key`` again counts nothing, and returns what it counted.

    Money whose payer is unknown may go to any invoice of its régie: the agent who found out says why.

    :param cents: as much as both allow when None.
    :raises NotApplicable: if the law or the amounts forbid it.
    """
    receipt = booking.lock_receipt(receipt_id)
    require_mandate(regie_id=receipt.regie_id, actor=actor, at=at)
    twins = Allocation.objects.filter(request_key=request_key, receipt=receipt, invoice=invoice_id)
    twin = twins.first() if request_key else None
    if twin is not None:
        return twin.cents
    invoice = Invoice.objects.locked().get(pk=invoice_id)
    free = queries.free_cents(receipt)
    most = _most(receipt, invoice, free=free)
    counts = most if cents is None else cents
    _guard(receipt, invoice, counts=counts, free=free, most=most)
    part = booking.AllocatedAmount(invoice=invoice, cents=counts)
    entry = ledger.post(
        regie_id=receipt.regie_id,
        cause=ledger.Cause(kind="application", key=f"{receipt.pk}:{invoice.pk}:{_rank(receipt)}"),
        postings=[ledger.Posting(account=Account.SUSPENSE, debit=counts), *booking.allocation_postings(part)],
        label=f"{receipt.number} {invoice.number}",
        at=at,
    )
    booking.keep_allocations(receipt, entry, parts=[part], actor=actor, at=at, reason=reason, request_key=request_key)
    billing.settle_invoice(invoice=invoice, cents=counts, actor=actor, at=at)
    audit_log.log_event(
        "receipt.apply",
        subject=invoice,
        actor=actor,
        at=at,
        number=receipt.number,
        cents=counts,
        reason=reason[:200],
        entry=entry.number,
    )
    close_settled_anomalies(receipt, outcome, note=f"{invoice.number} – {reason}", actor=actor, at=at)
    return counts


@atomic_with_retry
def rebill_receipt(*, receipt_id: int, invoice_id: int, reason: str, actor: Actor, at: datetime) -> Invoice:
    """
    Do a cancelled invoice again because it was paid all the same, issue it, and count the money for it.

    An avoir is never undone: the debt comes back as an invoice with a number of its own.

    :raises NotApplicable: if the money was not sent for that invoice, or the invoice is not cancelled.
    """
    receipt = booking.lock_receipt(receipt_id)
    require_mandate(regie_id=receipt.regie_id, actor=actor, at=at)
    invoice = billing.lock_with_acompte(invoice_id)
    if invoice.pk not in queries.invoices_paid_by(receipt):
        raise NotApplicable(SuspenseObstacle.OTHER_INVOICE)
    if invoice.state != InvoiceState.CANCELLED:
        raise NotApplicable(SuspenseObstacle.NOT_CANCELLED)
    if not queries.free_cents(receipt):
        raise NotApplicable(SuspenseObstacle.NOTHING_WAITS)
    draft = billing.redo_invoice(invoice_id=invoice.pk, actor=actor, at=at)
    if draft.state == InvoiceState.DRAFT:
        draft = billing.issue_invoice(invoice_id=draft.pk, actor=actor, at=at)
    apply_receipt(
        receipt_id=receipt.pk, invoice_id=draft.pk, reason=reason, actor=actor, at=at, outcome=Anomaly.Outcome.REBILLED
    )
    return draft


def _most(receipt: Receipt, invoice: Invoice, *, free: int) -> int:
    """Return what may be counted at most: cash that came without its invoice is still cash once it has one."""
    most = min(free, invoice.remaining_cents)
    return min(most, cash_allowance(invoice)) if receipt.means == Receipt.Means.CASH else most


def _guard(receipt: Receipt, invoice: Invoice, *, counts: int, free: int, most: int) -> None:
    if invoice.regie_id != receipt.regie_id:
        raise NotApplicable(SuspenseObstacle.OTHER_REGIE)
    payer = queries.payer_id_of(receipt)
    if payer is not None and payer != invoice.payer_id:
        raise NotApplicable(SuspenseObstacle.OTHER_PAYER)
    if invoice.state != InvoiceState.DUE:
        raise NotApplicable(SuspenseObstacle.NOT_DUE)
    if not free:
        raise NotApplicable(SuspenseObstacle.NOTHING_WAITS)
    if most < min(counts or 1, free, invoice.remaining_cents):
        raise NotApplicable(SuspenseObstacle.CASH_LIMIT, cents=most)
    if not 0 < counts <= most:
        raise NotApplicable(SuspenseObstacle.TOO_MUCH, cents=most)


def _rank(receipt: Receipt) -> int:
    return receipt.allocations.count() + 1
