"""What the data and the computed values of a pricing are used by. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from obole.pricing.model import formulas as f
from obole.pricing.model.parts import Pricing

USERS = ("groups", "values", "tariffs", "lines", "cautions")
"""The sections whose parts may name an answer."""


@dataclass(frozen=True)
class Use:
    """A part that names an answer: its section, and itself."""

    section: str
    part: Any


def uses(pricing: Pricing) -> dict[str, list[Use]]:
    """Return, by the key of each datum and of each computed value, the parts that name it; none where nothing does."""
    keys = [*(question.key for question in pricing.questions), *(value.key for value in pricing.values)]
    found: dict[str, list[Use]] = {key: [] for key in keys}
    for section in USERS:
        for part in getattr(pricing, section):
            for name in dict.fromkeys(_names(part)):
                if name in found:
                    found[name].append(Use(section, part))
    for group in pricing.groups:
        if group.name in found:
            found[group.name].append(Use("groups", group))
    return found


def _names(part: Any) -> Iterator[str]:
    if isinstance(part, f.Answer):
        yield part.name
    for item in part if isinstance(part, tuple) else ():
        yield from _names(item)
    for field in fields(part) if is_dataclass(part) else ():
        yield from _names(getattr(part, field.name))
