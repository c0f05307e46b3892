"""The questions of a form that are the agent's to answer."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from obole.catalogue.fields import FilledBy
from obole.catalogue.forms.questionnaire import Questionnaire
from obole.crm.dossiers.dossier_detail import dossier_to_handle
from obole.crm.shared.pages import render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.dossiers import operations, rules
from obole.lib import dates


@for_agents(Right.REVIEW)
def dossier_answers(request: AgentRequest, pk: int) -> HttpResponse:
    """Answer what is asked of the agent: an arrêté's number, what was measured on the spot."""
    dossier = dossier_to_handle(request, pk)
    mine = [field for field in dossier.form.form_fields if field.by == FilledBy.AGENT]
    if any(field.is_sensitive for field in mine) and not request.agent.sees_sensitive:
        raise Http404
    sent = request.POST if request.method == "POST" else None
    form = Questionnaire(sent, fields=dossier.form.form_fields, known=dossier.answers, by=FilledBy.AGENT)
    if request.method == "POST" and form.is_valid():
        try:
            operations.answer_as_agent(dossier_id=pk, answers=form.answers(), actor=request.actor, at=dates.now())
        except (operations.DossierEnded, rules.MissingAnswer):
            messages.error(request, _("Ce dossier vient de changer : rien n’est enregistré."))
        else:
            messages.success(request, _("Vos réponses sont enregistrées."))
        return redirect("crm:dossier", pk)
    return render_page(request, "crm/dossiers/dossier_answers.html", {"dossier": dossier, "form": form})
