"""The journal à souche: the quittances of the counter by their number, without a gap."""

from collections.abc import Iterable, Sequence
from typing import Any

import django_filters as filters
import django_tables2 as tables
from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _, gettext_lazy
from django_tables2.utils import Accessor

from obole.books.queries import received
from obole.books.rules import month_of
from obole.crm.bookkeeping import books, movements
from obole.crm.bookkeeping.journal import asked_or_month, period_of, said
from obole.crm.shared.columns import MAIN, AmountColumn, DayColumn
from obole.crm.shared.filters import AmountFilter, DayFilter, ListFilter
from obole.crm.shared.lists import list_page, sorted_table, tab
from obole.directory.access import AgentRequest, after_reauthentication, for_agents
from obole.directory.models import Agent
from obole.directory.rules import Right
from obole.lib import dates, money
from obole.lib.tables import Cell, Column, Kind, Table
from obole.payments.models import Receipt
from obole.regies.models import Regie

ONLINE = (Receipt.Means.CARD, Receipt.Means.DEBIT)
COUNTER = [(means.value, means.label) for means in Receipt.Means if means not in ONLINE]


class QuittanceFilter(movements.MoneyFilter):
    """Filters of the journal à souche."""

    q = filters.CharFilter(label=gettext_lazy("Numéro, facture, référence, payeur"), method="by_text")
    first = DayFilter("entry__booked_at", label=gettext_lazy("Du"))
    last = DayFilter("entry__booked_at", last=True, label=gettext_lazy("Au"))
    least = AmountFilter("cents", lookup_expr="gte", label=gettext_lazy("Montant, au moins"))
    most = AmountFilter("cents", lookup_expr="lte", label=gettext_lazy("Montant, au plus"))

    class Meta(ListFilter.Meta):
        model = Receipt
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.filters["means"].extra["choices"] = COUNTER

    def by_text(self, rows: QuerySet[Receipt], name: str, value: str) -> QuerySet[Receipt]:
        """Keep what answers to a text."""
        return rows.filter(received.matching("", value))

    def by_agent(self, rows: QuerySet[Receipt], name: str, value: Agent) -> QuerySet[Receipt]:
        """Keep what an agent took."""
        return rows.filter(taken_by__id=value.actor.id)


class QuittanceTable(tables.Table):  # type: ignore[misc]  # untyped library
    """Quittances."""

    number = tables.Column(
        verbose_name=gettext_lazy("Quittance"),
        attrs=MAIN,
        linkify=("crm:receipt", {"pk": Accessor("pk")}),
        order_by=("year", "sequence"),
    )
    received_at = DayColumn(verbose_name=gettext_lazy("Le"), order_by=("entry__booked_at", "pk"))
    payer = tables.Column(verbose_name=gettext_lazy("Payé par"), empty_values=(), orderable=False)
    invoice = tables.Column(
        verbose_name=gettext_lazy("Facture"),
        accessor="invoice__number",
        linkify=("crm:invoice", {"pk": Accessor("invoice_id")}),
        order_by=("invoice__number", "pk"),
    )
    means = tables.Column(verbose_name=gettext_lazy("Moyen"), order_by=("means", "pk"))
    taken_by = tables.Column(verbose_name=gettext_lazy("Agent"), accessor="taken_by__name", order_by=("taken_by", "pk"))
    fate = tables.Column(verbose_name=gettext_lazy("Repris"), empty_values=(), orderable=False)
    cents = AmountColumn(verbose_name=gettext_lazy("Montant €"), order_by=("cents", "pk"))

    caption = gettext_lazy("Quittances")
    count_label = ""

    class Meta:
        template_name = "ui/table.html"
        empty_text = gettext_lazy("Aucune quittance.")

    def render_payer(self, record: Receipt) -> str:
        """Write who paid."""
        return received.payer_of(record)

    def render_means(self, value: str, record: Receipt) -> str:
        """Write the means, with the number of the cheque or of the transfer."""
        return " ".join(part for part in (movements.means_name(record.means), record.reference) if part)

    def render_fate(self, record: Receipt) -> str:
        """Write when and why it was taken back."""
        return _fate(record)


@for_agents(Right.MONEY)
def quittances(request: AgentRequest, pk: int) -> HttpResponse:
    """Show the journal à souche, of this month if nothing else is asked for."""
    regie = books.seen_regie(request, pk)
    asked = asked_or_month(request)
    narrowed = _narrowed(request, regie, asked)
    table = sorted_table(request, QuittanceTable(narrowed.qs))
    means = [
        movements.TotalRow(movements.means_name(one.key), one, movements.with_query(asked, means=one.key))
        for one in received.quittances_by(narrowed.qs, "means")
    ]
    bounds = movements.bounds_of(narrowed)
    days = [
        movements.day_row(one, asked, bounds=bounds, monthly=False)
        for one in received.quittances_by(narrowed.qs, "day")
    ]
    totals = movements.Totals(received.summed(row.sums for row in means), means, days)
    table.count_label = _in_words(totals.whole)
    tabs = [tab(request, _("Tout"), first="", last=""), tab(request, _("Ce mois"), **said(month_of(narrowed.today)))]
    context = {**list_page(request, table, narrowed, tabs), "totals": totals, "asked": asked.urlencode()}
    return books.render_book(request, regie, "book_quittances", context)


@for_agents(Right.MONEY)
@after_reauthentication(reading=True)
def quittances_file(request: AgentRequest, pk: int, kind: str) -> HttpResponseBase:
    """Give the journal à souche as a file, or as a paper to sign."""
    regie = books.seen_regie(request, pk)
    narrowed = _narrowed(request, regie, asked_or_month(request))
    period = period_of(regie, narrowed)
    return books.file_of(request, regie, kind, name="quittances", period=period, make=lambda: _file_table(narrowed.qs))


def _narrowed(request: AgentRequest, regie: Regie, asked: QueryDict) -> QuittanceFilter:
    rows = received.quittances(regie)
    return QuittanceFilter(asked, rows, agent=request.agent, today=dates.day_of(dates.now()))


def _in_words(whole: received.Received) -> str:
    words = {"n": whole.count, "came": money.euros(whole.came), "back": money.euros(whole.back)}
    return _("%(n)s quittances — %(came)s, dont %(back)s repris depuis") % words


def _fate(quittance: Receipt) -> str:
    reversal = getattr(quittance, "reversal", None)
    return f"{dates.format_short(dates.day_of(reversal.at))} {reversal.get_kind_display()}" if reversal else ""


def _file_table(rows: QuerySet[Receipt]) -> Table:
    columns = [
        Column(_("Quittance")),
        Column(_("Date"), Kind.DAY),
        Column(_("Payé par")),
        Column(_("Facture")),
        Column(_("Moyen")),
        Column(_("Référence")),
        Column(_("Agent")),
        Column(_("Repris")),
        Column(_("Montant €"), Kind.AMOUNT),
    ]
    whole = received.summed(received.quittances_by(rows, "means"))
    blank: list[Cell] = [None] * (len(columns) - 2)
    return Table(_("Journal à souche des quittances"), columns, _file_rows(rows), [_("Total"), *blank, whole.came])


def _file_rows(rows: QuerySet[Receipt]) -> Iterable[Sequence[Cell]]:
    for row in rows.iterator(chunk_size=movements.CHUNK):
        yield [
            row.number,
            dates.day_of(row.entry.booked_at),
            received.payer_of(row),
            (row.invoice.number or "") if row.invoice else "",
            movements.means_name(row.means),
            row.reference,
            row.taken_by.name if row.taken_by else "",
            _fate(row),
            row.cents,
        ]
