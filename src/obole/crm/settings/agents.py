"""Agents: who may enter, and what they may do."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_POST

from obole.accounts import operations as accounts, queries
from obole.crm.shared.pages import render_page
from obole.crm.shared.setting_history import history
from obole.crm.shared.settings_forms import SettingsForm
from obole.crm.shared.settings_pages import back_to, save, sent_values, settings_home
from obole.directory.access import AgentRequest, after_reauthentication, for_agents
from obole.directory.models import Agent
from obole.directory.rules import Right
from obole.dossiers import operations as dossiers
from obole.lib import dates
from obole.regies.models import Regie
from obole.ui.forms import NameField

PROFILE_HELP = gettext_lazy(
    "L’agent instructeur voit dossiers et factures ; le régisseur voit aussi l’argent de ses régies ; "
    "l’administrateur voit et règle tout."
)


NAMES = {"name": NameField, "service_name": NameField}


class AgentForm(SettingsForm):
    """Describes an agent who exists."""

    email = forms.EmailField(
        label=gettext_lazy("Adresse électronique"),
        help_text=gettext_lazy("Pour se connecter. L’ancienne adresse et la nouvelle sont prévenues."),
    )
    active = forms.BooleanField(
        label=gettext_lazy("Peut se connecter"),
        required=False,
        help_text=gettext_lazy("Décochez pour fermer l’accès, aussitôt."),
    )

    class Meta:
        model = Agent
        fields = ("name", "service_name", "profile")
        field_classes = NAMES
        widgets = {"profile": forms.RadioSelect}
        help_texts = {"profile": PROFILE_HELP}

    field_order = ("email", "name", "service_name", "profile", "active")

    def __init__(self, *args: Any, instance: Agent, by: Agent, **options: Any) -> None:
        super().__init__(*args, instance=instance, **options)
        self.is_oneself = instance.pk == by.pk
        self.initial["active"], self.initial["email"] = instance.user.is_active, instance.user.email

    def clean(self) -> None:
        """Refuse that somebody locks themself out: another administrator does it."""
        super().clean()
        if self.is_oneself and not self.cleaned_data.get("active"):
            self.add_error(
                "active", _("Vous ne pouvez pas désactiver votre propre compte : demandez à un autre administrateur.")
            )
        if self.is_oneself and self.cleaned_data.get("profile") not in (None, self.initial["profile"]):
            self.add_error(
                "profile", _("Vous ne pouvez pas changer votre propre profil : demandez à un autre administrateur.")
            )
        if self.is_oneself and self.cleaned_data.get("email", "").lower() not in ("", self.initial["email"]):
            self.add_error(
                "email", _("Vous ne pouvez pas changer votre propre adresse : demandez à un autre administrateur.")
            )


class NewAgentForm(SettingsForm):
    """Describes an agent to come."""

    email = forms.EmailField(
        label=gettext_lazy("Adresse électronique"),
        help_text=gettext_lazy("Un courriel l’invite à choisir son mot de passe ; il vaut sept jours."),
    )

    class Meta:
        model = Agent
        fields = ("name", "service_name", "profile")
        field_classes = NAMES
        widgets = {"profile": forms.RadioSelect}
        help_texts = {"profile": PROFILE_HELP}

    field_order = ("email", "name", "service_name", "profile")


@for_agents(Right.CONFIGURE)
def agents(request: AgentRequest) -> HttpResponse:
    """List the agents, those who may enter first."""
    rows = Agent.objects.select_related("user").prefetch_related("mandates__regie")
    rows = rows.order_by("-user__is_active", "name", "id")
    return render_page(request, "crm/settings/agents.html", {"rows": rows, "back": settings_home()})


@for_agents(Right.CONFIGURE)
@after_reauthentication()
def new_agent(request: AgentRequest) -> HttpResponse:
    """Invite somebody to work in the CRM."""
    form = NewAgentForm(**sent_values(request))
    if request.method == "POST" and (agent := save(form, lambda: _invite(request, form))):
        return redirect("crm:settings_agent_rights", agent.pk)
    context = {"form": form, "title": _("Nouvel agent"), "back": back_to("settings_agents", _("Agents et droits"))}
    return render_page(request, "crm/shared/settings_edit.html", {**context, "history": []})


@for_agents(Right.CONFIGURE)
@after_reauthentication()
def agent(request: AgentRequest, pk: int) -> HttpResponse:
    """Change an agent's profile or address, or close their access."""
    known = get_object_or_404(Agent.objects.select_related("user"), pk=pk)
    form = AgentForm(**sent_values(request), instance=known, by=request.agent)
    if request.method == "POST" and save(form, lambda: _configure(request, form, pk)):
        messages.success(request, _("le profil de %(name)s est enregistré.") % {"name": form.cleaned_data["name"]})
        return redirect("crm:settings_agents")
    context = {
        "form": form,
        "title": known,
        "back": back_to("settings_agents", _("Agents et droits")),
        "agent": known,
        "invitation": queries.last_invitation(known),
        "has_second_factor": queries.has_second_factor(known.user),
        "is_oneself": known.pk == request.agent.pk,
        "mandates": Regie.objects.filter(mandates__agent=known).order_by("name", "id"),
        "history": history(known),
    }
    return render_page(request, "crm/settings/agent.html", context)


