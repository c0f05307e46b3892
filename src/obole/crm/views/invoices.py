"""The list of invoices: sort, filter, choose columns, add up, take away."""

from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext as _

from obole.billing import queries as billing
from obole.billing.models import Invoice
from obole.crm import exports
from obole.crm.filters import InvoiceFilter
from obole.crm.lists import Tab, chosen_columns, configured, invoices_in_words, listed, tab
from obole.crm.pages import render_page
from obole.crm.rail import sees_money
from obole.crm.tables import InvoiceTable
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import days
from obole.payments import standing

DEFAULT = ("number", "type", "payer", "dossier", "issued_at", "due_date", "total_cents", "remaining", "status")
ALWAYS = ("number",)


@for_agents(Right.REVIEW)
def invoices(request: AgentRequest) -> HttpResponse:
    """List the invoices that were issued, newest first."""
    today = days.day_of(days.now())
    columns, narrowed = _columns(request), _narrowed(request, today)
    rows = _sortable(request, narrowed.qs, today)
    table = InvoiceTable(rows, today=today, exclude=[name for name in InvoiceTable.base_columns if name not in columns])
    configured(request, table)
    table.count_label = summary = invoices_in_words(table, narrowed.qs)
    context = {
        **listed(request, table, narrowed, _tabs(request, today)),
        "summary": summary,
        "drafts": billing.drafts().count(),
        "held": billing.parts_left_behind(days.day_of(days.now())).count(),
        "offered": [(name, InvoiceTable.base_columns[name].verbose_name, name in columns) for name in _known(request)],
    }
    return render_page(request, "crm/invoices.html", context)


@for_agents(Right.REVIEW)
def invoices_export(request: AgentRequest) -> StreamingHttpResponse:
    """Give the filtered list as a file, in the order and with the columns of the screen."""
    today = days.day_of(days.now())
    rows = _sortable(request, _narrowed(request, today).qs, today)
    table = InvoiceTable(rows, today=today, order_by=request.GET.getlist("sort"))
    columns = exports.invoice_columns(_columns(request), today=today)
    return exports.as_csv(f"factures-{today.isoformat()}.csv", columns, table.data.data.iterator(chunk_size=1000))


def _narrowed(request: AgentRequest, today: date) -> InvoiceFilter:
    rows = billing.to_list().order_by("-issued_at", "-id")
    return InvoiceFilter(request.GET, rows, agent=request.agent, today=today)


def _sortable(request: AgentRequest, rows: QuerySet[Invoice], today: date) -> QuerySet[Invoice]:
    shown = billing.with_remaining(standing.with_progress(rows))
    by_status = {"status", "-status"} & set(request.GET.getlist("sort"))
    return standing.with_rank(shown, today=today) if by_status else shown


def _columns(request: AgentRequest) -> list[str]:
    chosen = chosen_columns(request, "invoices", known=_known(request), default=DEFAULT)
    return [name for name in _known(request) if name in chosen or name in ALWAYS]


def _known(request: AgentRequest) -> list[str]:
    names: list[str] = list(InvoiceTable.base_columns)
    return [name for name in names if name != "regie" or sees_money(request.agent)]


def _tabs(request: AgentRequest, today: date) -> list[Tab]:
    def one(label: str, **query: Any) -> Tab:
        return tab(request, label, **query)

    return [
        one(_("Toutes")),
        one(_("À payer"), status=["due", "part_paid"]),
        one(_("En retard"), status=["late"]),
        one(_("En cours de paiement"), status=["in_progress"]),
        one(_("Payées aujourd’hui"), paid_from=today.isoformat()),
        one(_("Refus de la semaine"), refused_from=(today - timedelta(days=6)).isoformat()),
    ]
