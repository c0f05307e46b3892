"""An invoice that is paid in several times, as was agreed."""

from datetime import datetime, timedelta

from obole.billing.models import Invoice
from obole.lib import dates
from obole.recovery import operations as recovery
from obole.recovery.models import Agreement
from obole.recovery.operations import AgreementRequest
from obole.recovery.rules import instalments
from tests.world import WHO


def shared(invoice: Invoice, at: datetime, times: int = 2, *, grace_days: int = 10) -> AgreementRequest:
    """Return equal instalments, the first ten days later, then one a month."""
    first = dates.day_of(at) + timedelta(days=10)
    return AgreementRequest(instalments.share_out(invoice.remaining_cents, times=times, first=first), grace_days)


def agree(invoice: Invoice, at: datetime, times: int = 2, *, grace_days: int = 10) -> Agreement:
    """Agree on equal instalments."""
    asked = shared(invoice, at, times, grace_days=grace_days)
    return recovery.make_agreement(invoice_id=invoice.pk, asked=asked, actor=WHO, at=at)
