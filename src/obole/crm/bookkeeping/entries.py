"""One entry of the ledger, with its place in the chain, and the pieces that it is about."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from obole.books.queries import received
from obole.crm.bookkeeping.books import seen_regie
from obole.crm.shared.ledger_entries import entry_rows
from obole.crm.shared.pages import page_of, render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.regies import queries as regies


@for_agents(Right.MONEY)
def entry(request: AgentRequest, pk: int, number: int) -> HttpResponse:
    """Show an entry."""
    regie = seen_regie(request, pk)
    one = get_object_or_404(regies.entries(regie), number=number)
    page = page_of(request, received.receipts_about(one))
    context = {
        "regie": regie,
        "entry": one,
        "entries": entry_rows([one]),
        "page": page,
        "receipts": [(receipt, received.payer_of(receipt)) for receipt in page.object_list],
        "is_last": number == regie.entry_count,
    }
    return render_page(request, "crm/bookkeeping/entry.html", context)
