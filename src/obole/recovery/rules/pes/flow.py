"""What an ORMC holds: a rôle (one bordereau), its articles (a piece for each invoice), their debtors, their lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import models
from django.utils.translation import gettext_lazy as _

MOST_PIECES = 99_999
"""Five digits in NbrPce."""
NATURE = "588"
"""The account that the protocol proposes for every line of an ORMC: the code produit local leads to the true one."""
_KEYS = "ABCDEFGHJKLMNPQRSTUVWXY"
_DEBT_DIGITS = 13


class Edition(models.TextChoices):
    """Who prints the avis des sommes à payer. Codes that want its PDF with the file (02, 03, 06) are not written."""

    SAID_NOWHERE = "", _("non précisé")
    PRINTED = "01", _("01 – édité par le centre éditique de la DGFiP")
    UNTREATED = "04", _("04 – sans traitement par la DGFiP : la collectivité l’envoie")


@dataclass(frozen=True, kw_only=True)
class Address:
    """An address in the parts of the postal norm: before the street, the street, after it."""

    before: str = ""
    street: str = ""
    after: str = ""
    postcode: str = ""
    town: str = ""


@dataclass(frozen=True, kw_only=True)
class Debtor:
    """Who owes a piece; ``pk`` says whose file is to be mended."""

    pk: int
    category: str
    legal_nature: str
    civility: str = ""
    name: str
    name_more: str = ""
    first_name: str = ""
    address: Address


@dataclass(frozen=True, kw_only=True)
class Line:
    """What a piece asks for one imputation."""

    nature: str
    """Ours, for who reads: it is not written."""
    product: str
    cents: int


@dataclass(frozen=True, kw_only=True)
class Piece:
    """An article of the rôle: one invoice of one debtor. ``invoice_pk`` says which is to be looked at."""

    invoice_pk: int
    number: int
    invoice: str
    subject: str
    debt: str
    debtor: Debtor
    lines: Sequence[Line]

    @property
    def cents(self) -> int:
        """What its lines come to."""
        return sum(line.cents for line in self.lines)


@dataclass(frozen=True, kw_only=True)
class Flow:
    """One file: one bordereau of one budget and one exercice."""

    post: str
    siret: str
    collectivity: str
    budget: str
    year: int
    bordereau: int
    subject: str
    day: date
    notices_on: date | None = None
    edition: str = ""
    period: str
    pieces: Sequence[Piece]

    @property
    def file_name(self) -> str:
        """Unlike that of any other file of the budget."""
        return f"ORMC{self.siret}{self.budget}{self.year}{self.bordereau:07d}.xml"

    @property
    def cents(self) -> int:
        """What the pieces come to."""
        return sum(piece.cents for piece in self.pieces)


def exercice_of(year: int, day: date) -> int:
    """
    Return the exercice of a rôle for what was transmitted in a year: that one, as long as its journée complémentaire
    lasts (31 January), else that of the day when the file is made.
    """
    return year if day <= date(year + 1, 1, 31) else day.year


def second_key(flow: Flow, piece: Piece) -> str:
    """Return the control letter (modulo 23) of exercice, period and debt; nothing where the debt is no number."""
    if not (piece.debt.isascii() and piece.debt.isdigit()):
        return ""
    number = f"{flow.year % 100:02d}{flow.period}00{piece.debt:0>{_DEBT_DIGITS}}"
    return _KEYS[int(number) % len(_KEYS)]
