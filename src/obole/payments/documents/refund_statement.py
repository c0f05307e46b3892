"""The état of the refunds that were approved, for who pays them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from obole.billing.documents import letter
from obole.lib import dates, money, pdf

TEMPLATE = Path(__file__).with_name("refund_statement.typ")


@dataclass(frozen=True)
class StatementLine:
    """A refund to pay."""

    number: str
    holder: str
    iban: str
    reason: str
    approved_by: str
    cents: int


@dataclass(frozen=True)
class StatementDocument:
    """All that the état says."""

    letterhead: letter.Letterhead
    at: datetime
    treasury: str
    paid_by_regie: bool
    lines: Sequence[StatementLine]


def render_refund_statement(document: StatementDocument) -> bytes:
    """
    Make the PDF of the état: always the same bytes for the same document.

    :raises DocumentNotRendered: with what typst says.
    """
    data = {
        **document.letterhead.data,
        "title": "État des remboursements à payer",
        "day": dates.format_long(dates.day_of(document.at)),
        "treasury": document.treasury,
        "payer": "la régie, depuis son compte DFT" if document.paid_by_regie else "le comptable, par mandat",
        "total": money.euros(sum(line.cents for line in document.lines)),
        "count": len(document.lines),
        "lines": [
            (line.number, line.holder, line.iban, line.reason, line.approved_by, money.plain(line.cents))
            for line in document.lines
        ],
    }
    images = document.letterhead.images
    return pdf.render([TEMPLATE, letter.TEMPLATE], data, images=images, timestamp=document.at)
