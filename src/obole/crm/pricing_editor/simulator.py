"""« Simulateur »: what a pricing makes of answers, before any family sees it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _, gettext_lazy

from obole.catalogue import queries
from obole.catalogue.forms.pricing_questions import AnswersForm
from obole.catalogue.models import PricingDraft, PricingVersion, Scheme
from obole.crm.pricing_editor import summary
from obole.crm.shared import pricing_preview
from obole.crm.shared.pages import render_page
from obole.crm.shared.settings_pages import back_to
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.pricing.engine.compiled_pricing import Compiled, compile_pricing
from obole.pricing.model.parts import Pricing
from obole.pricing.model.problems import Refused
from obole.pricing.text import codec
from obole.ui.forms import DayInput

DRAFT = 0
"""The number of what has none yet: versions begin at 1."""


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
        self, data: Any = None, *, trials: Sequence["Trial"], pricings: Iterable[Pricing], **options: Any
    ) -> None:
        super().__init__(data, pricings=pricings, **options)
        choices = [(trial.number, trial.name) for trial in trials]
        self.fields["version"].choices = choices  # type: ignore[attr-defined]  # declared above
        self.fields["other"].choices = [("", _("Aucune autre version")), *choices]  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Trial:
    """What can be tried: the draft, or a version."""

    number: int
    name: str
    compile: Callable[[], Compiled]

    @cached_property
    def compiled(self) -> Compiled:
        """The pricing, ready to price: only what is asked for is."""
        return self.compile()


@for_agents(Right.CONFIGURE)
def simulator(request: AgentRequest, pk: int) -> HttpResponse:
    """Ask the questions of a pricing, and say what the answers come to, in one version or in two."""
    scheme = get_object_or_404(Scheme, pk=pk)
    draft = queries.pricing_draft(scheme)
    trials, problems = _trials(scheme, draft)
    if not trials and draft is None:
        raise Http404(f"{scheme} has no pricing")
    context = {
        "scheme": scheme,
        "problems": problems,
        **(_tried(request, trials) if trials else {}),
        "back": back_to("settings_pricing", _("Tarification"), scheme.pk),
    }
    return render_page(request, "crm/pricing_editor/simulator.html", context)


def _trials(scheme: Scheme, draft: PricingDraft | None) -> tuple[list[Trial], list[tuple[str, str]]]:
    """
    Return what can be tried, the draft first, then the versions from the newest on; and what is wrong with a draft
    that cannot be.
    """
    versions = [
        Trial(version.number, _("Version %(number)d") % {"number": version.number}, _reader(version))
        for version in queries.pricings_of(scheme)
    ]
    if draft is None:
        return versions, []
    pricing = codec.parse(draft.pricing)
    try:
        compiled = compile_pricing(pricing)
    except Refused as refusal:
        return versions, summary.problem_links(scheme.pk, pricing, list(refusal.problems))
    return [Trial(DRAFT, _("Brouillon"), lambda: compiled), *versions], []


def _reader(version: PricingVersion) -> Callable[[], Compiled]:
    return lambda: queries.compiled_pricing_of(version)


def _tried(request: AgentRequest, trials: list[Trial]) -> dict[str, Any]:
    chosen = _chosen(trials, request.POST.get("version", "")) or trials[0]
    other = _chosen([trial for trial in trials if trial != chosen], request.POST.get("other", ""))
    asked: dict[str, Any] = {
        "trials": trials,
        "pricings": [trial.compiled.pricing for trial in (chosen, other) if trial],
    }
    if request.method == "POST":
        form = SimulatorForm.sent(request.POST, **asked)
    else:
        form = SimulatorForm(initial={"on": dates.day_of(dates.now()), "version": chosen.number}, **asked)
    found = _found(form, chosen, other) if form.is_valid() else {"priced": None, "compared": None}
    return {"form": form, "chosen": chosen, "other": other, **found}


def _chosen(trials: list[Trial], typed: str) -> Trial | None:
    return next((trial for trial in trials if str(trial.number) == typed), None)


def _found(form: SimulatorForm, chosen: Trial, other: Trial | None) -> dict[str, Any]:
    """Price the answers, and say in the form what is wrong with them."""
    on, answers = form.cleaned_data["on"], form.answers
    result, problems = pricing_preview.try_pricing(chosen.compiled, answers, on=on)
    second, others = pricing_preview.try_pricing(other.compiled, answers, on=on) if other else (None, ())
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
