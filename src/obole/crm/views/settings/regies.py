"""Régies: their list, and one of them with its bank."""

from django.contrib import messages
from django.db import transaction
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from obole.configuration.queries import usage
from obole.crm import usages
from obole.crm.forms_settings.regies import RegieForm
from obole.crm.pages import render_page
from obole.crm.views.settings import bank, gaps
from obole.crm.views.settings.common import back_to, find, save, sent, settings_home
from obole.crm.views.settings.history import history
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.gateways import registry
from obole.lib import days
from obole.regies import operations
from obole.regies.models import Regie


@for_agents(Right.CONFIGURE)
def regies(request: AgentRequest) -> HttpResponse:
    """List the régies, their bank, and whether it is ready."""
    listed = Regie.objects.annotate(
        type_count=Count("invoice_types", distinct=True), mandate_count=Count("mandates", distinct=True)
    ).order_by("name", "id")
    rows = [{"regie": one, "bank": _bank_of(one), "mode": _mode_of(one), "ready": gaps.is_ready(one)} for one in listed]
    return render_page(request, "crm/settings/regies.html", {"rows": rows, "back": settings_home()})


@for_agents(Right.CONFIGURE)
def regie(request: AgentRequest, pk: int | None = None) -> HttpResponse:
    """Create or change a régie, or only ask its bank who we are."""
    known = find(Regie, pk)
    form, verdict = RegieForm(**sent(request), instance=known), None
    if request.method == "POST":
        if form.wants_other_bank:
            form = form.with_chosen_bank()
        elif "test" in request.POST:
            verdict = bank.ask(form.kind, form.bank_settings)
            form = form.unjudged()
        elif done := save(form, lambda: _configure(request, form, pk)):
            messages.success(request, _("la régie « %(name)s » est enregistrée.") % {"name": done})
            return redirect("crm:settings_regie", done.pk)
    context = {"form": form, "verdict": verdict, "regie": known, "history": history(known), "usage": _usage(known)}
    return render_page(
        request,
        "crm/settings/regie.html",
        {**context, "title": known or _("Nouvelle régie"), "back": back_to("settings_regies", _("Régies"))},
    )


def _configure(request: AgentRequest, form: RegieForm, pk: int | None) -> Regie:
    """Save the régie and who answers for it, both or neither."""
    at = days.now()
    with transaction.atomic():
        done = operations.configure_regie(regie_id=pk, values=form.values, actor=request.actor, at=at)
        if set(form.agent_ids) != set(form.initial["agents"]):
            operations.give_mandates(regie_id=done.pk, agent_ids=form.agent_ids, actor=request.actor, at=at)
    return done


def _usage(known: Regie | None) -> usages.Shown | None:
    return usages.shown(usage.of_regie(known), regie=known.pk) if known else None


def _bank_of(one: Regie) -> str:
    return registry.GATEWAYS[one.gateway].name if one.gateway in registry.GATEWAYS else one.gateway


def _mode_of(one: Regie) -> str:
    if one.gateway not in registry.GATEWAYS:
        return ""
    words = next((field.choices for field in registry.settings_fields(one.gateway) if field.name == "mode"), {})
    mode = one.gateway_settings.get("mode", "")
    return _(words[mode]) if mode in words else ""
