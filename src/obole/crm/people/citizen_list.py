"""The list of usagers: its filters, its columns, its files."""

import django_filters as filters
import django_tables2 as tables
from django import forms
from django.db.models import Case, QuerySet, When
from django.http import HttpResponse, QueryDict
from django.utils.translation import gettext as _, gettext_lazy
from django_tables2.utils import Accessor

from obole.crm.bulk.list_file import ListFile, file_view
from obole.crm.bulk.selection import Source, selection_of, selection_view
from obole.crm.shared import scopes
from obole.crm.shared.columns import TITLE
from obole.crm.shared.filters import TICKS, ListFilter
from obole.crm.shared.lists import kept_list, keyset_table, list_page, tab
from obole.crm.shared.pages import render_page
from obole.directory import queries
from obole.directory.access import AgentRequest, for_agents
from obole.directory.models import Citizen, ListName
from obole.directory.rules import Right
from obole.lib import dates


class CitizenFilter(ListFilter):
    """Filters of the list of usagers."""

    q = filters.CharFilter(
        label=gettext_lazy("Nom, adresse électronique, téléphone, rue"), max_length=200, method="by_text"
    )
    kind = filters.MultipleChoiceFilter(label=gettext_lazy("Profil"), choices=Citizen.Kind.choices, widget=TICKS)
    no_email = filters.BooleanFilter(
        label=gettext_lazy("Sans adresse électronique"), widget=forms.CheckboxInput, method="without_email"
    )
    no_account = filters.BooleanFilter(
        label=gettext_lazy("Sans compte en ligne"), widget=forms.CheckboxInput, method="without_account"
    )

    class Meta(ListFilter.Meta):
        model = Citizen
        fields: tuple[str, ...] = ()

    def by_text(self, citizens: QuerySet[Citizen], name: str, value: str) -> QuerySet[Citizen]:
        """Keep who answers to a text."""
        return citizens.filter(pk__in=queries.search_citizens(value).values("pk"))

    def without_email(self, citizens: QuerySet[Citizen], name: str, value: bool) -> QuerySet[Citizen]:
        """Keep whom no mail reaches."""
        return citizens.filter(email="") if value else citizens

    def without_account(self, citizens: QuerySet[Citizen], name: str, value: bool) -> QuerySet[Citizen]:
        """Keep who cannot sign in."""
        return citizens.filter(user=None) if value else citizens


class CitizenTable(tables.Table):  # type: ignore[misc]  # untyped library
    """Citizens."""

    name = tables.Column(
        verbose_name=gettext_lazy("Nom"),
        accessor="display_name",
        attrs=TITLE,
        linkify=("crm:citizen", {"pk": Accessor("pk")}),
        order_by=("sort_key",),
    )
    kind = tables.Column(
        verbose_name=gettext_lazy("Profil"), accessor="get_kind_display", order_by=("kind", "sort_key")
    )
    email = tables.Column(verbose_name=gettext_lazy("Adresse électronique"), order_by=("email",), default="")
    phone = tables.Column(verbose_name=gettext_lazy("Téléphone"), order_by=("phone",), default="")
    account = tables.Column(
        verbose_name=gettext_lazy("Compte en ligne"),
        accessor="user_id",
        order_by=("has_account",),
        default=gettext_lazy("non"),
    )

    caption = gettext_lazy("Usagers")
    count_label = ""

    class Meta:
        template_name = "ui/table.html"
        empty_text = gettext_lazy("Aucun usager ne répond à ces critères.")

    def value_account(self, record: Citizen) -> str:
        """Say whether the citizen can sign in, for a file."""
        return _("non") if record.user_id is None else _("oui")

    def render_account(self) -> str:
        """Say whether the citizen can sign in."""
        return str(gettext_lazy("oui"))


@for_agents(Right.READ)
def citizens(request: AgentRequest) -> HttpResponse:
    """List the usagers, by name."""
    narrowed, selection = _narrowed_by(request, request.GET), selection_of(request, SOURCE)
    kept = kept_list(request, ListName.CITIZENS, CitizenTable)
    table = keyset_table(request, CitizenTable(narrowed.qs, **selection.with_boxes(kept.table_options)), kept)
    tabs = [
        tab(request, _("Tous")),
        tab(request, _("Associations et entreprises"), kind=["association", "company"]),
        tab(request, _("Sans adresse électronique"), no_email="true"),
        tab(request, _("Sans compte en ligne"), no_account="true"),
    ]
    context = {**list_page(request, table, narrowed, tabs, kept), "selection": selection}
    return render_page(request, "crm/people/citizens.html", context)


def _narrowed_by(request: AgentRequest, query: QueryDict) -> CitizenFilter:
    rows = scopes.citizens_seen_by(request.agent, Citizen.objects.defer("search_keys"))
    rows = rows.annotate(has_account=Case(When(user=None, then=0), default=1)).order_by("sort_key", "id")
    return CitizenFilter(query, rows, agent=request.agent, today=dates.day_of(dates.now()))


def _rows_of(request: AgentRequest, query: QueryDict) -> QuerySet[Citizen]:
    rows: QuerySet[Citizen] = CitizenTable(_narrowed_by(request, query).qs, order_by=query.getlist("sort")).data.data
    return rows


def _file_table(request: AgentRequest, rows: QuerySet[Citizen]) -> CitizenTable:
    return CitizenTable(rows, **kept_list(request, ListName.CITIZENS, CitizenTable).table_options)


SOURCE = Source(
    page="crm:citizens", address="crm:citizens_selection", named="display_name", rows=_rows_of, file="crm:citizens_file"
)
citizens_file = file_view(Right.READ, ListFile(SOURCE, "usagers", "citizens", _file_table))
citizens_selection = selection_view(Right.READ, SOURCE)
