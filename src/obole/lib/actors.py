"""
Who acts: an identifier that nobody can change, and the name of that moment beside it.

Two people are compared by their identifiers. An address or a name is a text that its owner may change: it says nothing.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import models

_MACHINES = frozenset({"worker", "gateway", "operator"})


@dataclass(frozen=True)
class Actor:
    """Somebody or something that acts: ``agent:12``, ``citizen:7``, ``gateway:payfip``, ``worker``…"""

    id: str
    name: str

    def __str__(self) -> str:
        return self.name

    def is_same_as(self, other: "Actor | None") -> bool:
        """Tell whether both are one, whatever they were called then."""
        return other is not None and self.id == other.id

    def nameless(self) -> "Actor":
        """Return who acts without their name: who asks to be forgotten is not named once more."""
        return Actor(self.id, self.id)

    @property
    def is_machine(self) -> bool:
        """Whether no person acts: the worker, a bank, the operator's own commands."""
        return self.id.partition(":")[0] in _MACHINES

    def pk_of(self, kind: str) -> int | None:
        """Return the primary key of an ``agent`` or a ``citizen``, or None for anybody else."""
        found, _colon, key = self.id.partition(":")
        return int(key) if found == kind and key.isdecimal() else None

    def as_json(self) -> dict[str, str]:
        """Return what a job or a history keeps of it."""
        return {"id": self.id, "name": self.name}


WORKER = Actor("worker", "traitement automatique")
OPERATOR = Actor("operator", "exploitant")
PAYER_RETURN = Actor("return", "retour du payeur")
"""Whoever comes back from the bank with the token of a payment: nobody has to be signed in for that."""


def gateway(code: str) -> Actor:
    """Return the bank that acts, by its code."""
    return Actor(f"gateway:{code}", code)


if TYPE_CHECKING:
    from django.db.models.expressions import Combinable

    # The stubs take the types of what is written and read; the class itself takes none.
    _JSONField = models.JSONField[Actor | Combinable | None, Actor]
else:
    _JSONField = models.JSONField


class ActorField(_JSONField):
    """Keeps an ``Actor`` as ``{"id": …, "name": …}``: the database compares identifiers too."""

    def __init__(self, **options: Any) -> None:
        super().__init__(editable=False, **options)

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        del options["editable"]
        return name, path, args, options

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        kept = super().from_db_value(value, expression, connection)
        return Actor(**kept) if isinstance(kept, dict) else kept

    def get_prep_value(self, value: Any) -> Any:
        return super().get_prep_value(value.as_json() if isinstance(value, Actor) else value)

    def validate(self, value: Any, model_instance: Any) -> None:
        super().validate(value.as_json() if isinstance(value, Actor) else value, model_instance)
