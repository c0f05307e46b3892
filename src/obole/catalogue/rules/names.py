"""Which names a formula uses, by itself and through the values that it names."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from obole.catalogue.rules.formulas import Answer
from obole.catalogue.rules.parts import Pricing


def named(part: Any) -> Iterator[str]:
    """Return the names that a part says itself."""
    if isinstance(part, Answer):
        yield part.name
    elif isinstance(part, tuple):
        for one in part:
            yield from named(one)
    elif is_dataclass(part):
        for one in fields(part):
            yield from named(getattr(part, one.name))


def names_in(part: Any, pricing: Pricing) -> set[str]:
    """Return every name that a part needs, through values too. Values that go round in circles are looked at once."""
    values = {one.key: one.of for one in pricing.values}
    found, waiting = set[str](), list(named(part))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += named(values[name]) if name in values else ()
    return found


def loops(pricing: Pricing) -> list[str]:
    """Return the keys of the values that need themselves."""
    return [one.key for one in pricing.values if one.key in names_in(one.of, pricing)]
