"""What is odd in what a dossier comes to, and the days on which somebody forgot to count."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from obole.campaigns.models import Oddity
from obole.consumption.rules import countable
from obole.dossiers.states import DossierState
from obole.lib.open_days import Calendar
from obole.pricing.model.parts import AskedOf, Pricing
from obole.pricing.model.results import ComputationStep, Result

FAR = 2
"""An amount that moved by more than one part in so many of the one before is looked at."""


@dataclass(frozen=True)
class Gap:
    """Open days on which nothing was counted of a thing, in a place where the same week days of other weeks were."""

    scheme_id: int
    question: str
    place: str
    days: tuple[str, ...]
    """ISO days, so that it is kept as JSON."""


@dataclass(frozen=True)
class Counted:
    """On which days something was counted of a thing, in one place (a school, a class) of a dispositif."""

    scheme_id: int
    question: str
    place: str
    days: Collection[date]


def oddities(result: Result, *, state: str, before_cents: int | None, is_reached: bool) -> list[Oddity]:
    """
    Return what a person looks at before a price is billed.

    :param before_cents: what the invoice before came to, if there was one.
    :param is_reached: whether a mail or a letter reaches the payer.
    """
    missing = any(found.how == ComputationStep.MISSING for line in result.lines for found in line.found)
    found = {
        Oddity.NO_QUOTIENT: missing,
        Oddity.JUMP: is_far(result.total_cents, before_cents),
        Oddity.NO_ADDRESS: not is_reached,
        Oddity.NOT_ACCEPTED: state == DossierState.IN_REVIEW,
    }
    return [oddity for oddity, there in found.items() if there]


def is_counted_by_agents(pricing: Pricing) -> bool:
    """Tell whether an agent says how much is billed: a quantity of the month, that no citizen answers once for all."""
    return any(question.asked_of == AskedOf.AGENT for question in countable(pricing))


def is_far(cents: int, before_cents: int | None) -> bool:
    """Tell whether an amount moved by more than half of the one before."""
    return before_cents is not None and abs(cents - before_cents) * FAR > before_cents


def gaps(counted: Iterable[Counted], *, days: Collection[date], calendar: Calendar) -> list[Gap]:
    """
    Return the days that were forgotten, by what was counted on the others.

    A week day is expected where it was counted on half at least of its open days, wherever in the dispositif: nobody
    is expected on Wednesdays in a canteen that never serves one.
    """
    open_days = [day for day in days if calendar.is_open(day)]
    expected = Counter(day.weekday() for day in open_days)
    every = list(counted)
    found = []
    for one in every:
        alike = {day for other in every if _is_alike(one, other) for day in other.days}
        usual = Counter(day.weekday() for day in alike)
        left = [day for day in open_days if day not in one.days and usual[day.weekday()] * 2 >= expected[day.weekday()]]
        if left:
            found.append(Gap(one.scheme_id, one.question, one.place, tuple(day.isoformat() for day in left)))
    return sorted(found, key=lambda gap: (gap.scheme_id, gap.question, gap.place))


def _is_alike(one: Counted, other: Counted) -> bool:
    return (one.scheme_id, one.question) == (other.scheme_id, other.question)
