"""The état des restes à recouvrer, to be signed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from obole.billing.documents import letter
from obole.lib import dates, money, pdf
from obole.recovery.queries import Rests
from obole.recovery.rules import Age

TEMPLATE = Path(__file__).with_name("outstanding.typ")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One unpaid invoice, as it was on the day."""

    number: str
    payer: str
    label: str
    due_date: date
    total_cents: int
    received_cents: int
    rest_cents: int
    reminded: int
    disputed: bool


@dataclass(frozen=True, kw_only=True)
class OutstandingDocument:
    """All that the état says."""

    letterhead: letter.Letterhead
    day: date
    made_at: datetime
    rows: Sequence[Row]
    sums: Rests
    ages: Mapping[Age, int]
    receivable_cents: int
    treasury: str = ""
    filters: str = ""

    @property
    def title(self) -> str:
        """Return the name of the document."""
        return f"État des restes à recouvrer au {dates.format_long(self.day)}"


def render_outstanding(document: OutstandingDocument) -> bytes:
    """
    Make the PDF of an état des restes à recouvrer: always the same bytes for the same document.

    :raises DocumentNotRendered: if it cannot be made.
    """
    sums = document.sums
    data = {
        **document.letterhead.data,
        "title": document.title,
        "day": dates.format_long(document.day),
        "count": str(sums.count),
        "total": money.euros(sums.total),
        "received": money.euros(sums.received),
        "rest": money.euros(sums.rest),
        "receivable": money.euros(document.receivable_cents),
        "treasury": document.treasury,
        "filters": document.filters,
        "ages": [(str(age.label).capitalize(), money.euros(cents)) for age, cents in document.ages.items()],
        "rows": [_cells(row, document.day) for row in document.rows],
    }
    return pdf.render([TEMPLATE, letter.TEMPLATE], data, images={}, timestamp=document.made_at)


def _cells(row: Row, day: date) -> list[str]:
    late = (day - row.due_date).days
    return [
        row.number,
        row.payer,
        row.label,
        dates.format_short(row.due_date),
        money.plain(row.total_cents),
        money.plain(row.received_cents),
        money.plain(row.rest_cents),
        str(late) if late > 0 else "—",
        str(row.reminded),
        "oui" if row.disputed else "",
    ]
