"""Which names a formula uses, by itself and through the values that it names."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from obole.pricing.model.formulas import Answer
from obole.pricing.model.parts import Pricing


def names_used(part: Any) -> Iterator[str]:
    """Return the names that a part says itself."""
    if isinstance(part, Answer):
        yield part.name
    elif isinstance(part, tuple):
        for item in part:
            yield from names_used(item)
    elif is_dataclass(part):
        for field in fields(part):
            yield from names_used(getattr(part, field.name))


def names_in(part: Any, pricing: Pricing) -> set[str]:
    """Return every name that a part needs, through values too. Values that go round in circles are looked at once."""
    values = {value.key: value.of for value in pricing.values}
    found, waiting = set[str](), list(names_used(part))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += names_used(values[name]) if name in values else ()
    return found


def circular_names(pricing: Pricing) -> list[str]:
    """Return the keys of the values that need themselves."""
    return [value.key for value in pricing.values if value.key in names_in(value.of, pricing)]
