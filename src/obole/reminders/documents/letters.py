"""Reminders on paper: the list of a batch, then a letter each, addressed for the window of an envelope."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from obole.billing.documents import letter
from obole.lib import dates, money, pdf

TEMPLATE = Path(__file__).with_name("letters.typ")
SECONDS = 120.0
"""Hundreds of letters are hundreds of pages."""


@dataclass(frozen=True)
class PaperReminder:
    """One letter."""

    recipient: letter.Recipient
    invoice_number: str
    remaining_cents: int
    subject: str
    text: str


@dataclass(frozen=True)
class LettersDocument:
    """All that is printed together."""

    letterhead: letter.Letterhead
    title: str
    summary: str
    printed_at: datetime
    letters: Sequence[PaperReminder]


def render_letters(document: LettersDocument) -> bytes:
    """
    Make the PDF of a batch: always the same bytes for the same document.

    :raises DocumentNotRendered: with what typst says.
    """
    data = {
        **document.letterhead.data,
        "title": document.title,
        "summary": document.summary,
        "printed_on": dates.format_long(dates.day_of(document.printed_at)),
        "letters": [
            {
                "recipient": vars(one.recipient),
                "invoice": one.invoice_number,
                "rest": money.euros(one.remaining_cents),
                "subject": one.subject,
                "paragraphs": letter.paragraphs(one.text),
            }
            for one in document.letters
        ],
    }
    images, files = document.letterhead.images, [TEMPLATE, letter.TEMPLATE]
    return pdf.render(files, data, images=images, timestamp=document.printed_at, seconds=SECONDS)
