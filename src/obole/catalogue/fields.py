"""The fields that an administrator can put in a dispositif's form."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class FieldKind(models.TextChoices):
    """What a field asks for; a section and a group hold the fields that follow."""

    TEXT = "text", _("Texte court")
    PARAGRAPH = "paragraph", _("Texte long")
    NUMBER = "number", _("Nombre entier")
    DECIMAL = "decimal", _("Nombre à virgule")
    AMOUNT = "amount", _("Montant en euros")
    DATE = "date", _("Date")
    PERIOD = "period", _("Période, du … au …")
    TIME = "time", _("Heure")
    CHOICE = "choice", _("Choix dans une liste")
    SEVERAL = "several", _("Plusieurs choix dans une liste")
    YES_NO = "yes_no", _("Oui ou non")
    EMAIL = "email", _("Adresse électronique")
    PHONE = "phone", _("Téléphone")
    ADDRESS = "address", _("Adresse postale")
    IBAN = "iban", _("IBAN")
    SIRET = "siret", _("SIRET")
    FILE = "file", _("Pièce à joindre")
    GROUP = "group", _("Bloc répété (un par enfant)")
    SECTION = "section", _("Titre de partie")


class FilledBy(models.TextChoices):
    """Who answers."""

    CITIZEN = "citizen", _("l’usager")
    AGENT = "agent", _("l’agent")


class Prefill(models.TextChoices):
    """What is taken from the citizen's account, to be mended in the form."""

    NAME = "name", _("nom et prénom")
    FIRST_NAME = "first_name", _("prénom")
    LAST_NAME = "last_name", _("nom")
    ORGANISATION = "organisation", _("raison sociale")
    EMAIL = "email", _("adresse électronique")
    PHONE = "phone", _("téléphone")
    ADDRESS = "address", _("adresse postale")


HOLDERS = frozenset({FieldKind.GROUP, FieldKind.SECTION})
LISTS = frozenset({FieldKind.CHOICE, FieldKind.SEVERAL})
NUMBERS = frozenset({FieldKind.NUMBER, FieldKind.DECIMAL, FieldKind.AMOUNT})
DAYS = frozenset({FieldKind.DATE, FieldKind.PERIOD})
FILE_TYPES = ("pdf", "png", "jpg")
MOST_ROWS, MOST_MEGABYTES, MOST_DECIMALS = 20, 10, 3


@dataclass(frozen=True, kw_only=True)
class FormField:
    """
    One question of a form. ``key`` names the answer and never changes; ``label`` is what people read.

    A section has no answer: it gives a title to what follows it, up to the next one. A group's answer is a list of
    rows; the fields that name it as their ``group`` come right after it, and are asked once a row.
    """

    key: str
    label: str
    kind: str = FieldKind.TEXT
    required: bool = True
    help: str = ""
    choices: tuple[str, ...] = ()
    group: str = ""
    by: str = FilledBy.CITIZEN
    prefill: str = ""
    minimum: str = ""
    """The least number, or the first day (``2026-09-01``)."""
    maximum: str = ""
    step: str = ""
    decimals: int = 0
    shortest: int = 0
    """In characters; 0 where nobody said."""
    longest: int = 0
    mask: str = ""
    """``AA-999-AA``: see ``ui.fields.LineField``."""
    file_types: tuple[str, ...] = ()
    """Some of ``FILE_TYPES``; all of them where none is named."""
    megabytes: int = 0
    """The heaviest file; 0 for as heavy as any."""
    sensitive: bool = False
    """Health, bank details…: only the agents of the prestation who hold that right read the answer."""
    row_name: str = ""
    """What a row of a group is called: « enfant »."""
    least_rows: int = 0
    most_rows: int = 0
    """0 for as many as any group may have."""
    shown_if: Mapping[str, Any] | None = None
    """A condition of the room ``pricing``, as its codec writes it."""
    required_if: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        for name in ("choices", "file_types"):
            object.__setattr__(self, name, tuple(getattr(self, name)))

    @property
    def is_holder(self) -> bool:
        """Tell whether it holds other fields and has no control of its own."""
        return self.kind in HOLDERS

    @property
    def is_sensitive(self) -> bool:
        """Whether the answer is kept from agents without the right; that of an IBAN always is."""
        return self.sensitive or self.kind == FieldKind.IBAN

    @property
    def rows_at_most(self) -> int:
        """How many rows a group may have."""
        return self.most_rows or MOST_ROWS

    def as_dict(self) -> dict[str, Any]:
        """Return the field as JSON keeps it. What came to forms later is left out where nobody set it."""
        written = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}
        kept = {"key", "label", "kind", "required", "help", "choices"}
        unset = {field.name: field.default for field in fields(self)} | {"file_types": []}
        return {name: value for name, value in written.items() if name in kept or value != unset[name]}
