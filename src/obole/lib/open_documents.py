"""Spreadsheets in the open format (ODS), written as they are sent: as many rows as there are."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

from stream_write_ods import stream_write_ods

from obole.lib.tables import Cell, Kind, Table

# A text is always a text: nothing in it is run, and leading zeros stay.
ENCODERS = (
    (str, ("string", None, None, str)),
    (int, ("float", "office:value", None, str)),
    (Decimal, ("float", "office:value", None, lambda value: f"{value:f}")),
    (date, ("date", "office:date-value", "date", date.isoformat)),
    (datetime, ("date", "office:date-value", None, datetime.isoformat)),
    (type(None), (None, None, None, str)),
)


def write(table: Table) -> Iterator[bytes]:
    """Yield the document of a table, piece by piece; its rows are read meanwhile."""
    titles = tuple(column.title for column in table.columns)
    yield from stream_write_ods(iter([(table.title, titles, _rows(table))]), encoders=ENCODERS)


def _rows(table: Table) -> Iterator[tuple[object, ...]]:
    kinds = [column.kind for column in table.columns]
    for row in table.rows:
        yield tuple(map(_value, row, kinds))
    if table.totals:
        yield tuple(map(_value, table.totals, kinds))


def _value(cell: Cell, kind: Kind) -> object:
    if cell == "":
        return None
    return Decimal(cell).scaleb(-2) if kind == Kind.AMOUNT and isinstance(cell, int) else cell
