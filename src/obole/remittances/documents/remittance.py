"""The bordereau de versement, as it is signed and kept, with its vouchers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from obole.billing.documents import letter
from obole.lib import dates, money, pdf

TEMPLATE = Path(__file__).with_name("remittance.typ")
A_PAGE = 58
"""Vouchers on a page."""
SECONDS = 120.0
"""Tens of thousands of vouchers are thousands of pages."""


@dataclass(frozen=True)
class Voucher:
    """One line of the list of receipts."""

    number: str
    day: date
    means: str
    nature: str
    cents: int


@dataclass(frozen=True)
class RemittanceDocument:
    """All that a bordereau says."""

    letterhead: letter.Letterhead
    number: str
    until: date
    signed_at: datetime
    signed_by: str
    quality: str
    act: str
    iban: str
    treasury: str
    columns: Sequence[str]
    """The means, in words."""
    rows: Sequence[tuple[str, Sequence[int]]]
    """A nature, what came by each means, and its total."""
    total_cents: int
    refund_cents: int
    vouchers: Sequence[Voucher]

    @property
    def title(self) -> str:
        """Return the name of the document: on the page, and in the window of a PDF reader."""
        return f"Bordereau de versement n°{money.NO_BREAK_SPACE}{self.number}"


def render_remittance(document: RemittanceDocument) -> bytes:
    """
    Make the PDF of a bordereau: always the same bytes for the same document.

    :raises DocumentNotRendered: with what typst says.
    """
    data = {
        **document.letterhead.data,
        "title": document.title,
        "until": dates.format_long(document.until),
        "signed_on": dates.format_long(dates.day_of(document.signed_at)),
        "signed_by": document.signed_by,
        "quality": document.quality,
        "act": document.act,
        "iban": document.iban,
        "treasury": document.treasury,
        "columns": list(document.columns),
        "rows": [(nature or "–", [money.plain(cents) for cents in sums]) for nature, sums in document.rows],
        "refunds": money.euros(document.refund_cents) if document.refund_cents else "",
        "total": money.euros(document.total_cents),
        "count": len(document.vouchers),
        "pages": [_page(document.vouchers[n : n + A_PAGE]) for n in range(0, len(document.vouchers), A_PAGE)],
    }
    images = document.letterhead.images
    return pdf.render([TEMPLATE, letter.TEMPLATE], data, images=images, timestamp=document.signed_at, seconds=SECONDS)


def _page(vouchers: Sequence[Voucher]) -> list[str]:
    """
    Return a page of vouchers by columns, each a text of as many lines: to set each voucher in cells of its own takes
    three times as long, and ten thousand of them would not be set in time.
    """
    lines = [
        (item.number, dates.format_short(item.day), item.means, item.nature or "–", money.plain(item.cents))
        for item in vouchers
    ]
    return ["\n".join(column) for column in zip(*lines, strict=True)]
