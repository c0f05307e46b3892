"""Agents: who may enter, and what they may do."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from obole.crm.forms_settings.agents import AgentForm, NewAgentForm
from obole.crm.pages import render_page
from obole.crm.views.settings.common import back_to, save, sent, settings_home
from obole.crm.views.settings.history import history
from obole.directory import operations
from obole.directory.access import AgentRequest, for_agents
from obole.directory.models import Agent
from obole.directory.rules import Right
from obole.lib import days
from obole.regies.models import Regie


@for_agents(Right.CONFIGURE)
def agents(request: AgentRequest) -> HttpResponse:
    """List the agents, those who may enter first."""
    rows = Agent.objects.select_related("user").prefetch_related("mandates__regie")
    rows = rows.order_by("-user__is_active", "name", "id")
    return render_page(request, "crm/settings/agents.html", {"rows": rows, "back": settings_home()})


@for_agents(Right.CONFIGURE)
def new_agent(request: AgentRequest) -> HttpResponse:
    """Open an agent's account, without a password."""
    form = NewAgentForm(**sent(request))
    if request.method == "POST" and (done := save(form, lambda: _register(request, form))):
        sentence = _("le compte de %(name)s est ouvert. L’agent choisit son mot de passe par « Mot de passe oublié ».")
        messages.success(request, sentence % {"name": done})
        return redirect("crm:settings_agents")
    context = {"form": form, "title": _("Nouvel agent"), "back": back_to("settings_agents", _("Agents et droits"))}
    return render_page(request, "crm/settings/edit.html", {**context, "history": []})


@for_agents(Right.CONFIGURE)
def agent(request: AgentRequest, pk: int) -> HttpResponse:
    """Change an agent's profile, or close their access."""
    known = get_object_or_404(Agent.objects.select_related("user"), pk=pk)
    form = AgentForm(**sent(request), instance=known, by=request.agent)
    if request.method == "POST" and save(form, lambda: _configure(request, form, pk)):
        messages.success(request, _("le profil de %(name)s est enregistré.") % {"name": form.cleaned_data["name"]})
        return redirect("crm:settings_agents")
    mandates = Regie.objects.filter(mandates__agent=known).order_by("name", "id")
    context = {"form": form, "title": known, "back": back_to("settings_agents", _("Agents et droits"))}
    return render_page(
        request,
        "crm/settings/agent.html",
        {**context, "agent": known, "mandates": mandates, "history": history(known)},
    )


def _register(request: AgentRequest, form: NewAgentForm) -> Agent:
    return operations.register_agent(
        email=form.cleaned_data["email"], password=None, values=form.values, actor=request.actor, at=days.now()
    )


def _configure(request: AgentRequest, form: AgentForm, pk: int) -> Agent:
    return operations.configure_agent(
        agent_id=pk, values=form.values, active=form.cleaned_data["active"], actor=request.actor, at=days.now()
    )
