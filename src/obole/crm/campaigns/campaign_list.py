"""The campaigns that an agent handles."""

import django_tables2 as tables
from django.db.models import Count, Q, Sum
from django.http import HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy
from django_tables2.utils import Accessor

from obole.campaigns import queries
from obole.campaigns.models import Campaign, Outcome
from obole.crm.shared import badges
from obole.crm.shared.columns import MAIN, STATUS, AmountColumn, DayColumn
from obole.crm.shared.lists import sorted_table
from obole.crm.shared.pages import render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates

BILLED = (Outcome.DRAFTED, Outcome.ISSUED)
NUMBER = {"th": {"class": "num"}, "td": {"class": "num"}}


class CampaignTable(tables.Table):  # type: ignore[misc]  # untyped library
    """Campaigns, newest first."""

    period = tables.Column(
        verbose_name=gettext_lazy("Période"),
        attrs=MAIN,
        linkify=("crm:campaign", {"pk": Accessor("pk")}),
        order_by=("first", "pk"),
    )
    type = tables.Column(verbose_name=gettext_lazy("Type de facture"), accessor="type__name")
    dossiers = tables.Column(verbose_name=gettext_lazy("Dossiers"), attrs=NUMBER, order_by=("dossiers", "pk"))
    billed = tables.Column(verbose_name=gettext_lazy("Factures"), attrs=NUMBER, order_by=("billed", "pk"))
    cents = AmountColumn(verbose_name=gettext_lazy("Total €"), order_by=("cents", "pk"), empty_values=())
    opened_at = DayColumn(verbose_name=gettext_lazy("Ouverte"), order_by=("opened_at", "pk"))
    opened_by = tables.Column(verbose_name=gettext_lazy("Par"), orderable=False)
    state = tables.Column(verbose_name=gettext_lazy("Statut"), attrs=STATUS, order_by=("state", "-opened_at", "pk"))

    caption = gettext_lazy("Campagnes de facturation")
    count_label = ""

    class Meta:
        template_name = "ui/table.html"
        empty_text = gettext_lazy("Aucune campagne.")

    def render_cents(self, value: int | None) -> str:
        """Write what the invoices come to; nothing billed is zero."""
        return AmountColumn.render(self.columns["cents"].column, value or 0)

    def render_state(self, record: Campaign) -> SafeString:
        """Draw the state."""
        return badges.campaign_badge(record)


@for_agents(Right.REVIEW)
def campaigns(request: AgentRequest) -> HttpResponse:
    """List the campaigns, with those that should have been deposited and are not."""
    billed = Q(rows__outcome__in=BILLED)
    rows = queries.campaigns_of(request.agent).annotate(
        dossiers=Count("rows"), billed=Count("rows", filter=billed), cents=Sum("rows__cents", filter=billed)
    )
    late = queries.late_campaigns(request.agent, today=dates.day_of(dates.now()))
    return render_page(
        request, "crm/campaigns/campaigns.html", {"table": sorted_table(request, CampaignTable(rows)), "late": late}
    )
