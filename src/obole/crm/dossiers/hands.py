"""In whose hands a dossier is: « Confier le dossier », to a colleague or back to all."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_POST

from obole.crm.dossiers.dossier_detail import dossier_to_handle
from obole.crm.shared.pages import conflict_response, dossier_conflict, render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.models import Agent
from obole.directory.rules import Right
from obole.dossiers import operations, queries, states
from obole.dossiers.models import Dossier
from obole.lib import dates
from obole.lib.states import ForbiddenTransition


class AgentField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not subscriptable when it runs
    """A colleague, with their service."""

    def label_from_instance(self, obj: Agent) -> str:
        """Name the agent, and where they work."""
        return f"{obj.name} – {obj.service_name}" if obj.service_name else obj.name


class HandsForm(forms.Form):
    """To whom a dossier goes."""

    agent = AgentField(
        label=gettext_lazy("Confier à"),
        queryset=Agent.objects.none(),
        empty_label=gettext_lazy("Choisissez"),
        help_text=gettext_lazy("Les agents qui instruisent cette prestation."),
        error_messages={
            "required": gettext_lazy("Choisissez un agent."),
            "invalid_choice": gettext_lazy("Cet agent n’instruit pas cette prestation : choisissez-en un autre."),
        },
    )

    def __init__(self, data: Any = None, *, dossier: Dossier) -> None:
        super().__init__(data)
        chosen: AgentField = self.fields["agent"]  # type: ignore[assignment]  # declared above
        chosen.queryset = queries.agents_to_assign(dossier).exclude(pk=dossier.agent_id or 0)


class ManyHandsForm(forms.Form):
    """To whom many dossiers go; each is refused to who does not handle its own prestation."""

    agent = AgentField(
        label=gettext_lazy("Confier à"),
        queryset=Agent.objects.none(),
        empty_label=gettext_lazy("Choisissez"),
        help_text=gettext_lazy("Un dossier dont cet agent n’instruit pas la prestation reste où il est."),
        error_messages={
            "required": gettext_lazy("Choisissez un agent."),
            "invalid_choice": gettext_lazy("Cet agent n’instruit plus de dossiers : choisissez-en un autre."),
        },
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        chosen: AgentField = self.fields["agent"]  # type: ignore[assignment]  # declared above
        chosen.queryset = queries.reviewing_agents()

    def clean_agent(self) -> str:
        """Return the agent as an action on a selection keeps them."""
        return str(self.cleaned_data["agent"].pk)


@for_agents(Right.REVIEW)
def dossier_assign(request: AgentRequest, pk: int) -> HttpResponse:
    """Put a dossier in a colleague's hands."""
    dossier, url = dossier_to_handle(request, pk), reverse("crm:dossier", args=[pk])
    if request.method != "POST" and dossier.state not in states.OPEN:
        return conflict_response(request, dossier_conflict(), url)
    form = HandsForm(request.POST if request.method == "POST" else None, dossier=dossier)
    if form.is_valid():
        chosen = form.cleaned_data["agent"]
        try:
            operations.assign(dossier_id=pk, agent_id=chosen.pk, actor=request.actor, at=dates.now())
        except (operations.CannotReview, operations.DossierEnded, ForbiddenTransition):
            form.add_error(None, dossier_conflict())
        else:
            messages.success(request, _("le dossier est confié à %(name)s.") % {"name": chosen.name})
            return redirect(url)
    context = {"dossier": dossier, "form": form, "can_give_back": states.RELEASE.allows(dossier)}
    return render_page(request, "crm/dossiers/hands.html", context)


@for_agents(Right.REVIEW)
@require_POST
def dossier_give_back(request: AgentRequest, pk: int) -> HttpResponse:
    """Put a dossier back for all to take."""
    url = reverse("crm:dossier", args=[dossier_to_handle(request, pk).pk])
    try:
        operations.give_back(dossier_id=pk, actor=request.actor, at=dates.now())
    except ForbiddenTransition:
        return conflict_response(request, dossier_conflict(), url)
    messages.success(request, _("le dossier est remis à tous : le premier qui le prend l’instruit."))
    return redirect(url)
