"""What nobody asked for: counting rings for unknown payments; looking, every hour, for what has waited too long or did not leave."""

from datetime import datetime, timedelta

from django.db.models import F

from obole.billing.models import Invoice
from obole.lib import money
from obole.lib.transactions import whole
from obole.mailing import queries as mailing
from obole.mailing.models import Message
from obole.payments.models import Anomaly, Refund, UnknownRings
from obole.payments.operations.anomalies import About, open_anomaly
from obole.payments.refund_states import RefundState

REFUND_WAITS = timedelta(days=15)
"""A payer is told of a refund, and counts the days."""
CHUNK = 200
RINGS_KEPT = timedelta(days=31)


def count_unknown_rings(*, rings: int, insistent: int, at: datetime) -> None:
    """
    Add to what came in this hour for payments that nobody knows.

    :param insistent: how many of them came from addresses that ring more often than any bank does.
    """
    this_hour = UnknownRings.objects.filter(hour=at.replace(minute=0, second=0, microsecond=0))
    more = {"rings": F("rings") + rings, "insistent": F("insistent") + insistent}
    if not this_hour.update(**more):
        UnknownRings.objects.get_or_create(hour=at.replace(minute=0, second=0, microsecond=0))
        this_hour.update(**more)


def look_around(*, at: datetime) -> int:
    """Open a task for each refund that waits too long and each mail that was not delivered; return how many were new."""
    UnknownRings.objects.filter(hour__lt=at - RINGS_KEPT).delete()
    return _refunds(at) + _mails(at)


@whole
def _refunds(at: datetime) -> int:
    waiting = Refund.objects.filter(
        state__in=(RefundState.REQUESTED, RefundState.APPROVED), requested_at__lt=at - REFUND_WAITS, anomalies=None
    )
    found = list(waiting.select_related("receipt__invoice", "regie").order_by("id")[:CHUNK])
    for refund in found:
        open_anomaly(
            Anomaly.Kind.REFUND_WAITS, About(refund=refund, invoice=refund.receipt.invoice), details=money.euros(refund.cents), at=at
        )  # fmt: skip
    return len(found)


@whole
def _mails(at: datetime) -> int:
    found = list(mailing.undelivered().filter(anomalies=None).order_by("id")[:CHUNK])
    invoices = Invoice.objects.select_related("regie").in_bulk(
        [one.about_id for one in found if one.about_kind == "billing.invoice" and one.about_id]
    )
    for message in found:
        invoice = invoices.get(message.about_id or 0) if message.about_kind == "billing.invoice" else None
        open_anomaly(
            Anomaly.Kind.UNDELIVERED, About(message=message, invoice=invoice), details=_said(message), at=at
        )  # fmt: skip
    return len(found)


def _said(message: Message) -> str:
    return f"{message.to} – {message.subject}"
