"""Prestations, each with its dispositifs."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from obole.catalogue import operations
from obole.catalogue.models import Scheme, Service
from obole.configuration.queries import usage
from obole.crm import usages
from obole.crm.forms_settings.catalogue import ServiceForm
from obole.crm.pages import render_page
from obole.crm.views.settings import gaps
from obole.crm.views.settings.common import back_to, find, save, sent, settings_home
from obole.crm.views.settings.history import history
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import days


@for_agents(Right.CONFIGURE)
def services(request: AgentRequest) -> HttpResponse:
    """List the prestations and what each offers."""
    schemes: dict[int, list[tuple[Scheme, list[str]]]] = {}
    for scheme in gaps.with_parts():
        schemes.setdefault(scheme.service_id, []).append((scheme, gaps.missing(scheme)))
    rows = [(one, schemes.get(one.pk, [])) for one in Service.objects.order_by("position", "name", "id")]
    return render_page(request, "crm/settings/services.html", {"rows": rows, "back": settings_home()})


@for_agents(Right.CONFIGURE)
def service(request: AgentRequest, pk: int | None = None) -> HttpResponse:
    """Create or change a prestation."""
    known = find(Service, pk)
    form = ServiceForm(**sent(request), instance=known)
    if request.method == "POST" and (
        done := save(
            form,
            lambda: operations.configure_service(service_id=pk, values=form.values, actor=request.actor, at=days.now()),
        )
    ):
        messages.success(request, _("la prestation « %(name)s » est enregistrée.") % {"name": done})
        return redirect("crm:settings_services")
    shown = _usage(known) if known else None
    title, back = known or _("Nouvelle prestation"), back_to("settings_services", _("Prestations et dispositifs"))
    context = {"form": form, "title": title, "back": back, "history": history(known), "usage": shown}
    return render_page(request, "crm/settings/edit.html", context)


def _usage(known: Service) -> usages.Shown:
    used = usage.of_service(known)
    return usages.shown(used, scheme=[one.pk for one in used.schemes])
