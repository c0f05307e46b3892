"""Applying to a dispositif, and completing an application: one form, and the amount that it comes to."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from obole.catalogue.forms import rows
from obole.catalogue.models import Scheme
from obole.directory.access import CitizenRequest, for_citizens
from obole.dossiers import operations as dossiers
from obole.dossiers import rules, states
from obole.dossiers.models import Dossier
from obole.lib import days
from obole.lib.states import ForbiddenMove
from obole.portal import application, keys
from obole.portal.answers import see
from obole.portal.application import ApplicationForm, Asked
from obole.portal.views.catalogue import closed, find

ONLY_AMOUNT = "calculer"
CHANGED = (rules.MissingAnswer, rules.TooManyRows, rules.BadQuantity)


@for_citizens
@require_http_methods(["GET", "HEAD", "POST"])
def apply(request: CitizenRequest, public_id: str) -> HttpResponse:
    """Fill the form of a dispositif, and submit it."""
    scheme = find(public_id)
    asked = application.asked_by(scheme, form_id=request.POST.get("form_id", ""), citizen=request.citizen)
    if asked is None:
        return closed(request, scheme)
    form = _form(request, asked)
    if _is_sent(request, form):
        try:
            dossier = _submit(request, form)
        except dossiers.SchemeClosed:
            return closed(request, scheme)
        except CHANGED:
            form.add_error(None, _("Ce formulaire vient de changer : vérifiez-le, puis envoyez-le de nouveau."))
        else:
            messages.success(request, _("Votre demande %(number)s est envoyée.") % {"number": dossier.reference})
            return see("portal:dossier", dossier.public_id)
    context = {"form": form, "asked": asked, "scheme": scheme, "request_key": keys.of(request)}
    return render(request, "portal/apply.html", context)


@for_citizens
@require_POST
def amount(request: CitizenRequest, public_id: str) -> HttpResponse:
    """Say what the quantities come to, while they are being typed."""
    scheme: Scheme = find(public_id)
    asked = application.asked_by(scheme, form_id=request.POST.get("form_id", ""))
    if asked is None:
        return closed(request, scheme)
    return render(request, "portal/amount.html", {"form": _form(request, asked)})


@for_citizens
@require_http_methods(["GET", "HEAD", "POST"])
def complete(request: CitizenRequest, public_id: str) -> HttpResponse:
    """Mend an application that an agent sent back."""
    dossier = _dossier(request, public_id)
    if not states.COMPLETE.allows(dossier):
        return _not_to_complete(request, dossier)
    asked = application.asked_again(dossier)
    form = _form(request, asked)
    if _is_sent(request, form):
        try:
            dossiers.complete(
                dossier_id=dossier.pk, filled=form.filled(), actor=request.user.get_username(), at=days.now()
            )
        except ForbiddenMove:
            return _not_to_complete(request, dossier)
        except CHANGED:
            form.add_error(None, _("Ce formulaire vient de changer : vérifiez-le, puis envoyez-le de nouveau."))
        else:
            messages.success(request, _("Votre demande est complétée : un agent l’examine."))
            return see("portal:dossier", dossier.public_id)
    return render(request, "portal/complete.html", {"form": form, "asked": asked, "dossier": dossier})


@for_citizens
@require_POST
def complete_amount(request: CitizenRequest, public_id: str) -> HttpResponse:
    """Say what the quantities come to, at the prices that were promised."""
    asked = application.asked_again(_dossier(request, public_id))
    return render(request, "portal/amount.html", {"form": _form(request, asked)})


def _form(request: CitizenRequest, asked: Asked) -> ApplicationForm:
    owner = request.citizen.public_id
    if request.method != "POST":
        return ApplicationForm(asked=asked, owner=owner)
    data, files = rows.changed(request.POST, request.FILES)
    return ApplicationForm(data, files, asked=asked, owner=owner)


def _is_sent(request: CitizenRequest, form: ApplicationForm) -> bool:
    """Tell whether the form is complete and sent; where only a row or the amount was asked for, keep quiet about the rest."""
    if request.method == "POST" and rows.asked(request.POST):
        form.forgive()
        return False
    if request.method == "POST" and ONLY_AMOUNT in request.POST:
        form.forgive_questions()
        return False
    return form.is_valid()


def _submit(request: CitizenRequest, form: ApplicationForm) -> Dossier:
    return dossiers.submit(
        citizen_id=request.citizen.pk,
        form_id=form.asked.form.pk,
        request_key=keys.within(request, request.citizen.pk, form.asked.form.scheme_id),
        filled=form.filled(),
        actor=request.user.get_username(),
        at=days.now(),
    )


def _dossier(request: CitizenRequest, public_id: str) -> Dossier:
    mine = Dossier.objects.filter(citizen=request.citizen).select_related("scheme__service", "form")
    return get_object_or_404(mine, public_id=public_id)


def _not_to_complete(request: CitizenRequest, dossier: Dossier) -> HttpResponse:
    messages.info(request, _("Cette demande n’est pas à compléter."))
    return see("portal:dossier", dossier.public_id)
