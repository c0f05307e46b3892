"""The bordereau de remise, as it is signed and kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from obole.billing.documents import letter
from obole.lib import dates, money, pdf

TEMPLATE = Path(__file__).with_name("deposit.typ")
TITLES = {
    "cash": "Bordereau de remise d’espèces",
    "cheque": "Bordereau de remise de chèques",
    "cesu": "Bordereau de remise de CESU",
}
HEADS = {"cash": ("Valeur", "Nombre"), "cheque": ("N°", "Quittance", "Numéro du chèque", "Tiré par")}
HEADS["cesu"] = ("N°", "Quittance", "Référence", "Remis par")


@dataclass(frozen=True)
class Row:
    """A coin or note, or a cheque: its cells, then what it comes to."""

    cells: tuple[str, ...]
    cents: int


@dataclass(frozen=True)
class DepositDocument:
    """All that a bordereau says."""

    letterhead: letter.Letterhead
    number: str
    kind: str
    amount_cents: int
    pieces: int
    prepared_at: datetime
    prepared_by: str
    drawer: str
    rows: Sequence[Row]

    @property
    def title(self) -> str:
        """Return the name of the document: on the page, and in the window of a PDF reader."""
        return f"{TITLES[self.kind]} n°{money.NO_BREAK_SPACE}{self.number}"


def render_deposit(document: DepositDocument) -> bytes:
    """
    Make the PDF of a bordereau: always the same bytes for the same document.

    :raises DocumentNotRendered: if the logo or the colour is unusable.
    """
    data = {
        **document.letterhead.data,
        "title": document.title,
        "kind": document.kind,
        "amount": money.euros(document.amount_cents),
        "pieces": document.pieces,
        "prepared_on": dates.format_long(dates.day_of(document.prepared_at)),
        "prepared_by": document.prepared_by,
        "drawer": document.drawer,
        "heads": HEADS[document.kind],
        "rows": [[*row.cells, money.euros(row.cents)] for row in document.rows],
    }
    images = document.letterhead.images
    return pdf.render([TEMPLATE, letter.TEMPLATE], data, images=images, timestamp=document.prepared_at)
