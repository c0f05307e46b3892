"""Prestations, each with its dispositifs."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _, gettext_lazy

from obole.catalogue import operations
from obole.catalogue.models import Scheme, Service
from obole.configuration.queries import usage
from obole.crm.settings import missing_settings, where_used
from obole.crm.shared.pages import render_page
from obole.crm.shared.setting_history import history
from obole.crm.shared.settings_forms import PICTOGRAMS, SettingsForm
from obole.crm.shared.settings_pages import InUse, back_to, find, in_use, save, sent_values, settings_home
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.ui import icons


class ServiceForm(SettingsForm):
    """Describes a prestation."""

    pictogram = forms.ChoiceField(label=gettext_lazy("Pictogramme"), required=False)

    class Meta:
        model = Service
        fields = ("name", "description", "pictogram", "position", "enabled")
        widgets = {"description": forms.Textarea({"rows": 3})}
        help_texts = {
            "name": gettext_lazy("Tel que l’usager le lit, par exemple « Restauration scolaire »."),
            "position": gettext_lazy("Les prestations sont rangées par ce nombre, puis par nom."),
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        known = [(name, label) for name, label in PICTOGRAMS.items() if name in icons.SHAPES]
        other = [(name, name) for name in [self.instance.pictogram] if name and name not in PICTOGRAMS]
        self.fields["pictogram"].choices = [("", gettext_lazy("Aucun")), *known, *other]  # type: ignore[attr-defined]


@for_agents(Right.CONFIGURE)
def services(request: AgentRequest) -> HttpResponse:
    """List the prestations and what each offers."""
    schemes: dict[int, list[tuple[Scheme, list[str], bool]]] = {}
    offered = in_use(request, missing_settings.with_parts(), is_on=lambda row: row.enabled and row.service.enabled)
    shown = in_use(request, Service.objects.order_by("position", "name", "id"), is_on=lambda row: row.enabled)
    for scheme in offered.rows:
        row = (scheme, missing_settings.missing(scheme), missing_settings.is_free(scheme))
        schemes.setdefault(scheme.service_id, []).append(row)
    rows = [(item, schemes.get(item.pk, [])) for item in shown.rows]
    archives = InUse(rows, shown.left_out + offered.left_out, shown.shows_archives or offered.shows_archives)
    context = {"rows": rows, "archives": archives, "back": settings_home()}
    return render_page(request, "crm/settings/services.html", context)


@for_agents(Right.CONFIGURE)
def service(request: AgentRequest, pk: int | None = None) -> HttpResponse:
    """Create or change a prestation."""
    known = find(Service, pk)
    form = ServiceForm(**sent_values(request), instance=known)
    if request.method == "POST" and (
        done := save(
            form,
            lambda: operations.configure_service(
                service_id=pk, values=form.values, actor=request.actor, at=dates.now()
            ),
        )
    ):
        messages.success(request, _("la prestation « %(name)s » est enregistrée.") % {"name": done})
        return redirect("crm:settings_services")
    shown = _usage(known) if known else None
    title, back = known or _("Nouvelle prestation"), back_to("settings_services", _("Prestations et dispositifs"))
    context = {"form": form, "title": title, "back": back, "history": history(known), "usage": shown}
    return render_page(request, "crm/shared/settings_edit.html", context)


def _usage(known: Service) -> where_used.UsageDisplay:
    used = usage.of_service(known)
    return where_used.usage_display(used, scheme=[scheme.pk for scheme in used.schemes])
