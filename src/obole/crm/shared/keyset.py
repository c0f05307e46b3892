"""
Pages that know the row they go on from: the thousandth costs what the first does, and a row that comes meanwhile is
neither shown twice nor left out.

An address says ``?page=a.…`` (after a row) or ``?page=b.…`` (before it), with what the list was sorted by in that row.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import BooleanField, Expression, F, Field, Func, Model, Q, QuerySet, Value
from django.utils.functional import cached_property
from django_tables2.rows import BoundRows

from obole.crm.shared.pages import CappedPaginator
from obole.lib.sql import COUNTED

AFTER, BEFORE = "a", "b"
LONGEST = 2000


@dataclass(frozen=True)
class _Order:
    """What a list is sorted by: the path of a value, and which way."""

    path: str
    down: bool

    @property
    def name(self) -> str:
        return f"-{self.path}" if self.down else self.path

    def value_of(self, row: Any) -> Any:
        return reduce(getattr, self.path.split("__"), row)

    def reversed(self) -> "_Order":
        return _Order(self.path, not self.down)


class KeysetPage(Sequence[Any]):
    """Some rows in a row, and the way to those before and after."""

    def __init__(self, rows: Any, paginator: "KeysetPaginator", *, before: str, after: str) -> None:
        self.object_list, self.paginator = rows, paginator
        self.before, self.after = before, after

    def __getitem__(self, index: Any) -> Any:
        return self.object_list[index]

    def __len__(self) -> int:
        return len(self.object_list)

    def has_other_pages(self) -> bool:
        """Tell whether there is anything before or after."""
        return bool(self.before or self.after)


class KeysetPaginator(CappedPaginator):
    """Reads a page of a query from where another ended. It gives the rows of a table, or those of a query."""

    def page(self, number: Any) -> Any:
        """Return the page that an address asks for; the first where it asks for nothing that can be read."""
        rows: Any = self.object_list
        query: QuerySet[Any] = rows.data.data if isinstance(rows, BoundRows) else rows
        orders = orders_of(query)
        way, values = read_cursor(str(number or ""), query, orders)
        found, more = _read(query, orders, way, values, self.per_page)
        if values and not found:
            way, values = AFTER, ()
            found, more = _read(query, orders, way, values, self.per_page)
        earlier, later = (more, True) if way == BEFORE else (bool(values), more)
        before = write_cursor(BEFORE, found[0], orders) if found and earlier else ""
        after = write_cursor(AFTER, found[-1], orders) if found and later else ""
        shown = BoundRows(data=found, table=rows.table) if isinstance(rows, BoundRows) else found
        return KeysetPage(shown, self, before=before, after=after)

    @cached_property
    def count_in_words(self) -> str:
        """Write how many rows there are, as far as they are counted."""
        return f"{COUNTED}+" if self.is_capped else str(self.count)


def orders_of(query: QuerySet[Any]) -> list[_Order]:
    """
    Return what a query is sorted by, each value once, its key last: no two rows are then at the same place.

    :raises TypeError: if it is sorted by an expression without a name.
    """
    orders: list[_Order] = []
    for name in query.query.order_by or query.model._meta.ordering:
        if not isinstance(name, str):
            raise TypeError(f"{name!r}: name what a list is sorted by")
        order = _Order(name.lstrip("-"), name.startswith("-"))
        if order.path not in ("pk", "id", *(known.path for known in orders)):
            orders.append(order)
    last = orders[0].down if orders else str((*query.query.order_by, "")[0]).startswith("-")
    return [*orders, _Order("id", last)]


def neighbours(query: QuerySet[Any], row: Model) -> tuple[Any | None, Any | None]:
    """Return the rows that stand just before and just after one in a list, which may have left it meanwhile."""
    orders = orders_of(query)
    values = tuple(order.value_of(row) for order in orders)
    before, _more = _read(query, orders, BEFORE, values, 1)
    after, _more = _read(query, orders, AFTER, values, 1)
    return (before[0] if before else None), (after[0] if after else None)


def _read(
    query: QuerySet[Any], orders: list[_Order], way: str, values: tuple[Any, ...], most: int
) -> tuple[list[Any], bool]:
    """Return some rows in the order of the list, and whether there are more that way."""
    asked = orders if way == AFTER else [order.reversed() for order in orders]
    rows = query.order_by(*(order.name for order in asked))
    if values:
        rows = rows.filter(*_beyond(query, asked, values))
    found = list(rows[: most + 1])
    more, found = len(found) > most, found[:most]
    return (found if way == AFTER else found[::-1]), more


def _beyond(query: QuerySet[Any], orders: list[_Order], values: tuple[Any, ...]) -> list[Q | Expression]:
    """
    Return what keeps the rows after these values.

    The first one alone is said too, though the rest implies it: an index on what another table holds begins there.
    """
    first = Q(**{f"{orders[0].path}__{'lte' if orders[0].down else 'gte'}": values[0]})
    if len({order.down for order in orders}) == 1:
        typed = [Value(value, _field(query, order)) for order, value in zip(orders, values, strict=True)]
        sides = _row(F(order.path) for order in orders), _row(typed)
        sign = " < " if orders[0].down else " > "
        return [first, Func(*sides, template="%(expressions)s", arg_joiner=sign, output_field=BooleanField())]
    wanted, same = Q(), Q()
    for order, value in zip(orders, values, strict=True):
        wanted |= same & Q(**{f"{order.path}__{'lt' if order.down else 'gt'}": value})
        same &= Q(**{order.path: value})
    return [first, wanted]


def _row(values: Any) -> Func:
    return Func(*values, function="ROW", output_field=BooleanField())


def _field(query: QuerySet[Any], order: _Order) -> "Field[Any, Any]":
    if order.path in query.query.annotations:
        found: Field[Any, Any] = query.query.annotations[order.path].output_field
        return found
    model: Any = query.model
    for part in order.path.split("__"):
        field = model._meta.get_field(part)
        model = field.related_model
    return getattr(field, "output_field", field)  # type: ignore[no-any-return]  # a generated one has the type inside


def write_cursor(way: str, row: Any, orders: list[_Order]) -> str:
    """Return what an address says to go on from a row."""
    values = [order.value_of(row) for order in orders]
    text = json.dumps([value.isoformat() if isinstance(value, datetime) else value for value in values], default=str)
    return f"{way}.{base64.urlsafe_b64encode(text.encode()).decode().rstrip('=')}"


def read_cursor(text: str, query: QuerySet[Any], orders: list[_Order]) -> tuple[str, tuple[Any, ...]]:
    """Return which way an address goes on, and from which values; none where it says nothing sensible."""
    way, _dot, coded = text[:LONGEST].partition(".")
    try:
        if way not in (AFTER, BEFORE):
            return AFTER, ()
        given = json.loads(base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4)))
        typed = tuple(_typed(_field(query, order), value) for order, value in zip(orders, given, strict=True))
    except (binascii.Error, ValueError, TypeError, ValidationError):
        return AFTER, ()
    return way, typed


def _typed(field: "Field[Any, Any]", value: Any) -> Any:
    """
    Return a value of an address as the field holds it.

    :raises ValueError: if it can be none.
    """
    typed = field.to_python(value)
    if typed is None or (isinstance(typed, str) and "\0" in typed):
        raise ValueError(value)
    for check in getattr(field, "validators", ()):
        check(typed)
    return typed
