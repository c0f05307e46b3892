"""« Suivi des relances »: what left at each step in a period, and what was paid soon after."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext as _, gettext_lazy

from obole.books.rules import Period
from obole.crm.bookkeeping.forms import PeriodForm
from obole.crm.shared import charts
from obole.crm.shared.pages import render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.models import Agent
from obole.directory.rules import Right
from obole.lib import dates
from obole.regies.models import Regie
from obole.reminders.queries import campaigns
from obole.ui.plots import GroupedPlot


class CampaignForm(PeriodForm):
    """A period, and the régies that are looked at: offered to who answers for some, and unknown to others."""

    regie = forms.ModelMultipleChoiceField(
        Regie.objects.none(), label=gettext_lazy("Régie"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, asked: Mapping[str, Any], *, agent: Agent, default: Period) -> None:
        super().__init__(asked, default=default)
        if agent.may(Right.MONEY):
            offered = cast("forms.ModelMultipleChoiceField[Regie]", self.fields["regie"])
            offered.queryset = Regie.objects.seen_by(agent).order_by("name", "id")
        else:
            del self.fields["regie"]


@for_agents(Right.READ)
def reminder_results(request: AgentRequest) -> HttpResponse:
    """Show what reminders did, step by step."""
    today = dates.day_of(dates.now())
    asked = request.GET.dict() | {"regie": request.GET.getlist("regie")}
    form = CampaignForm(asked, agent=request.agent, default=Period(today.replace(month=1, day=1), today))
    period, regies = form.period, form.cleaned_data.get("regie", []) if form.is_valid() else []
    rows = campaigns.results(request.agent, period.first, period.last, regies)
    context = {"form": form, "period": period, "rows": rows, "plot": _plot(rows) if rows else None}
    return render_page(request, "crm/invoices/reminder_results.html", context)


def _plot(rows: Sequence[campaigns.StepResult]) -> GroupedPlot:
    """Draw, for each step, how many were decided and how many were paid soon after."""
    series = {_("Décidées"): [row.decided for row in rows], _("Payées dans les sept jours"): [row.paid for row in rows]}
    columns = [_("Relance %(step)s") % {"step": row.step} for row in rows]
    return charts.side_by_side(_("Relances, et factures payées dans les sept jours"), columns, series)
