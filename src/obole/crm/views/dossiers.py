"""The list of dossiers."""

from django.http import HttpResponse
from django.utils.translation import gettext as _

from obole.crm.filters import DossierFilter
from obole.crm.lists import Tab, configured, listed, tab
from obole.crm.pages import render_page
from obole.crm.tables import DossierTable
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.dossiers import queries
from obole.lib import days


@for_agents(Right.REVIEW)
def dossiers(request: AgentRequest) -> HttpResponse:
    """List the dossiers that were submitted, newest first."""
    rows = queries.to_list().order_by("-submitted_at", "-id")
    narrowed = DossierFilter(request.GET, rows, agent=request.agent, today=days.day_of(days.now()))
    table = configured(request, DossierTable(narrowed.qs))
    return render_page(request, "crm/dossiers.html", listed(request, table, narrowed, _tabs(request)))


def _tabs(request: AgentRequest) -> list[Tab]:
    return [
        tab(request, _("Tous")),
        tab(request, _("À instruire"), state=["submitted", "in_review"]),
        tab(request, _("Les miens, en instruction"), state=["in_review"], agent=[request.agent.pk]),
        tab(request, _("À compléter"), state=["incomplete"]),
        tab(request, _("Acceptés"), state=["accepted"]),
    ]
