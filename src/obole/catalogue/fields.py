"""The fields that an administrator can put in a dispositif's form."""

from dataclasses import asdict, dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class FieldKind(models.TextChoices):
    """What a field asks for."""

    TEXT = "text", _("Texte court")
    PARAGRAPH = "paragraph", _("Texte long")
    NUMBER = "number", _("Nombre entier")
    DATE = "date", _("Date")
    CHOICE = "choice", _("Choix dans une liste")
    YES_NO = "yes_no", _("Oui ou non")
    FILE = "file", _("Pièce à joindre")


@dataclass(frozen=True, kw_only=True)
class FormField:
    """One question of a form. ``key`` names the answer and never changes; ``label`` is what people read."""

    key: str
    label: str
    kind: str = FieldKind.TEXT
    required: bool = True
    help: str = ""
    choices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "choices", tuple(self.choices))

    def as_dict(self) -> dict[str, Any]:
        """Return the field as it is stored."""
        return asdict(self)
