"""Keys of other software: who may call, for what, until when."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_POST

from obole.api_keys import operations, queries
from obole.api_keys.models import ApiKey
from obole.api_keys.rules import Scope
from obole.catalogue import operations as catalogue
from obole.catalogue.models import Service
from obole.crm.shared.filters import TICKS
from obole.crm.shared.pages import render_page
from obole.crm.shared.settings_forms import SettingsForm
from obole.crm.shared.settings_pages import back_to, save, sent_values, settings_home
from obole.directory.access import AgentRequest, after_reauthentication, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.ui.forms import DayInput, NameField

A_YEAR = timedelta(days=365)


class ApiKeyForm(SettingsForm):
    """Describes a key to come."""

    scopes = forms.MultipleChoiceField(label=gettext_lazy("Ce qu’elle permet"), choices=Scope.choices, widget=TICKS)
    services = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Prestations"),
        queryset=Service.objects.all(),
        widget=TICKS,
        help_text=gettext_lazy("Les dossiers des autres n’existent pas pour elle."),
    )

    class Meta:
        model = ApiKey
        fields = ("name", "scopes", "expires_on")
        field_classes = {"name": NameField}
        widgets = {"expires_on": DayInput}

    field_order = ("name", "scopes", "services", "expires_on")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial["expires_on"] = dates.day_of(dates.now()) + A_YEAR


@for_agents(Right.CONFIGURE)
def api_keys(request: AgentRequest) -> HttpResponse:
    """List the keys, those in use first."""
    today = dates.day_of(dates.now())
    rows = [(key, _state(key, today=today)) for key in queries.keys().prefetch_related("accesses__service")]
    return render_page(request, "crm/settings/api_keys.html", {"rows": rows, "back": settings_home()})


@for_agents(Right.CONFIGURE)
@after_reauthentication()
def new_api_key(request: AgentRequest) -> HttpResponse:
    """Make a key, and show its secret: this once."""
    form = ApiKeyForm(**sent_values(request))
    made: list[str] = []
    back = back_to("settings_api_keys", _("Clés d’API"))
    if request.method == "POST" and (key := save(form, lambda: _create(request, form, made))):
        return render_page(request, "crm/settings/api_key_made.html", {"key": key, "secret": made[0], "back": back})
    context = {"form": form, "title": _("Nouvelle clé d’API"), "back": back, "history": []}
    return render_page(request, "crm/shared/settings_edit.html", context)


@for_agents(Right.CONFIGURE)
def api_key(request: AgentRequest, pk: int) -> HttpResponse:
    """Show a key: what it may do, and whether it is used."""
    key = get_object_or_404(ApiKey.objects.prefetch_related("accesses__service"), pk=pk)
    context = {
        "key": key,
        "state": _state(key, today=dates.day_of(dates.now())),
        "scopes": [Scope(scope).label for scope in key.scopes],
        "back": back_to("settings_api_keys", _("Clés d’API")),
    }
    return render_page(request, "crm/settings/api_key.html", context)


@for_agents(Right.CONFIGURE)
@require_POST
def revoke_api_key(request: AgentRequest, pk: int) -> HttpResponse:
    """End a key at once."""
    key = get_object_or_404(ApiKey, pk=pk)
    operations.revoke_key(key_id=key.pk, actor=request.actor, at=dates.now())
    messages.success(request, _("la clé « %(name)s » n’ouvre plus rien.") % {"name": key.name})
    return redirect("crm:settings_api_keys")


def _create(request: AgentRequest, form: ApiKeyForm, made: list[str]) -> ApiKey:
    services = [service.pk for service in form.cleaned_data["services"]]
    values = {**form.values, "scopes": form.cleaned_data["scopes"]}
    key, secret = catalogue.create_api_key(values=values, service_ids=services, actor=request.actor, at=dates.now())
    made.append(secret)
    return key


def _state(key: ApiKey, *, today: Any) -> tuple[str, str]:
    """Return how a key stands: its tone, and its word."""
    if key.revoked_at is not None:
        return "ended", _("Révoquée")
    return ("late", _("Expirée")) if key.expires_on < today else ("done", _("En service"))
