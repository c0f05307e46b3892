"""The panel that says what an application comes to, where a pricing makes its amount."""

from typing import Any

from obole.billing import rules as billing
from obole.catalogue.forms.estimating import Estimated
from obole.lib import days
from obole.portal.application import ApplicationForm


def shown(form: ApplicationForm) -> dict[str, Any]:
    """Return what the panel shows of answers that are being typed."""
    estimated = form.estimate(on=days.day_of(days.now()))
    return {"estimate": None} if estimated is None else told(estimated)


def told(estimated: Estimated) -> dict[str, Any]:
    """Return what the panel shows of an estimate."""
    return {"estimate": estimated, "bill": billing.bill(estimated.result)}
