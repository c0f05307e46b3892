"""What lists of invoices filter and sort by, compared with what it is made of."""

from collections.abc import Iterator

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from obole.billing.models import Invoice
from obole.billing.states import InvoiceState
from obole.payments import queries
from obole.payments.models import AttemptLine
from obole.payments.refund_states import RefundState


def differences() -> Iterator[str]:
    """Yield a sentence for the first invoice of each kind that says of itself what is not so."""
    for rows, sentence in _wrong():
        first = rows.order_by("pk").first()
        if first is not None:
            yield f"invoice {first}: {sentence}"


def _wrong() -> Iterator[tuple[QuerySet[Invoice], str]]:
    invoices = Invoice.objects.all()
    held = Exists(AttemptLine.objects.filter(invoice=OuterRef("pk"), holds=True))
    yield invoices.filter(is_in_progress=True).exclude(held), "nobody is at the bank for it"
    yield invoices.filter(is_in_progress=False).filter(held), "somebody is at the bank for it"
    given_back = queries.given_back().order_by().values("invoice")
    cancelled = invoices.filter(state=InvoiceState.CANCELLED)
    yield cancelled.filter(pk__in=given_back, is_refunded=False), "it was refunded and does not say so"
    done = Q(allocations__receipt__refunds__state=RefundState.DONE)
    yield invoices.filter(is_refunded=True).exclude(done), "it says that it was refunded"
    yield invoices.exclude(payer_key=F("payer__sort_key")), "it is sorted by another name"
    numbers = Coalesce(F("dossier__number"), Value(0))
    yield invoices.exclude(dossier_number=numbers), "it is sorted by another dossier"
