"""What an agent decides about a dossier. Each decision that the citizen reads has its page, which can be left."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from obole.crm.forms import ReasonForm, WordForm
from obole.crm.pages import dossier_moved, moved_meanwhile, render_page
from obole.crm.views.dossier import seen
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.dossiers import operations, states
from obole.dossiers.models import Dossier
from obole.lib import days
from obole.lib.states import ForbiddenMove, Move

Verb = Callable[..., Dossier]


@dataclass(frozen=True)
class Decision:
    """How a decision is asked for, made and announced."""

    move: Move
    verb: Verb
    form: Form
    title: str
    effect: str
    button: str
    done: str
    danger: bool = False


@for_agents(Right.REVIEW)
@require_POST
def dossier_take(request: AgentRequest, pk: int) -> HttpResponse:
    """Put a dossier in this agent's hands."""
    return _simple(request, seen(pk), operations.take, _("le dossier est à vous."), agent_id=request.agent.pk)


@for_agents(Right.REVIEW)
@require_POST
def dossier_close(request: AgentRequest, pk: int) -> HttpResponse:
    """Close an accepted dossier."""
    return _simple(request, seen(pk), operations.close, _("le dossier est clos."))


@for_agents(Right.REVIEW)
def dossier_complement(request: AgentRequest, pk: int) -> HttpResponse:
    """Ask the citizen for what is missing."""
    form = ReasonForm(
        request.POST or None, label=_("Ce qui manque"), hint=_("L’usager le lit dans le courriel et dans son espace.")
    )
    decision = Decision(
        states.ASK_COMPLEMENT, operations.ask_complement, form, _("Demander un complément"),
        _("L’usager reçoit un courriel et peut modifier sa demande. Le dossier vous reviendra quand il aura répondu."),
        _("Envoyer la demande de complément"), _("le complément est demandé à l’usager."),
    )  # fmt: skip
    return _decide(request, seen(pk), decision)


@for_agents(Right.REVIEW)
def dossier_accept(request: AgentRequest, pk: int) -> HttpResponse:
    """Accept the dossier, with a word if there is one."""
    decision = Decision(
        states.ACCEPT, operations.accept, WordForm(request.POST or None), _("Accepter la demande"),
        _("L’usager reçoit un courriel. Le dossier pourra être facturé, puis clos."),
        _("Accepter la demande"), _("la demande est acceptée, l’usager est prévenu."),
    )  # fmt: skip
    return _decide(request, seen(pk), decision)


@for_agents(Right.REVIEW)
def dossier_reject(request: AgentRequest, pk: int) -> HttpResponse:
    """Refuse the dossier, and say why."""
    form = ReasonForm(request.POST or None, label=_("Motif du refus"), hint=_("L’usager le lit tel quel."))
    decision = Decision(
        states.REJECT, operations.reject, form, _("Refuser la demande"),
        _("L’usager reçoit un courriel avec ce motif. Un refus ne peut plus être repris."),
        _("Refuser la demande"), _("la demande est refusée, l’usager est prévenu."), danger=True,
    )  # fmt: skip
    return _decide(request, seen(pk), decision)


def _simple(request: AgentRequest, dossier: Dossier, verb: Verb, done: str, **more: Any) -> HttpResponse:
    url = reverse("crm:dossier", args=[dossier.pk])
    try:
        verb(dossier_id=dossier.pk, actor=request.actor, at=days.now(), **more)
    except ForbiddenMove:
        return moved_meanwhile(request, dossier_moved(), url)
    messages.success(request, done)
    return redirect(url)


def _decide(request: AgentRequest, dossier: Dossier, decision: Decision) -> HttpResponse:
    url = reverse("crm:dossier", args=[dossier.pk])
    form = decision.form
    if request.method != "POST" and not decision.move.allows(dossier):
        return moved_meanwhile(request, dossier_moved(), url)
    if request.method == "POST" and form.is_valid():
        try:
            decision.verb(dossier_id=dossier.pk, reason=form.cleaned_data["reason"], actor=request.actor, at=days.now())
        except ForbiddenMove:
            # What was typed stays on the page, to be copied or sent again.
            form.add_error(None, dossier_moved())
        else:
            messages.success(request, decision.done)
            return redirect(url)
    return render_page(request, "crm/decision.html", {"dossier": dossier, "decision": decision, "form": form})
