"""The list of dossiers: its filters, and what it shows."""

from typing import Any

import django_filters as filters
from django import forms
from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.utils.translation import gettext as _, gettext_lazy

from obole.bulk_actions.models import BulkVerb
from obole.catalogue.models import Scheme
from obole.crm.bulk.list_file import ListFile, file_view
from obole.crm.bulk.selection import Source, selection_of, selection_view
from obole.crm.dossiers.dossier_table import DossierTable
from obole.crm.dossiers.hands import ManyHandsForm
from obole.crm.shared.filters import TICKS, DayFilter, ListFilter, offer_schemes
from obole.crm.shared.lists import Tab, kept_list, keyset_table, list_page, tab
from obole.crm.shared.pages import render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.models import Agent, ListName
from obole.directory.rules import Right
from obole.dossiers import queries as dossier_queries
from obole.dossiers.models import Dossier
from obole.dossiers.states import DossierState
from obole.lib import dates


class DossierFilter(ListFilter):
    """Filters of the list of dossiers."""

    q = filters.CharFilter(label=gettext_lazy("Numéro, usager, dispositif"), method="by_text")
    state = filters.MultipleChoiceFilter(
        label=gettext_lazy("Statut"),
        choices=[choice for choice in DossierState.choices if choice[0] != "draft"],
        widget=TICKS,
    )
    scheme = filters.ModelMultipleChoiceFilter(
        label=gettext_lazy("Dispositif"), queryset=lambda request: Scheme.objects.none(), widget=TICKS
    )
    agent = filters.ModelMultipleChoiceFilter(
        label=gettext_lazy("Instructeur"), queryset=Agent.objects.order_by("name", "id"), widget=TICKS
    )
    completed = filters.BooleanFilter(
        label=gettext_lazy("Complété par l’usager"), widget=forms.CheckboxInput, method="by_completion"
    )
    submitted_from = DayFilter("submitted_at", label=gettext_lazy("Déposé depuis le"))
    submitted_to = DayFilter("submitted_at", last=True, label=gettext_lazy("Déposé jusqu’au"))

    class Meta(ListFilter.Meta):
        model = Dossier
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        offer_schemes(self)

    def by_text(self, rows: QuerySet[Dossier], name: str, value: str) -> QuerySet[Dossier]:
        """Keep what answers to a text."""
        return dossier_queries.search(rows, value)

    def by_completion(self, rows: QuerySet[Dossier], name: str, value: bool) -> QuerySet[Dossier]:
        """Keep those under review again, since what was missing came."""
        return dossier_queries.completed_since(rows) if value else rows


@for_agents(Right.READ)
def dossiers(request: AgentRequest) -> HttpResponse:
    """List the dossiers that were submitted, newest first."""
    narrowed, selection = _narrowed_by(request, request.GET), selection_of(request, SOURCE)
    kept = kept_list(request, ListName.DOSSIERS, DossierTable)
    table = keyset_table(request, DossierTable(narrowed.qs, **selection.with_boxes(kept.table_options)), kept)
    may_count = request.agent.may(Right.REVIEW)
    context = {**list_page(request, table, narrowed, _tabs(request), kept), "selection": selection}
    return render_page(request, "crm/dossiers/dossiers.html", {**context, "may_count": may_count})


def _narrowed_by(request: AgentRequest, query: QueryDict) -> DossierFilter:
    rows = dossier_queries.listed(dossier_queries.dossiers_to_list(request.agent)).order_by("-submitted_at", "-id")
    return DossierFilter(query, rows, agent=request.agent, today=dates.day_of(dates.now()))


def _rows_of(request: AgentRequest, query: QueryDict) -> QuerySet[Dossier]:
    rows: QuerySet[Dossier] = DossierTable(_narrowed_by(request, query).qs, order_by=query.getlist("sort")).data.data
    return rows


def _file_table(request: AgentRequest, rows: QuerySet[Dossier]) -> DossierTable:
    return DossierTable(rows, **kept_list(request, ListName.DOSSIERS, DossierTable).table_options)


SOURCE = Source(
    page="crm:dossiers",
    address="crm:dossiers_selection",
    named="reference",
    rows=_rows_of,
    verbs=(BulkVerb.TAKE_DOSSIERS, BulkVerb.ASSIGN_DOSSIERS),
    file="crm:dossiers_file",
    asks={BulkVerb.ASSIGN_DOSSIERS: ManyHandsForm},
)
dossiers_file = file_view(Right.READ, ListFile(SOURCE, "dossiers", "dossiers", _file_table))
dossiers_selection = selection_view(Right.READ, SOURCE)


def _tabs(request: AgentRequest) -> list[Tab]:
    return [
        tab(request, _("Tous")),
        tab(request, _("À instruire"), state=["submitted", "in_review"]),
        tab(request, _("Les miens, en instruction"), state=["in_review"], agent=[request.agent.pk]),
        tab(request, _("À compléter"), state=["incomplete"]),
        tab(request, _("Acceptés"), state=["accepted"]),
    ]
