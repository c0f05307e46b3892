"""One box for everything that an agent may look for."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse

from obole.billing import queries as billing
from obole.crm.dossiers.dossier_table import DossierTable
from obole.crm.invoices.invoice_table import InvoiceTable
from obole.crm.money.attempts import AttemptTable
from obole.crm.people.citizen_list import CitizenTable
from obole.crm.shared import scopes
from obole.crm.shared.forms import SearchForm
from obole.crm.shared.pages import render_page
from obole.crm.shared.sidebar import sees_money
from obole.directory import queries as directory
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.dossiers import queries as dossiers
from obole.lib import dates, typed_numbers
from obole.payments import display_status, queries as payments

MOST = 10
"""Of each kind; the lists show the rest."""
SHORTEST_PHONE = 6


@for_agents(Right.READ)
def search(request: AgentRequest) -> HttpResponse:
    """Show the invoices, dossiers, citizens and transactions that answer to a text."""
    form = SearchForm(request.GET)
    text = form.cleaned_data["q"].strip() if form.is_valid() else ""
    found = _found(request, text) if text else {}
    context = {"search_text": text, "found": found, "nothing": text and not any(found.values()), "most": MOST}
    return render_page(request, "crm/people/search.html", context)


def _found(request: AgentRequest, text: str) -> dict[str, Any]:
    listed = display_status.with_progress(
        billing.listed(billing.invoices_to_list(request.agent)).order_by("-issued_at", "-id")
    )
    rows: dict[str, QuerySet[Any]] = {
        # An agent may be asked about a payment: its reference leads to an invoice that they see, and no further.
        "invoices": payments.search_invoices(listed, text),
        "dossiers": dossiers.search(dossiers.dossiers_to_list(request.agent), text).order_by("-submitted_at", "-id"),
    }
    if typed_numbers.parse_number(text) is None or len(text) >= SHORTEST_PHONE:
        people = scopes.citizens_seen_by(request.agent, directory.search_citizens(text))
        rows["citizens"] = people.order_by("sort_key", "id")
    if sees_money(request.agent):
        rows["attempts"] = payments.attempts_matching(payments.attempts_to_list(request.agent), text)
    first = {name: list(some[:MOST]) for name, some in rows.items()}
    return {name: _table(name, some) for name, some in first.items() if some}


def _table(name: str, rows: list[Any]) -> Any:
    tables = {"dossiers": DossierTable, "citizens": CitizenTable, "attempts": AttemptTable}
    if name == "invoices":
        hidden = ("regie", "period", "paid_at", "received_cents")
        return InvoiceTable(rows, today=dates.day_of(dates.now()), exclude=hidden, orderable=False)
    return tables[name](rows, orderable=False)
