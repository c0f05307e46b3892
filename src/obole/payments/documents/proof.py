"""The papers of a dossier de preuve: its first page, and the story of an invoice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from obole.billing.documents import letter
from obole.lib import dates, pdf

COVER, STORY = (Path(__file__).with_name(f"{name}.typ") for name in ("proof_cover", "proof_story"))


@dataclass(frozen=True)
class ProofFile:
    """A file of the dossier, and the digest of its bytes."""

    name: str
    digest: str


@dataclass(frozen=True)
class ProofCover:
    """What the first page says."""

    letterhead: letter.Letterhead
    invoice_number: str
    payer: str
    amount: str
    state: str
    asked_by: str
    at: datetime
    files: Sequence[ProofFile]
    missing: Sequence[str]
    """What is not joined, and why."""
    heads: Sequence[tuple[str, str]]
    """The heads of the chains of that moment: what is chained, and the digest."""


@dataclass(frozen=True)
class ProofStory:
    """What happened to an invoice, oldest first: when, what, in detail."""

    letterhead: letter.Letterhead
    invoice_number: str
    at: datetime
    lines: Sequence[tuple[str, str, str]]


def render_cover(cover: ProofCover) -> bytes:
    """
    Make the first page: always the same bytes for the same dossier.

    :raises DocumentNotRendered: with what typst says.
    """
    data = {
        **cover.letterhead.data,
        "title": f"Dossier de preuve de la facture {cover.invoice_number}",
        "facts": [
            ("Facture", cover.invoice_number),
            ("Payeur", cover.payer),
            ("Montant", cover.amount),
            ("Statut", cover.state),
            ("Demandé par", cover.asked_by),
            ("Le", moment(cover.at)),
        ],
        "files": [(file.name, file.digest) for file in cover.files],
        "missing": list(cover.missing),
        "heads": list(cover.heads),
    }
    return pdf.render([COVER, letter.TEMPLATE], data, images=cover.letterhead.images, timestamp=cover.at)


def render_story(story: ProofStory) -> bytes:
    """
    Make the story as a document.

    :raises DocumentNotRendered: with what typst says.
    """
    data = {
        **story.letterhead.data,
        "title": f"Chronologie de la facture {story.invoice_number}",
        "lines": list(story.lines),
    }
    return pdf.render([STORY, letter.TEMPLATE], data, images=story.letterhead.images, timestamp=story.at)


def moment(at: datetime) -> str:
    """Write a day and a time as documents do: ``25/11/2026 à 14 h 05``."""
    return f"{dates.format_short(dates.day_of(at))} à {dates.format_time(at)}"
