"""The avoir, as it is sent and kept."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from obole.billing.documents import letter
from obole.lib import dates, money, pdf

TEMPLATE = Path(__file__).with_name("credit_note.typ")


@dataclass(frozen=True)
class CreditNoteDocument:
    """All that an avoir says."""

    letterhead: letter.Letterhead
    recipient: letter.Recipient
    number: str
    invoice_number: str
    invoice_issued_on: date
    invoice_label: str
    why: str
    amount_cents: int
    issued_at: datetime

    @property
    def title(self) -> str:
        """Return the name of the document: on the page, and in the window of a PDF reader."""
        return f"Avoir {self.number}"


def render_credit_note(document: CreditNoteDocument) -> bytes:
    """
    Make the PDF of an avoir: always the same bytes for the same document.

    :raises DocumentNotRendered: if the logo or the colour is unusable.
    """
    data = {
        **document.letterhead.data,
        "title": document.title,
        "recipient": vars(document.recipient),
        "issued_on": dates.format_long(dates.day_of(document.issued_at)),
        "invoice_number": document.invoice_number,
        "invoice_issued_on": dates.format_long(document.invoice_issued_on),
        "invoice_label": document.invoice_label,
        "why": document.why,
        "amount": money.euros(-document.amount_cents),
    }
    return pdf.render(
        [TEMPLATE, letter.TEMPLATE], data, images=document.letterhead.images, timestamp=document.issued_at
    )
