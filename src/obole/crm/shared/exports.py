"""Files of lists: a CSV that spreadsheets open in France (semicolons, decimal commas), and spreadsheets."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.functional import Promise
from django.utils.http import content_disposition_header

from obole.crm.shared.pages import file_answer
from obole.lib import dates, open_documents, spreadsheets
from obole.lib.tables import Cell, Column as TableColumn, Kind, Table

CSV, XLSX, ODS = KINDS = ("csv", "xlsx", "ods")
CONTENT_TYPES = {
    CSV: "text/csv; charset=utf-8",
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ODS: "application/vnd.oasis.opendocument.spreadsheet",
}
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
    """
    Write a value; a number stays a number, and a text can never start a formula.

    An instant with its zone is written as its day in Paris; one without, as clocks show it there.
    """
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}".replace(".", ",")
    if isinstance(value, datetime):
        return dates.format_short(dates.day_of(value)) if value.tzinfo else f"{value:%d/%m/%Y %H:%M}"
    if isinstance(value, date):
        return dates.format_short(value)
    return f"'{value}" if value.startswith(RUN_BY_SPREADSHEETS) else value


def as_csv(name: str, columns: Sequence[Column], rows: Iterable[Any]) -> StreamingHttpResponse:
    """Answer with a file written row by row."""
    return _streamed(CSV, name, _lines(columns, rows))


def csv_file(titles: Sequence[str], rows: Iterable[Sequence[Value]]) -> bytes:
    """Return a whole file, for what goes in an archive."""
    made = io.StringIO()
    writer = csv.writer(made, delimiter=";")
    writer.writerow(titles)
    writer.writerows([cell(value) for value in row] for row in rows)
    return (BYTE_ORDER_MARK + made.getvalue()).encode()


def answer(kind: str, name: str, table: Table) -> HttpResponseBase:
    """
    Answer with a table as a file of one of the ``KINDS``, written row by row where its format can be.

    :raises obole.lib.tables.TooLong: if a spreadsheet cannot hold it.
    """
    if kind == XLSX:
        return file_answer(spreadsheets.write(table), name=name, content_type=CONTENT_TYPES[XLSX], to_save=True)
    if kind == ODS:
        return _streamed(ODS, name, open_documents.write(table))
    columns = [Column(column.title, _reader(at, column.kind)) for at, column in enumerate(table.columns)]
    return as_csv(name, columns, table.rows)


def as_table(title: str, columns: Sequence[Column], rows: Iterable[Any]) -> Table:
    """Return what a CSV would hold as a table, for a spreadsheet: amounts that add up, days that can be sorted."""
    headings = [TableColumn(str(column.title), column.kind) for column in columns]
    return Table(title, headings, ([_typed(column.value(row)) for column in columns] for row in rows))


def columns_of(table: Any) -> list[Column]:
    """
    Return the columns that a list shows as those of a file, in their order.

    A cell is what the table says in its method ``value_…``, else what the column reads, by its ``kind``.
    """
    return [
        Column(bound.verbose_name, _value_in(table, bound), _kind_of(bound))
        for bound in table.columns
        if not bound.column.exclude_from_export
    ]


def read(table: Any) -> tuple[list[Column], QuerySet[Any]]:
    """
    Return the columns of the file of a list, and its rows.

    The rows are instances, which ``columns_of`` reads. Where a table has ``fields_of``, for lists so long that building
    instances is most of the wait, they are the fields alone: the column's accessor, or those that ``fields_of`` names,
    whose values its method ``written_…`` makes one.
    """
    fields_of = getattr(table, "fields_of", None)
    if fields_of is None:
        return columns_of(table), table.data.data
    fields: list[str] = []
    columns = []
    for bound in table.columns:
        if not bound.column.exclude_from_export:
            names, kind = fields_of.get(bound.name, (str(bound.accessor),)), _kind_of(bound)
            where = slice(len(fields), len(fields) + len(names))
            columns.append(Column(bound.verbose_name, _written(table, bound.name, where, kind), kind))
            fields += names
    return columns, table.data.data.values_list(*fields)


def in_euros(cents: int) -> Decimal:
    """Return an exact amount in euros."""
    return Decimal(cents).scaleb(-2)


def _kind_of(bound: Any) -> Kind:
    kind: Kind = getattr(bound.column, "kind", Kind.TEXT)
    return kind


def _written(table: Any, name: str, where: slice, kind: Kind) -> Callable[[Any], Value]:
    written: Callable[..., Value] | None = getattr(table, f"written_{name}", None)
    if written is not None:
        return lambda row: written(*row[where])
    return lambda row: _of_kind(row[where.start], kind)


def _value_in(table: Any, bound: Any) -> Callable[[Any], Value]:
    said: Callable[[Any], Value] | None = getattr(table, f"value_{bound.name}", None)
    if said is not None:
        return said
    read, kind = attrgetter(str(bound.accessor).replace("__", ".")), _kind_of(bound)

    def value(record: Any) -> Value:
        try:
            found = read(record)
        except AttributeError:  # of a row that leads to nothing
            return None
        return _of_kind(found() if callable(found) else found, kind)

    return value


def _of_kind(value: Any, kind: Kind) -> Value:
    if value is None:
        return None
    if kind == Kind.AMOUNT:
        return in_euros(value)
    if kind == Kind.MOMENT:
        return dates.local(value)
    if kind == Kind.DAY:
        return dates.day_of(value) if isinstance(value, datetime) else value
    return str(value)


def _typed(value: Value) -> Cell:
    if isinstance(value, Decimal):
        return int(value.scaleb(2))
    return dates.day_of(value) if isinstance(value, datetime) and value.tzinfo else value


def _reader(at: int, kind: Kind) -> Callable[[Any], Value]:
    def read(row: Sequence[Cell]) -> Value:
        value = row[at]
        if isinstance(value, int):
            return in_euros(value) if kind == Kind.AMOUNT else Decimal(value)
        return value

    return read


def _streamed(kind: str, name: str, content: Iterable[Any]) -> StreamingHttpResponse:
    given = StreamingHttpResponse(content, content_type=CONTENT_TYPES[kind])
    given["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return given


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
