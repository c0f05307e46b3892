"""What was missing in a dossier, brought to the counter by who cannot send it from an account."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from obole.audit_log.models import Access
from obole.crm.dossiers.counter_form import MOST_MEGABYTES, drawn, form_for, is_sent
from obole.crm.dossiers.dossier_detail import dossier_to_handle
from obole.crm.shared import journal
from obole.crm.shared.pages import conflict_response, dossier_conflict, render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.dossiers import operations, rules, states
from obole.dossiers.forms import application
from obole.dossiers.models import Dossier
from obole.lib import dates
from obole.lib.states import ForbiddenTransition
from obole.limits.middleware import note
from obole.ui.bodies import takes_files


@takes_files(megabytes=MOST_MEGABYTES)
@for_agents(Right.REVIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def dossier_complete(request: AgentRequest, pk: int) -> HttpResponse:
    """Mend an application with who applied, and send it back to review."""
    dossier = _dossier(request, pk)
    if not states.COMPLETE_FOR.allows(dossier):
        return _changed(request, dossier)
    asked = application.questions_to_complete(dossier)
    form = form_for(request, dossier.citizen, asked)
    if is_sent(request, form):
        try:
            operations.complete_for(dossier_id=pk, filled=form.filled(), actor=request.actor, at=dates.now())
        except ForbiddenTransition:
            return _changed(request, dossier)
        except (rules.MissingAnswer, rules.TooManyRows):
            form.add_error(None, _("Ce formulaire vient de changer : vérifiez-le, puis envoyez-le de nouveau."))
        else:
            messages.success(request, _("le dossier est complété : il est de nouveau en instruction."))
            return redirect("crm:dossier", pk=pk)
    note(request, form)
    return render_page(request, "crm/dossiers/dossier_complete.html", {"dossier": dossier, **drawn(form, asked)})


@for_agents(Right.REVIEW)
@require_POST
def dossier_complete_amount(request: AgentRequest, pk: int) -> HttpResponse:
    """Say what the answers come to, while they are being typed."""
    dossier = _dossier(request, pk)
    asked = application.questions_to_complete(dossier)
    context = {"alone": True, **drawn(form_for(request, dossier.citizen, asked), asked)}
    return render(request, "ui/amount.html", context)


def _dossier(request: AgentRequest, pk: int) -> Dossier:
    """
    Return a dossier that the agent handles, whose answers are all theirs to read.

    :raises Http404: for who may not read those that are sensitive: the form shows them.
    """
    dossier = dossier_to_handle(request, pk)
    if any(field.is_sensitive for field in dossier.form.form_fields):
        if not request.agent.sees_sensitive:
            raise Http404
        journal.keep(request, Access.Verb.SENSITIVE, dossier)
    return dossier


def _changed(request: AgentRequest, dossier: Dossier) -> HttpResponse:
    return conflict_response(request, dossier_conflict(), reverse("crm:dossier", args=[dossier.pk]))
