"""Applying to a dispositif, and completing an application: one form, and the amount that it comes to."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from obole.billing.forms import estimates
from obole.catalogue.forms import rows
from obole.catalogue.models import Scheme
from obole.directory.access import CitizenRequest, for_citizens
from obole.dossiers import operations as dossiers, queries, rules, states
from obole.dossiers.forms import application
from obole.dossiers.forms.application import ApplicationForm, ApplicationQuestions
from obole.dossiers.models import ApplicationDraft, Dossier
from obole.lib import dates
from obole.lib.states import ForbiddenTransition
from obole.limits import operations as limits
from obole.limits.middleware import as_error, note
from obole.limits.rules import DOSSIERS, ESTIMATES, TooMany
from obole.portal import saved_drafts
from obole.portal.responses import redirect_to
from obole.portal.views.catalogue import closed, find
from obole.ui import idempotency
from obole.ui.bodies import takes_files

ONLY_AMOUNT = "calculer"
MOST_MEGABYTES = 60
"""Of all the files of a dossier that are sent at once."""
CHANGED = (rules.MissingAnswer, rules.TooManyRows)


@takes_files(megabytes=MOST_MEGABYTES)
@for_citizens
@require_http_methods(["GET", "HEAD", "POST"])
def apply(request: CitizenRequest, public_id: str) -> HttpResponse:
    """Fill the form of a dispositif, and submit it, or put it aside."""
    scheme = find(public_id)
    sketch = queries.draft_of(request.citizen, scheme) if request.method != "POST" else None
    form_id = str(sketch.form_id) if sketch else request.POST.get("form_id", "")
    asked = application.questions_of(scheme, form_id=form_id, citizen=request.citizen)
    if asked is None:
        return closed(request, scheme)
    form = _form(request, asked)
    try:
        if saved_drafts.LATER in request.POST:
            return _put_aside(request, form)
        if _is_sent(request, form) and (done := _submitted(request, form)):
            return done
    except dossiers.SchemeClosed:
        return closed(request, scheme)
    form = _resumed(sketch, form) if sketch else form
    note(request, form)
    context = {
        "form": form,
        "asked": asked,
        "scheme": scheme,
        "request_key": idempotency.key_of(request),
        "sketch": sketch,
    }
    return render(request, "portal/apply.html", {**context, **_estimate(form)})


@for_citizens
@require_POST
def forget(request: CitizenRequest, sketch_id: str) -> HttpResponse:
    """Forget an application that was begun."""
    dossiers.discard_draft(citizen_id=request.citizen.pk, public_id=sketch_id)
    messages.success(request, _("La demande commencée est supprimée."))
    return redirect_to("portal:dossiers")


@for_citizens
@require_POST
def amount(request: CitizenRequest, public_id: str) -> HttpResponse:
    """Say what the answers come to, while they are being typed."""
    scheme: Scheme = find(public_id)
    asked = application.questions_of(scheme, form_id=request.POST.get("form_id", ""))
    if asked is None:
        return closed(request, scheme)
    return _amount(request, asked)


@takes_files(megabytes=MOST_MEGABYTES)
@for_citizens
@require_http_methods(["GET", "HEAD", "POST"])
def complete(request: CitizenRequest, public_id: str) -> HttpResponse:
    """Mend an application that an agent sent back."""
    dossier = _dossier(request, public_id)
    if not states.COMPLETE.allows(dossier):
        return _not_to_complete(request, dossier)
    asked = application.questions_to_complete(dossier)
    form = _form(request, asked)
    if _is_sent(request, form):
        try:
            dossiers.complete(dossier_id=dossier.pk, filled=form.filled(), actor=request.actor, at=dates.now())
        except ForbiddenTransition:
            return _not_to_complete(request, dossier)
        except CHANGED:
            form.add_error(None, _("Ce formulaire vient de changer : vérifiez-le, puis envoyez-le de nouveau."))
        else:
            messages.success(request, _("Votre demande est complétée : un agent l’examine."))
            return redirect_to("portal:dossier", dossier.public_id)
    note(request, form)
    form.requests = dossier.requests
    context = {"form": form, "asked": asked, "dossier": dossier}
    return render(request, "portal/complete.html", {**context, **_estimate(form)})


@for_citizens
@require_POST
def complete_amount(request: CitizenRequest, public_id: str) -> HttpResponse:
    """Say what the answers come to."""
    return _amount(request, application.questions_to_complete(_dossier(request, public_id)))


def _amount(request: CitizenRequest, asked: ApplicationQuestions) -> HttpResponse:
    form = _form(request, asked)
    return render(request, "ui/amount.html", {"form": form, "asked": asked, "alone": True, **_estimate(form)})


def _estimate(form: ApplicationForm) -> dict[str, Any]:
    return estimates.live_estimate(form, on=dates.day_of(dates.now()))


def _form(request: CitizenRequest, asked: ApplicationQuestions) -> ApplicationForm:
    owner = request.citizen.public_id
    if request.method != "POST":
        return ApplicationForm(asked=asked, owner=owner, at=dates.now())
    # Whatever is sent is priced: nobody types so fast.
    limits.use(ESTIMATES, request.citizen.pk, at=dates.now())
    data, files = rows.change_rows(request.POST, request.FILES)
    return ApplicationForm(data, files, asked=asked, owner=owner, at=dates.now())


def _is_sent(request: CitizenRequest, form: ApplicationForm) -> bool:
    """
    Tell whether the form is complete and sent; where only a row or the amount was asked for, keep quiet about the rest.
    """
    if request.method == "POST" and (rows.is_row_request(request.POST) or ONLY_AMOUNT in request.POST):
        form.forgive()
        return False
    return form.is_valid()


def _submitted(request: CitizenRequest, form: ApplicationForm) -> HttpResponse | None:
    try:
        limits.use(DOSSIERS, request.citizen.pk, at=dates.now())
        dossier = _submit(request, form)
    except TooMany as refusal:
        form.add_error(None, as_error(refusal))
        return None
    except CHANGED:
        form.add_error(None, _("Ce formulaire vient de changer : vérifiez-le, puis envoyez-le de nouveau."))
        return None
    messages.success(request, _("Votre demande %(number)s est envoyée.") % {"number": dossier.reference})
    return redirect_to("portal:dossier", dossier.public_id)


def _put_aside(request: CitizenRequest, form: ApplicationForm) -> HttpResponse:
    # Reading the errors reads the form: its files are checked and stored.
    form.forgive()
    dossiers.save_draft(
        citizen_id=request.citizen.pk,
        form_id=form.asked.form.pk,
        typed=saved_drafts.typed_values(request.POST),
        files=saved_drafts.kept_files(form),
        at=dates.now(),
    )
    messages.success(
        request, _("Votre demande est gardée : vous la finirez quand vous voudrez. Elle n’est pas envoyée.")
    )
    return redirect_to("portal:dossiers")


def _resumed(sketch: ApplicationDraft, blank: ApplicationForm) -> ApplicationForm:
    form = ApplicationForm(
        saved_drafts.as_post_data(sketch, blank), {}, asked=blank.asked, owner=blank.owner, at=blank.at
    )
    form.forgive()
    return form


def _submit(request: CitizenRequest, form: ApplicationForm) -> Dossier:
    return dossiers.submit(
        citizen_id=request.citizen.pk,
        form_id=form.asked.form.pk,
        request_key=idempotency.scoped_key(request, request.citizen.pk, form.asked.form.scheme_id),
        filled=form.filled(),
        actor=request.actor,
        at=dates.now(),
    )


def _dossier(request: CitizenRequest, public_id: str) -> Dossier:
    mine = Dossier.objects.filter(citizen=request.citizen).select_related("scheme__service", "form")
    return get_object_or_404(mine, public_id=public_id)


def _not_to_complete(request: CitizenRequest, dossier: Dossier) -> HttpResponse:
    messages.info(request, _("Cette demande n’est pas à compléter."))
    return redirect_to("portal:dossier", dossier.public_id)
