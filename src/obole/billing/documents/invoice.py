"""The invoice, as it is sent and kept."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import segno

from obole.billing.documents import letter
from obole.lib import dates, money, pdf, units

TEMPLATE = Path(__file__).with_name("invoice.typ")
# A row longer than this may be cut by the end of a page: it could be taller than one.
LONG_TEXT = 600
QR_MASK = 2


@dataclass(frozen=True)
class Line:
    """One row of the table."""

    label: str
    detail: str
    quantity: Decimal
    unit: str
    unit_price_cents: int
    amount_cents: int


@dataclass(frozen=True)
class InvoiceDocument:
    """All that an invoice says; the texts of agents are plain, and a blank line in them starts a paragraph."""

    letterhead: letter.Letterhead
    recipient: letter.Recipient
    number: str
    issued_on: date
    due_on: date
    lines: tuple[Line, ...]
    total_cents: int
    already_paid_cents: int
    to_pay_cents: int
    issued_at: datetime
    payable_until: date | None = None
    """The last day before it may be handed over to the comptable, where it is known."""
    heading: str = ""
    period: str = ""
    dossier_reference: str = ""
    vat_mention: str = ""
    introduction: str = ""
    closing: str = ""
    payment_instructions: str = ""
    legal_mentions: str = ""
    pay_url: str = ""
    claim_code: str = ""
    """What finds the payer's file again from an account, for who has none."""
    taxes: tuple[tuple[str, int], ...] = ()
    """What stands between the lines and the total, in cents: the total without VAT, and each rate's VAT."""
    votes: str = ""
    """The délibérations that the prices come from."""

    @property
    def title(self) -> str:
        """Return the name of the document: on the page, and in the window of a PDF reader."""
        return f"Facture {self.number}"


def render_invoice(document: InvoiceDocument) -> bytes:
    """
    Make the PDF of an invoice: always the same bytes for the same document.

    :raises DocumentNotRendered: if the logo or the colour is unusable.
    """
    pay_url = document.pay_url if document.to_pay_cents > 0 else ""
    images = {**document.letterhead.images, **({"qr": _qr_code(pay_url)} if pay_url else {})}
    data = {**document.letterhead.data, **_texts(document), **_amounts(document)}
    data |= {"pay_url": pay_url, "claim_code": document.claim_code}
    return pdf.render([TEMPLATE, letter.TEMPLATE], data, images=images, timestamp=document.issued_at)


def _texts(document: InvoiceDocument) -> dict[str, Any]:
    prose = ("introduction", "closing", "payment_instructions", "legal_mentions")
    return {
        "title": document.title,
        "heading": document.heading,
        "recipient": vars(document.recipient),
        "issued_on": dates.format_long(document.issued_on),
        "due_on": dates.format_long(document.due_on),
        "payable_until": dates.format_short(document.payable_until or document.due_on),
        "period": document.period,
        "dossier_reference": document.dossier_reference,
        "vat_mention": document.vat_mention,
        "votes": document.votes,
        **{name: letter.paragraphs(getattr(document, name)) for name in prose},
    }


def _amounts(document: InvoiceDocument) -> dict[str, Any]:
    return {
        "lines": [_row(line) for line in document.lines],
        "taxes": [{"label": label, "amount": money.euros(cents)} for label, cents in document.taxes],
        "total": money.euros(document.total_cents),
        "already_paid": money.euros(-document.already_paid_cents) if document.already_paid_cents else "",
        "to_pay": money.euros(document.to_pay_cents),
        "payable": document.to_pay_cents > 0,
    }


def _row(line: Line) -> dict[str, Any]:
    return {
        "label": line.label,
        "detail": line.detail,
        "long": len(line.label) + len(line.detail) > LONG_TEXT,
        "quantity": money.quantity(line.quantity).replace("-", money.MINUS),
        "unit": units.agree(line.quantity, line.unit),
        "unit_price": money.euros(line.unit_price_cents),
        "amount": money.euros(line.amount_cents),
    }


def _qr_code(address: str) -> bytes:
    """Draw the code. Readers take any of the eight masks; to weigh them all takes longer than the code itself."""
    svg = BytesIO()
    segno.make(address, error="m", micro=False, mask=QR_MASK).save(
        svg, kind="svg", dark="#17212e", light="#ffffff", omitsize=True
    )
    return svg.getvalue()
