"""A book to sign: facts, tables with their totals, a place for each signature, and pages that are numbered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from obole.billing.documents import letter
from obole.lib import dates, money, pdf
from obole.lib.tables import Cell, Kind, Table

TEMPLATE = Path(__file__).with_name("report.typ")
MOST_ROWS = 5000
"""Of a paper: a hundred and some pages. Nobody signs more, and it is made while somebody waits."""
GROUP = 8
"""A hash is read and copied by eights."""
WIDE = 6
"""Columns: beyond that the sheet lies on its side."""


@dataclass(frozen=True)
class Report:
    """All that a paper of the books says."""

    letterhead: letter.Letterhead
    title: str
    period: str
    tables: Sequence[Table]
    printed_at: datetime
    printed_by: str
    facts: Sequence[tuple[str, str]] = ()
    notes: Sequence[str] = ()
    signatures: Sequence[str] = ("Le régisseur", "Visa du comptable public")


def render_report(report: Report) -> bytes:
    """
    Make the PDF: always the same bytes for the same report.

    :raises obole.lib.tables.TooLong: if a table has more than ``MOST_ROWS``.
    :raises obole.lib.pdf.DocumentNotRendered: if the logo or the colour is unusable.
    """
    at = report.printed_at
    data = {
        **report.letterhead.data,
        "title": report.title,
        "period": report.period,
        "printed": f"{dates.format_long(dates.day_of(at))} à {dates.format_time(at)}",
        "printed_by": report.printed_by,
        "facts": [list(fact) for fact in report.facts],
        "notes": list(report.notes),
        "signatures": list(report.signatures),
        "wide": any(len(table.columns) > WIDE for table in report.tables),
        "tables": [_described(table) for table in report.tables],
    }
    images = report.letterhead.images
    return pdf.render([TEMPLATE, letter.TEMPLATE], data, images=images, timestamp=at)


def _described(table: Table) -> dict[str, Any]:
    def written(row: Sequence[Cell]) -> list[str]:
        return [write(column.kind, value) for column, value in zip(table.columns, row, strict=True)]

    return {
        "title": table.title,
        "columns": [{"title": column.title, "kind": column.kind.value} for column in table.columns],
        "rows": [written(row) for row in table.rows_up_to(MOST_ROWS)],
        "totals": written(table.totals) if table.totals else [],
    }


def write(kind: Kind, value: Cell) -> str:
    """Write a cell as people read it."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return money.plain(value) if kind == Kind.AMOUNT else str(value)
    return dates.format_short(dates.day_of(value) if isinstance(value, datetime) else value)


def grouped_hash(digest: str) -> str:
    """Write a hash as it is read on paper."""
    groups = [digest[at : at + GROUP] for at in range(0, len(digest), GROUP)]
    return " ".join(groups) or "aucune écriture"
