"""The citizen's own details."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from obole.directory import operations as directory
from obole.directory.access import CitizenRequest, for_citizens
from obole.lib import days
from obole.portal.answers import see
from obole.portal.forms import DetailsForm


@for_citizens
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: CitizenRequest) -> HttpResponse:
    """Show and change how the citizen is named and reached."""
    form = DetailsForm(request.POST or None, initial=DetailsForm.initial_of(request.citizen))
    if form.is_valid():
        directory.update_citizen(
            citizen_id=request.citizen.pk, values=form.cleaned_data, actor=request.user.get_username(), at=days.now()
        )
        messages.success(request, _("Vos coordonnées sont enregistrées."))
        return see("portal:account")
    return render(request, "portal/account.html", {"form": form, "citizen": request.citizen})
