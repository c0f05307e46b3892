"""The list of refunds: its filters, its columns, its files."""

from typing import Any

import django_filters as filters
import django_tables2 as tables
from django.db.models import Q, QuerySet
from django.http import HttpResponse, QueryDict
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _, gettext_lazy
from django_tables2.utils import Accessor

from obole.crm.bulk.list_file import ListFile, file_view
from obole.crm.bulk.selection import Source, selection_of, selection_view
from obole.crm.shared import badges
from obole.crm.shared.columns import MAIN, STATUS, AmountColumn, DayColumn
from obole.crm.shared.filters import TICKS, AmountFilter, DayFilter, ListFilter, offer_regies
from obole.crm.shared.lists import keyset_table, list_page, tab
from obole.crm.shared.pages import render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates, texts
from obole.payments import queries
from obole.payments.models import Refund
from obole.payments.refund_states import RefundState
from obole.regies.models import Regie


class RefundFilter(ListFilter):
    """Filters of the list of refunds."""

    q = filters.CharFilter(label=gettext_lazy("Encaissement, payeur"), method="by_text")
    state = filters.MultipleChoiceFilter(label=gettext_lazy("Statut"), choices=RefundState.choices, widget=TICKS)
    regie = filters.ModelMultipleChoiceFilter(
        label=gettext_lazy("Régie"), queryset=lambda request: Regie.objects.none(), widget=TICKS
    )
    requested_from = DayFilter("requested_at", label=gettext_lazy("Demandé depuis le"))
    requested_to = DayFilter("requested_at", last=True, label=gettext_lazy("Demandé jusqu’au"))
    amount_from = AmountFilter(field_name="cents", lookup_expr="gte", label=gettext_lazy("Montant à partir de"))
    amount_to = AmountFilter(field_name="cents", lookup_expr="lte", label=gettext_lazy("Montant jusqu’à"))

    class Meta(ListFilter.Meta):
        model = Refund
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        offer_regies(self)

    def by_text(self, refunds: QuerySet[Refund], name: str, value: str) -> QuerySet[Refund]:
        """Keep those of a receipt, or of who paid."""
        key = texts.fold(value)
        return refunds.filter(
            Q(receipt__number__iexact=value.strip())
            | Q(receipt__invoice__payer__sort_key__contains=key)
            | Q(receipt__attempt__invoice__payer__sort_key__contains=key)
        )


class RefundTable(tables.Table):  # type: ignore[misc]  # untyped library
    """Refunds."""

    receipt = tables.Column(
        verbose_name=gettext_lazy("Encaissement"),
        accessor="receipt__number",
        attrs=MAIN,
        linkify=("crm:refund", {"pk": Accessor("pk")}),
        order_by=("receipt__number",),
    )
    payer = tables.Column(verbose_name=gettext_lazy("À rendre à"), empty_values=(), orderable=False)
    reason = tables.Column(verbose_name=gettext_lazy("Motif"), order_by=("reason",))
    requested_at = DayColumn(verbose_name=gettext_lazy("Demandé"), order_by=("requested_at",))
    requested_by = tables.Column(verbose_name=gettext_lazy("Par"), order_by=("requested_by",))
    regie = tables.Column(verbose_name=gettext_lazy("Régie"), accessor="regie__name", order_by=("regie__name",))
    cents = AmountColumn(verbose_name=gettext_lazy("Montant €"), order_by=("cents",))
    state = tables.Column(verbose_name=gettext_lazy("Statut"), attrs=STATUS, order_by=("state", "-requested_at"))

    caption = gettext_lazy("Remboursements")
    count_label = ""

    class Meta:
        template_name = "ui/table.html"
        empty_text = gettext_lazy("Aucun remboursement ne répond à ces critères.")

    def value_payer(self, record: Refund) -> str:
        """Name who paid."""
        return payer_of(record)

    def value_state(self, record: Refund) -> str:
        """Write the state, for a file."""
        return str(RefundState(record.state).label)

    def render_payer(self, record: Refund) -> str:
        """Name who paid: the payer of the invoice, else whom the quittance names."""
        return payer_of(record)

    def render_state(self, record: Refund) -> SafeString:
        """Draw the state."""
        return badges.refund_badge(record)


def payer_of(refund: Refund) -> str:
    """Name who gets money: its payer, or the comptable whom it was owed to."""
    if refund.payee == Refund.Payee.TREASURY:
        return str(Refund.Payee.TREASURY.label)
    receipt = refund.receipt
    invoice = receipt.attempt.invoice if receipt.attempt else receipt.invoice
    return invoice.payer.display_name if invoice else receipt.payer_name


@for_agents(Right.MONEY)
def refunds(request: AgentRequest) -> HttpResponse:
    """List the refunds on the agent's régies."""
    narrowed, selection = _narrowed_by(request, request.GET), selection_of(request, SOURCE)
    table = keyset_table(request, RefundTable(narrowed.qs, **selection.with_boxes({"sequence": ["..."]})))
    tabs = [
        tab(request, _("Tous")),
        tab(request, _("À approuver"), state="requested"),
        tab(request, _("À payer par le comptable"), state="approved"),
        tab(request, _("Faits"), state="done"),
        tab(request, _("Abandonnés"), state="given_up"),
    ]
    to_pay = (
        Regie.objects.acted_on_by(request.agent)
        .filter(refunds__in=Refund.objects.filter(state=RefundState.APPROVED, payee=Refund.Payee.PAYER))
        .distinct()
    )
    context = {**list_page(request, table, narrowed, tabs), "selection": selection}
    return render_page(request, "crm/money/refunds.html", {**context, "to_pay": to_pay.order_by("name", "id")})


def _narrowed_by(request: AgentRequest, query: QueryDict) -> RefundFilter:
    today = dates.day_of(dates.now())
    return RefundFilter(query, queries.refunds(request.agent), agent=request.agent, today=today)


def _rows_of(request: AgentRequest, query: QueryDict) -> QuerySet[Refund]:
    rows: QuerySet[Refund] = RefundTable(_narrowed_by(request, query).qs, order_by=query.getlist("sort")).data.data
    return rows


SOURCE = Source(
    page="crm:refunds", address="crm:refunds_selection", named="receipt", rows=_rows_of, file="crm:refunds_file"
)
refunds_file = file_view(
    Right.MONEY, ListFile(SOURCE, "remboursements", "refunds", lambda _request, rows: RefundTable(rows))
)
refunds_selection = selection_view(Right.MONEY, SOURCE)