@for_agents(Right.CONFIGURE)
@require_POST
@after_reauthentication()
def invite_again(request: AgentRequest, pk: int) -> HttpResponse:
    """Send another invitation to an agent who has not come in yet."""
    known = get_object_or_404(Agent.objects.select_related("user"), pk=pk)
    try:
        accounts.invite_again(agent_id=pk, actor=request.actor, at=dates.now())
    except accounts.AlreadyAnswered:
        messages.warning(request, _("cet agent a un mot de passe : « Mot de passe oublié » lui en donne un autre."))
    else:
        messages.success(request, _("une autre invitation part à %(email)s.") % {"email": known.user.email})
    return redirect("crm:settings_agent", pk)


@for_agents(Right.CONFIGURE)
@require_POST
@after_reauthentication()
def forget_second_factors(request: AgentRequest, pk: int) -> HttpResponse:
    """Take away the second factors that an agent lost; one's own are another administrator's to take."""
    known = get_object_or_404(Agent.objects.exclude(pk=request.agent.pk), pk=pk)
    accounts.forget_second_factors(agent_id=known.pk, actor=request.actor, at=dates.now())
    messages.success(
        request, _("%(name)s n’a plus de seconde preuve, et ses sessions sont terminées.") % {"name": known}
    )
    return redirect("crm:settings_agent", pk)


@for_agents(Right.CONFIGURE)
@require_POST
@after_reauthentication()
def end_sessions(request: AgentRequest, pk: int) -> HttpResponse:
    """End an agent's sessions, wherever they are open: a computer was left, or stolen."""
    known = get_object_or_404(Agent.objects.exclude(pk=request.agent.pk), pk=pk)
    accounts.end_agent_sessions(agent_id=known.pk, actor=request.actor, at=dates.now())
    messages.success(request, _("les sessions de %(name)s sont terminées.") % {"name": known})
    return redirect("crm:settings_agent", pk)


def _invite(request: AgentRequest, form: NewAgentForm) -> Agent:
    invited = accounts.invite_agent(
        email=form.cleaned_data["email"], values=form.values, actor=request.actor, at=dates.now()
    )
    said = {"name": invited.agent, "email": invited.agent.user.email}
    messages.success(request, _("%(name)s est un agent : une invitation part à %(email)s.") % said)
    if invited.had_account:
        messages.warning(
            request,
            _(
                "un compte avait déjà cette adresse : il garde ses démarches et ses factures, mais son mot de passe ne "
                "sert plus et ses sessions sont terminées. Seule l’invitation permet d’y entrer."
            ),
        )
    return invited.agent


def _configure(request: AgentRequest, form: AgentForm, pk: int) -> Agent:
    """Change an agent; what they were reviewing waits for the others once they may not come in any more."""
    who: dict[str, Any] = {"agent_id": pk, "actor": request.actor, "at": dates.now()}
    given = form.cleaned_data
    with transaction.atomic():
        agent = accounts.configure_agent(values=form.values, active=given["active"], email=given["email"], **who)
        if not given["active"]:
            dossiers.release_of(**who)
    return agent
