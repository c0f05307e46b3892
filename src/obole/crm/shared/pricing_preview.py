"""What a pricing makes of answers, as the agents' screens show it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from obole.billing.rules import bill as bill
from obole.catalogue import queries
from obole.catalogue.models import PricingVersion
from obole.pricing import wording
from obole.pricing.engine.compiled_pricing import Compiled
from obole.pricing.model.problems import Problem
from obole.pricing.model.results import Result


@dataclass(frozen=True)
class PreviewComparison:
    """A line in two versions, in cents; None where one of them has no such line."""

    label: str
    first: int | None
    second: int | None

    @property
    def change(self) -> int:
        """How much more the second is."""
        return (self.second or 0) - (self.first or 0)


def preview(version: PricingVersion, answers: Mapping[str, Any], *, on: date) -> tuple[Result, tuple[Problem, ...]]:
    """Return what a form that is being filled comes to so far, and what is wrong or lacking."""
    return try_pricing(queries.compiled_pricing_of(version), answers, on=on)


def try_pricing(compiled: Compiled, answers: Mapping[str, Any], *, on: date) -> tuple[Result, tuple[Problem, ...]]:
    """Return the same of a pricing that may not be published yet."""
    found = compiled.preview(answers, on=on)
    return found.result, found.problems


def compare_previews(first: Result, second: Result) -> list[PreviewComparison]:
    """Return the lines of two results side by side: those of the first, then those that only the second has."""
    before, after = _by_key(first), _by_key(second)
    keys = [*before, *(key for key in after if key not in before)]
    return [
        PreviewComparison((after.get(key) or before[key])[0], _cents(before.get(key)), _cents(after.get(key)))
        for key in keys
    ]


def _by_key(result: Result) -> dict[tuple[str, int], tuple[str, int]]:
    return {(line.key, line.rank): (wording.label(line), line.amount_cents) for line in result.lines}


def _cents(found: tuple[str, int] | None) -> int | None:
    return None if found is None else found[1]
