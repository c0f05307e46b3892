"""« Simulateur »: what a pricing makes of answers, before any family sees it."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _, gettext_lazy

from obole.catalogue import queries
from obole.catalogue.forms.pricing_questions import AnswersForm
from obole.catalogue.models import PricingVersion, Scheme
from obole.crm.shared import pricing_preview
from obole.crm.shared.pages import render_page
from obole.crm.shared.settings_pages import back_to
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.pricing.model.parts import Pricing
from obole.ui.forms import DayInput


class SimulatorForm(AnswersForm):
    """A day, one version or two, and the answers."""

    on = forms.DateField(
        label=gettext_lazy("Date"),
        widget=DayInput,
        help_text=gettext_lazy("Elle choisit les tarifs en vigueur ce jour-là."),
    )
    version = forms.TypedChoiceField(label=gettext_lazy("Version"), coerce=int)
    other = forms.TypedChoiceField(label=gettext_lazy("Comparer avec"), coerce=int, required=False, empty_value=None)

    def __init__(
        self, data: Any = None, *, versions: Sequence[PricingVersion], pricings: Iterable[Pricing], **options: Any
    ) -> None:
        super().__init__(data, pricings=pricings, **options)
        choices = [(version.number, _named(version)) for version in versions]
        self.fields["version"].choices = choices  # type: ignore[attr-defined]  # declared above
        self.fields["other"].choices = [("", _("Aucune autre version")), *choices]  # type: ignore[attr-defined]


def _named(version: PricingVersion) -> str:
    return _("Version %(number)d") % {"number": version.number}


@for_agents(Right.CONFIGURE)
def simulator(request: AgentRequest, pk: int) -> HttpResponse:
    """Ask the questions of a pricing, and say what the answers come to, in one version or in two."""
    scheme = get_object_or_404(Scheme, pk=pk)
    versions = list(queries.pricings_of(scheme))
    if not versions:
        raise Http404(f"{scheme} has no pricing")
    chosen = _chosen(versions, request.POST.get("version", "")) or versions[0]
    other = _chosen([version for version in versions if version != chosen], request.POST.get("other", ""))
    asked: dict[str, Any] = {
        "versions": versions,
        "pricings": [queries.compiled_pricing_of(item).pricing for item in (chosen, other) if item],
    }
    if request.method == "POST":
        form = SimulatorForm.sent(request.POST, **asked)
    else:
        form = SimulatorForm(initial={"on": dates.day_of(dates.now()), "version": chosen.number}, **asked)
    found = _found(form, chosen, other) if form.is_valid() else {"priced": None, "compared": None}
    context = {"form": form, "scheme": scheme, "chosen": chosen, "other": other, **found}
    back = back_to("settings_pricing", _("Tarification"), scheme.pk)
    return render_page(request, "crm/pricing_editor/simulator.html", {**context, "back": back})


def _chosen(versions: list[PricingVersion], typed: str) -> PricingVersion | None:
    return next((version for version in versions if str(version.number) == typed), None)


def _found(form: SimulatorForm, chosen: PricingVersion, other: PricingVersion | None) -> dict[str, Any]:
    """Price the answers, and say in the form what is wrong with them."""
    on, answers = form.cleaned_data["on"], form.answers
    result, problems = pricing_preview.preview(chosen, answers, on=on)
    second, others = pricing_preview.preview(other, answers, on=on) if other else (None, ())
    told = {problem.message: problem for problem in (*problems, *others)}
    form.tell(told.values())
    return {
        "priced": pricing_preview.bill(result),
        "complete": not told,
        "compared": pricing_preview.compare_previews(result, second) if second else None,
        "totals": pricing_preview.PreviewComparison(_("Total"), result.total_cents, second.total_cents)
        if second
        else None,
    }
