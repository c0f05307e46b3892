"""The panel that says what an application comes to, where a pricing makes its amount."""

from datetime import date
from typing import Any

from obole.billing import rules as billing
from obole.catalogue.forms.estimates import AmountEstimate
from obole.dossiers.forms.application import ApplicationForm


def live_estimate(form: ApplicationForm, *, on: date) -> dict[str, Any]:
    """Return what the panel shows of answers that are being typed."""
    estimated = form.estimate(on=on)
    return {"estimate": None} if estimated is None else kept_estimate(estimated)


def kept_estimate(estimated: AmountEstimate) -> dict[str, Any]:
    """Return what the panel shows of an estimate."""
    return {"estimate": estimated, "bill": billing.bill(estimated.result)}
