"""« Simulateur »: what a pricing makes of answers, before any family sees it."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from obole.catalogue import queries
from obole.catalogue.models import PricingVersion, Scheme
from obole.crm import pricings
from obole.crm.forms_settings.simulator import SimulatorForm
from obole.crm.pages import render_page
from obole.crm.views.settings.common import back_to
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import days


@for_agents(Right.CONFIGURE)
def simulator(request: AgentRequest, pk: int) -> HttpResponse:
    """Ask the questions of a pricing, and say what the answers come to, in one version or in two."""
    scheme = get_object_or_404(Scheme, pk=pk)
    versions = list(queries.pricings_of(scheme))
    if not versions:
        raise Http404(f"{scheme} has no pricing")
    chosen = _chosen(versions, request.POST.get("version", "")) or versions[0]
    other = _chosen([one for one in versions if one != chosen], request.POST.get("other", ""))
    asked: dict[str, Any] = {
        "versions": versions,
        "pricings": [queries.compiled(one).pricing for one in (chosen, other) if one],
    }
    if request.method == "POST":
        form = SimulatorForm.sent(request.POST, **asked)
    else:
        form = SimulatorForm(initial={"on": days.day_of(days.now()), "version": chosen.number}, **asked)
    found = _found(form, chosen, other) if form.is_valid() else {"priced": None, "compared": None}
    context = {"form": form, "scheme": scheme, "chosen": chosen, "other": other, **found}
    back = back_to("settings_pricing", _("Tarification"), scheme.pk)
    return render_page(request, "crm/settings/simulator.html", {**context, "back": back})


def _chosen(versions: list[PricingVersion], typed: str) -> PricingVersion | None:
    return next((one for one in versions if str(one.number) == typed), None)


def _found(form: SimulatorForm, chosen: PricingVersion, other: PricingVersion | None) -> dict[str, Any]:
    """Price the answers, and say in the form what is wrong with them."""
    on, answers = form.cleaned_data["on"], form.answers
    result, problems = pricings.preview(chosen, answers, on=on)
    second, others = pricings.preview(other, answers, on=on) if other else (None, ())
    told = {one.message: one for one in (*problems, *others)}
    form.tell(told.values())
    return {
        "priced": pricings.bill(result), "complete": not told,
        "compared": pricings.compare(result, second) if second else None,
        "totals": pricings.Compared(_("Total"), result.total_cents, second.total_cents) if second else None,
    }  # fmt: skip
