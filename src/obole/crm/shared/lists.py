"""What the lists share: rows, filters that are on, columns, tabs, and how many there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.http import urlencode
from django.utils.translation import gettext as _, ngettext
from django_tables2 import RequestConfig

from obole.billing import queries as billing
from obole.crm.shared.filters import ListFilter
from obole.crm.shared.keyset import KeysetPaginator
from obole.crm.shared.pages import CappedPaginator
from obole.directory import queries as directory, rules
from obole.directory.access import AgentRequest
from obole.directory.models import ListName, SavedList
from obole.lib import money
from obole.lib.sql import COUNTED

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
    narrowed = {name: value for name, value in wanted.items() if name != "sort"}
    return Tab(label, f"?{urlencode(wanted, doseq=True)}", asked == narrowed)


def sorted_table(request: AgentRequest, table: Any, *, rows: int = ROWS) -> Any:
    """Sort and page a table as the address asks."""
    RequestConfig(request, paginate={"per_page": rows, "paginator_class": CappedPaginator}).configure(table)
    return table


@dataclass(frozen=True)
class KeptList:
    """A list as an agent keeps it: its columns in their order, how many rows, how close, and its views."""

    name: ListName
    known: dict[str, Any]
    """Titles, by the name of the column."""
    hidden: Sequence[str]
    columns: list[str]
    rows: int
    is_dense: bool
    views: list[SavedList]

    @property
    def table_options(self) -> dict[str, Any]:
        """What a table is made with, to show these columns in this order."""
        return {"sequence": [*self.columns, "..."], "exclude": self.left_out}

    @property
    def left_out(self) -> list[str]:
        """The columns that are not shown, those that the agent may not see among them."""
        return [name for name in (*self.known, *self.hidden) if name not in self.columns]

    @property
    def offered(self) -> list[tuple[str, Any, bool, int]]:
        """Each column that can be shown: its name, its title, whether it is, and where."""
        order = [*self.columns, *(name for name in self.known if name not in self.columns)]
        return [(name, self.known[name], name in self.columns, rank) for rank, name in enumerate(order, start=1)]


def kept_list(
    request: AgentRequest, name: ListName, table: Any, *, default: Sequence[str] = (), hidden: Sequence[str] = ()
) -> KeptList:
    """
    Return how the agent keeps a list.

    :param table: the class of its table.
    :param default: the columns that who never chose sees; all of them if none is named.
    :param hidden: those that this agent may not see.
    """
    known = {key: column.verbose_name for key, column in table.base_columns.items() if key not in hidden}
    layout = directory.layout_of(request.agent, name)
    chosen = [key for key in (layout.columns if layout else default) if key in known]
    # What a list is sorted by is seen in it: the library would ignore the order of a column that is left out.
    sorted_by = [key.lstrip("-") for key in request.GET.getlist("sort") if key.lstrip("-") in known]
    columns = list(dict.fromkeys([next(iter(known)), *(chosen or known), *sorted_by]))
    rows = layout.rows if layout and layout.rows in ROWS_OFFERED else ROWS
    is_dense = layout.is_dense if layout else False
    return KeptList(name, known, hidden, columns, rows, is_dense, list(directory.views_of(request.agent, name)))


def keyset_table(request: AgentRequest, table: Any, kept: KeptList | None = None) -> Any:
    """Sort a table as the address asks, and page it from the row where the page before ended: for long lists."""
    RequestConfig(request, paginate=False).configure(table)
    rows = kept.rows if kept is not None else ROWS
    table.paginate(paginator_class=KeysetPaginator, per_page=rows, page=request.GET.get("page", ""))
    return table


def list_page(
    request: AgentRequest, table: Any, narrowed: ListFilter, tabs: Sequence[Tab], keeps: KeptList | None = None
) -> dict[str, Any]:
    """Return what the template of a list needs; ``keeps``: how the agent keeps it, where it is one that is kept."""
    kept = [(name, value) for name in request.GET for value in request.GET.getlist(name)]
    return {
        "table": table,
        "filter": narrowed,
        "chips": narrowed.chips(),
        "tabs": tabs,
        "open": bool(narrowed.form.errors),
        "sorted": [(name, value) for name, value in kept if name == "sort"],
        "kept": [(name, value) for name, value in kept if name not in ("columns", "page")],
        "keeps": keeps,
        "is_dense": keeps.is_dense if keeps else False,
        "selection": None,
        "views": [(view, _is_now(request, view)) for view in keeps.views] if keeps else [],
        "rows_offered": ROWS_OFFERED,
        "agent_pk": request.agent.pk,
    }


def _is_now(request: AgentRequest, view: SavedList) -> bool:
    """Tell whether the page shows a view as it was kept."""
    return rules.query_to_keep(request.GET) == view.query


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
    sums = billing.sums(invoices)
    words = ngettext("%(n)d facture — émis %(total)s, dû %(due)s", "%(n)d factures — émis %(total)s, dû %(due)s", count)
    said = words % {"n": count, "total": money.euros(sums.issued), "due": money.euros(sums.due)}
    if not sums.cancelled:
        return said
    return _("%(said)s ; annulé en plus %(cents)s") % {"said": said, "cents": money.euros(sums.cancelled)}
