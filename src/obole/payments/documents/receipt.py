"""The receipt, as it is sent and kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from obole.billing.documents import letter
from obole.lib import dates, money, pdf

TEMPLATE = Path(__file__).with_name("receipt.typ")


@dataclass(frozen=True)
class ReceiptDocument:
    """All that a receipt says."""

    letterhead: letter.Letterhead
    recipient: letter.Recipient
    number: str
    invoice_number: str
    """Empty for money whose invoice nobody knows yet."""
    amount_cents: int
    paid_at: datetime
    means_label: str
    invoice_label: str = ""
    bank_authorisation: str = ""
    reference: str = ""
    bank: str = ""
    """The bank that a cheque is drawn on."""
    valued_on: date | None = None
    """The day from which a transfer counts."""
    remaining_cents: int = 0
    is_quittance: bool = False
    """Money at the counter is acknowledged by a quittance, from a continuous series."""
    paid: Sequence[tuple[str, int]] = ()
    """(number, cents) of each invoice that it paid, when there are several."""
    payer_name: str = ""
    """Who handed the money over, when it was not who owes it."""

    @property
    def title(self) -> str:
        """Return the name of the document: on the page, and in the window of a PDF reader."""
        name = "Quittance" if self.is_quittance else "Reçu de paiement"
        return f"{name} n°{money.NO_BREAK_SPACE}{self.number}"


def render_receipt(document: ReceiptDocument) -> bytes:
    """
    Make the PDF of a receipt: always the same bytes for the same document.

    :raises DocumentNotRendered: if the logo or the colour is unusable.
    """
    data = {
        **document.letterhead.data,
        "title": document.title,
        "recipient": vars(document.recipient),
        "invoice_number": document.invoice_number,
        "invoice_label": document.invoice_label,
        "amount": money.euros(document.amount_cents),
        "paid_on": dates.format_long(dates.day_of(document.paid_at)),
        "paid_at": dates.format_time(document.paid_at),
        "means": document.means_label,
        "bank_authorisation": document.bank_authorisation,
        "reference": document.reference,
        "bank": document.bank,
        "valued_on": dates.format_long(document.valued_on) if document.valued_on else "",
        "payer_name": document.payer_name,
        "paid": [(number, money.euros(cents)) for number, cents in document.paid],
        "name": "cette quittance" if document.is_quittance else "ce reçu",
        "remaining": money.euros(document.remaining_cents) if document.remaining_cents > 0 else "",
    }
    images = document.letterhead.images
    return pdf.render([TEMPLATE, letter.TEMPLATE], data, images=images, timestamp=document.paid_at)
