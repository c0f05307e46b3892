"""Where an invoice stands in the list that it was opened from: the way back to it, and the rows beside."""

from typing import Any

from django.http import QueryDict

from obole.billing import queries as billing
from obole.billing.models import Invoice
from obole.crm.invoices.invoice_list import rows_of
from obole.crm.shared.keyset import neighbours
from obole.directory import rules
from obole.directory.access import AgentRequest

KEY = "liste"
LONGEST = 2000


def list_around(request: AgentRequest, one: Invoice) -> dict[str, Any]:
    """Return the list as the address keeps it, and the invoices before and after; nothing where it keeps none."""
    kept = request.GET.get(KEY)
    if kept is None:
        return {"list_query": None, "before": None, "after": None}
    query = rules.query_to_keep(QueryDict(kept[:LONGEST]))
    row = billing.invoices_to_list(request.agent).filter(pk=one.pk).first()
    found = (None, None) if row is None else neighbours(rows_of(request, QueryDict(query)), row)
    return {"list_query": query, "before": found[0], "after": found[1]}
