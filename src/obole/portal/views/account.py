"""The citizen's own details."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from obole.directory import operations as directory
from obole.directory.access import CitizenRequest, for_citizens
from obole.lib import dates
from obole.portal.forms import ClaimForm, DetailsForm
from obole.portal.responses import redirect_to


@for_citizens
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: CitizenRequest) -> HttpResponse:
    """Show and change how the citizen is named and reached."""
    form = DetailsForm(request.POST or None, initial=DetailsForm.initial_of(request.citizen))
    if form.is_valid():
        directory.update_citizen(
            citizen_id=request.citizen.pk, values=form.cleaned_data, actor=request.actor, at=dates.now()
        )
        messages.success(request, _("Vos coordonnées sont enregistrées."))
        return redirect_to("portal:account")
    return render(request, "portal/account.html", {"form": form, "citizen": request.citizen})


@for_citizens
@require_http_methods(["GET", "HEAD", "POST"])
def claim(request: CitizenRequest) -> HttpResponse:
    """Find again, by the code of a paper invoice, what was asked and owed at the counter."""
    form = ClaimForm(request.POST or None)
    if form.is_valid():
        try:
            directory.claim_file(user_id=request.user.pk or 0, code=form.cleaned_data["code"], at=dates.now())
        except directory.UnknownCode:
            form.add_error("code", _("Aucun dossier n’attend ce code. Recopiez-le de votre facture, ou redemandez-le."))
        except directory.HasOwnFile:
            sentence = _(
                "Votre compte a déjà des démarches ou des factures : la collectivité peut réunir les deux dossiers."
            )
            form.add_error("code", sentence)
        else:
            messages.success(request, _("Votre dossier est rattaché à votre compte."))
            return redirect_to("portal:invoices")
    return render(request, "portal/claim.html", {"form": form})
