"""The portal's form of a dispositif, as an agent fills it for somebody at the counter."""

from typing import Any

from obole.billing.forms import estimates
from obole.catalogue.forms import rows
from obole.directory.access import AgentRequest
from obole.directory.models import Citizen
from obole.dossiers.forms.application import ApplicationForm, ApplicationQuestions
from obole.lib import dates

ONLY_AMOUNT = "calculer"
MOST_MEGABYTES = 60
"""Of all the files of a dossier that are sent at once."""


def form_for(request: AgentRequest, citizen: Citizen, asked: ApplicationQuestions) -> ApplicationForm:
    """Return the form, with what was sent of it."""
    # Files are counted and signed apart from those that the citizen sends, and from other agents'.
    owner = f"{request.actor.id}.{citizen.public_id}"
    if request.method != "POST":
        return ApplicationForm(asked=asked, owner=owner, at=dates.now())
    data, files = rows.change_rows(request.POST, request.FILES)
    return ApplicationForm(data, files, asked=asked, owner=owner, at=dates.now())


def is_sent(request: AgentRequest, form: ApplicationForm) -> bool:
    """
    Tell whether the form is complete and sent; where only a row or the amount was asked for, keep quiet about the rest.
    """
    if request.method == "POST" and (rows.is_row_request(request.POST) or ONLY_AMOUNT in request.POST):
        form.forgive()
        return False
    return form.is_valid()


def drawn(form: ApplicationForm, asked: ApplicationQuestions) -> dict[str, Any]:
    """Return what the templates need to draw it, and what it comes to."""
    estimate = estimates.live_estimate(form, on=dates.day_of(dates.now()))
    return {"form": form, "asked": asked, "at_counter": True, **estimate}
