"""Spreadsheets (XLSX): amounts that can be added, days that can be sorted, and texts that nothing will run."""

from collections.abc import Sequence
from decimal import Decimal
from io import BytesIO
from typing import Any

import xlsxwriter

from obole.lib.tables import Cell, Kind, Table

MOST_ROWS = 100_000
"""Beyond that an agent waits too long; a CSV has no limit."""
LONGEST_TITLE = 31
WIDTHS = {Kind.TEXT: 24, Kind.DAY: 12, Kind.MOMENT: 17, Kind.AMOUNT: 14, Kind.NUMBER: 10}
FORMATS = {Kind.AMOUNT: "#,##0.00", Kind.DAY: "dd/mm/yyyy", Kind.MOMENT: "dd/mm/yyyy hh:mm", Kind.NUMBER: "0"}
OPTIONS = {
    # Rows go to the disk as they come: a hundred thousand take the memory of one.
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
_FORBIDDEN_IN_TITLES = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))


def write(table: Table) -> bytes:
    """
    Return the workbook of a table.

    :raises obole.lib.tables.TooLong: beyond ``MOST_ROWS``.
    """
    content = BytesIO()
    with xlsxwriter.Workbook(content, OPTIONS) as book:
        sheet = book.add_worksheet(table.title.translate(_FORBIDDEN_IN_TITLES)[:LONGEST_TITLE].strip() or None)
        plain = {kind: book.add_format({"num_format": FORMATS.get(kind, "@")}) for kind in Kind}
        strong = {kind: book.add_format({"num_format": FORMATS.get(kind, "@"), "bold": True}) for kind in Kind}
        for at, column in enumerate(table.columns):
            sheet.set_column(at, at, WIDTHS[column.kind])
            sheet.write_string(0, at, column.title, strong[Kind.TEXT])
        sheet.freeze_panes(1, 0)
        last = 0
        for last, row in enumerate(table.rows_up_to(MOST_ROWS), start=1):
            _write_row(sheet, last, table, row, plain)
        if table.totals:
            _write_row(sheet, last + 1, table, table.totals, strong)
    return content.getvalue()


def _write_row(sheet: Any, number: int, table: Table, row: Sequence[Cell], formats: dict[Kind, Any]) -> None:
    for at, (column, value) in enumerate(zip(table.columns, row, strict=True)):
        _write_cell(sheet, (number, at), column.kind, value, formats)


def _write_cell(sheet: Any, place: tuple[int, int], kind: Kind, value: Cell, formats: dict[Kind, Any]) -> None:
    """A text is always written as one: what begins like a formula is none."""
    if value is None or value == "":
        return
    if isinstance(value, str):
        sheet.write_string(*place, value, formats[Kind.TEXT])
    elif isinstance(value, int):
        sheet.write_number(*place, Decimal(value).scaleb(-2) if kind == Kind.AMOUNT else value, formats[kind])
    else:
        sheet.write_datetime(*place, value, formats[kind])
