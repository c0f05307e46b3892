"""What the lists share: rows, filters that are on, columns, tabs, and how many there are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.http import urlencode
from django.utils.translation import gettext as _, ngettext
from django_tables2 import RequestConfig

from obole.billing import queries as billing
from obole.crm.shared.filters import ListFilter
from obole.crm.shared.keyset import KeysetPaginator
from obole.crm.shared.pages import COUNTED, CappedPaginator
from obole.directory.access import AgentRequest
from obole.lib import money

ROWS = 25
ROWS_OFFERED = (25, 50, 100)


@dataclass(frozen=True)
class Tab:
    """A view of a list that agents open often."""

    label: str
    url: str
    current: bool


def tab(request: AgentRequest, label: str, **query: Any) -> Tab:
    """Return a tab; it is current when the list is filtered by it and by nothing else."""
    asked = {name: request.GET.getlist(name) for name in request.GET if name not in ("page", "sort", "columns")}
    wanted = {
        name: [str(item) for item in (value if isinstance(value, list) else [value])] for name, value in query.items()
    }
    return Tab(label, f"?{urlencode(wanted, doseq=True)}", asked == wanted)


def sorted_table(request: AgentRequest, table: Any) -> Any:
    """Sort and page a table as the address asks."""
    RequestConfig(request, paginate={"per_page": ROWS, "paginator_class": CappedPaginator}).configure(table)
    return table


def keyset_table(request: AgentRequest, table: Any) -> Any:
    """Sort a table as the address asks, and page it from the row where the page before ended: for long lists."""
    RequestConfig(request, paginate=False).configure(table)
    table.paginate(paginator_class=KeysetPaginator, per_page=rows_asked(request), page=request.GET.get("page", ""))
    return table


def rows_asked(request: AgentRequest) -> int:
    """Return how many rows the address asks for on a page."""
    asked = request.GET.get("rows", "")
    return int(asked) if asked in map(str, ROWS_OFFERED) else ROWS


def list_page(request: AgentRequest, table: Any, narrowed: ListFilter, tabs: Sequence[Tab]) -> dict[str, Any]:
    """Return what the template of a list needs."""
    kept = [(name, value) for name in request.GET for value in request.GET.getlist(name)]
    return {
        "table": table,
        "filter": narrowed,
        "chips": narrowed.chips(),
        "tabs": tabs,
        "open": bool(narrowed.form.errors),
        "sorted": [(name, value) for name, value in kept if name == "sort"],
        "kept": [(name, value) for name, value in kept if name not in ("columns", "page")],
    }


def is_count_capped(table: Any) -> bool:
    """Tell whether there are more rows than are counted."""
    return bool(table.paginator.is_capped)


def invoices_in_words(table: Any, invoices: QuerySet[Any]) -> str:
    """Write how many invoices the filters keep and what they amount to; no sum beyond what is counted."""
    if is_count_capped(table):
        return _("plus de %(n)s factures") % {"n": f"{COUNTED:,}".replace(",", money.NARROW_SPACE)}
    count = table.paginator.count
    if not count:
        return _("aucune facture")
    total, due = billing.totals(invoices)
    words = ngettext("%(n)d facture — %(total)s, dû %(due)s", "%(n)d factures — %(total)s, dû %(due)s", count)
    return words % {"n": count, "total": money.euros(total), "due": money.euros(due)}


def chosen_columns(request: AgentRequest, name: str, *, known: Iterable[str], default: Sequence[str]) -> list[str]:
    """Return the columns to show: those just chosen, which the session then remembers, else the remembered ones."""
    key = f"crm.columns.{name}"
    if "columns" in request.GET:
        request.session[key] = [item for item in known if item in request.GET.getlist("columns")]
    remembered = request.session.get(key) or default
    return [item for item in known if item in remembered]
