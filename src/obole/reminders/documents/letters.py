"""Letters: the list of a batch, then each of them, addressed for the window of an envelope, with what it encloses."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from obole.billing.documents import letter
from obole.lib import dates, money, pdf, pdf_pages
from obole.lib.languages import Language

TEMPLATE = Path(__file__).with_name("letters.typ")
SECONDS = 120.0
"""Hundreds of letters are hundreds of pages."""
FACTS = {Language.FRENCH: ("Le", "Facture"), Language.ENGLISH: ("On", "Invoice")}
"""What stands above the words of a letter: the day, and which invoice it is about."""


@dataclass(frozen=True)
class PaperLetter:
    """One letter; ``enclosed`` is the PDF that is printed behind it, if it has one."""

    recipient: letter.Recipient
    kind: str
    invoice_number: str
    remaining_cents: int
    subject: str
    text: str
    enclosed: bytes = b""
    language: Language = Language.FRENCH


@dataclass(frozen=True)
class LettersDocument:
    """All that is printed together."""

    letterhead: letter.Letterhead
    title: str
    summary: str
    printed_at: datetime
    letters: Sequence[PaperLetter]


def render_letters(document: LettersDocument) -> bytes:
    """
    Make the PDF of a batch. Its outline has an entry for the list, then one for each letter.

    :raises DocumentNotRendered: with what typst says.
    """
    data = {
        **document.letterhead.data,
        "title": document.title,
        "summary": document.summary,
        "letters": [
            {
                "recipient": vars(one.recipient),
                "kind": one.kind,
                "invoice": one.invoice_number,
                "rest": money.euros(one.remaining_cents),
                "subject": one.subject,
                "paragraphs": letter.paragraphs(one.text),
                "language": one.language,
                "facts": FACTS[one.language],
                "printed_on": dates.format_long(dates.day_of(document.printed_at), one.language),
            }
            for one in document.letters
        ],
    }
    images, files = document.letterhead.images, [TEMPLATE, letter.TEMPLATE]
    made = pdf.render(files, data, images=images, timestamp=document.printed_at, seconds=SECONDS)
    return _with_enclosures(made, document) if any(one.enclosed for one in document.letters) else made


def _with_enclosures(made: bytes, document: LettersDocument) -> bytes:
    first, *parts = pdf_pages.cut(made)
    letters = [
        (part.title, [part.content, *([one.enclosed] if one.enclosed else [])])
        for part, one in zip(parts, document.letters, strict=True)
    ]
    return pdf_pages.join([(first.title, [first.content]), *letters])
