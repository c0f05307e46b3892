"""What nobody asked for: looking, every hour, for what has waited too long or did not leave."""

from datetime import datetime, timedelta

from obole.billing.models import Invoice
from obole.lib import actors, money
from obole.lib.queue import defer_once
from obole.lib.transactions import atomic_with_retry
from obole.mailing import queries as mailing
from obole.mailing.models import Message
from obole.payments import queries
from obole.payments.models import Allocation, Anomaly, Refund
from obole.payments.operations.anomalies import AnomalySubject, open_anomaly
from obole.payments.refund_states import RefundState

REFUND_WAITS = timedelta(days=15)
"""A payer is told of a refund, and counts the days."""
CHUNK = 200


def open_overdue_tasks(*, at: datetime) -> int:
    """
    Open a task for each refund that waits too long and each mail that was not delivered; return how many were new.

    Receipts whose document could not be made are asked for again: a full disk loses nobody their proof.
    """
    _receipts(at)
    return _refunds(at) + _mails(at)


def _receipts(at: datetime) -> None:
    for pk in queries.unsent_receipts(at).values_list("pk", flat=True)[:CHUNK]:
        defer_once("payments.send_receipt", key=f"receipt:{pk}", receipt_id=pk)


@atomic_with_retry
def _refunds(at: datetime) -> int:
    waiting = Refund.objects.filter(
        state__in=(RefundState.REQUESTED, RefundState.APPROVED), requested_at__lt=at - REFUND_WAITS, anomalies=None
    )
    found = list(waiting.select_related("receipt__invoice", "regie").order_by("id")[:CHUNK])
    for refund in found:
        open_anomaly(
            Anomaly.Kind.REFUND_WAITS,
            AnomalySubject(refund=refund, invoice=_invoice_of(refund)),
            details=money.euros(refund.cents),
            actor=actors.WORKER,
            at=at,
        )
    return len(found)


def _invoice_of(refund: Refund) -> Invoice | None:
    """Return whose money is given back: of several that one payment paid, the one that was freed of as much."""
    freed = Allocation.objects.filter(receipt=refund.receipt_id, cents=-refund.cents).select_related("invoice")
    allocation = freed.order_by("id").first()
    return allocation.invoice if allocation else refund.receipt.invoice


@atomic_with_retry
def _mails(at: datetime) -> int:
    found = list(mailing.undelivered().filter(anomalies=None).order_by("id")[:CHUNK])
    invoices = Invoice.objects.select_related("regie").in_bulk(
        [item.about_id for item in found if item.about_kind == "billing.invoice" and item.about_id]
    )
    for message in found:
        invoice = invoices.get(message.about_id or 0) if message.about_kind == "billing.invoice" else None
        open_anomaly(
            Anomaly.Kind.UNDELIVERED,
            AnomalySubject(message=message, invoice=invoice),
            details=_said(message),
            actor=actors.WORKER,
            at=at,
        )
    return len(found)


def _said(message: Message) -> str:
    return f"{message.to} – {message.subject}"
