"""The CSV that spreadsheets open in France: semicolons, decimal commas, and nothing that they would run."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.http import StreamingHttpResponse
from django.utils.functional import Promise
from django.utils.http import content_disposition_header

from obole.lib import dates
from obole.lib.tables import Cell, Column as TableColumn, Kind, Table

BYTE_ORDER_MARK = "\ufeff"
RUN_BY_SPREADSHEETS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A cell that starts so may be run as a formula (OWASP, CSV injection)."""

Value = str | date | Decimal | None


@dataclass(frozen=True)
class Column:
    """One column of a file: its title, and what it says of a row."""

    title: str | Promise
    value: Callable[[Any], Value]
    kind: Kind = Kind.TEXT
    """What a spreadsheet makes of it."""


def cell(value: Value) -> str:
    """Write a value; a number stays a number, and a text can never start a formula."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}".replace(".", ",")
    if isinstance(value, datetime):
        return dates.format_short(dates.day_of(value))
    if isinstance(value, date):
        return dates.format_short(value)
    return f"'{value}" if value.startswith(RUN_BY_SPREADSHEETS) else value


def as_csv(name: str, columns: Sequence[Column], rows: Iterable[Any]) -> StreamingHttpResponse:
    """Answer with a file written row by row."""
    answer = StreamingHttpResponse(_lines(columns, rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return answer


def table_as_csv(name: str, table: Table) -> StreamingHttpResponse:
    """Answer with a table as a file written row by row; a line of totals would be added by who adds the column."""
    columns = [Column(column.title, _reader(at, column.kind)) for at, column in enumerate(table.columns)]
    return as_csv(name, columns, table.rows)


def as_table(title: str, columns: Sequence[Column], rows: Iterable[Any]) -> Table:
    """Return what a CSV would hold as a table, for a spreadsheet: amounts that add up, days that can be sorted."""
    headings = [TableColumn(str(column.title), column.kind) for column in columns]
    return Table(title, headings, ([_typed(column.value(row)) for column in columns] for row in rows))


def in_euros(cents: int) -> Decimal:
    """Return an exact amount in euros."""
    return Decimal(cents).scaleb(-2)


def _typed(value: Value) -> Cell:
    if isinstance(value, Decimal):
        return int(value.scaleb(2))
    return dates.day_of(value) if isinstance(value, datetime) else value


def _reader(at: int, kind: Kind) -> Callable[[Any], Value]:
    def read(row: Sequence[Cell]) -> Value:
        value = row[at]
        if isinstance(value, int):
            return in_euros(value) if kind == Kind.AMOUNT else Decimal(value)
        return value

    return read


class _Echo:
    """What ``csv.writer`` writes to: it hands the line back."""

    def write(self, line: str) -> str:
        return line


def _lines(columns: Sequence[Column], rows: Iterable[Any]) -> Iterator[str]:
    writer = csv.writer(_Echo(), delimiter=";")
    yield BYTE_ORDER_MARK
    yield writer.writerow([cell(str(column.title)) for column in columns])
    for row in rows:
        yield writer.writerow([cell(column.value(row)) for column in columns])
