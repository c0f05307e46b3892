"""The operations that a formula may call: numbers, dates, times. Each says what it takes and what it gives."""

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext_lazy as _

from obole.pricing.model.numbers import FINEST, MOST, Number, Rounding, to_step
from obole.pricing.model.problems import CannotCompute, Text


class Type(StrEnum):
    """What a formula is worth."""

    NUMBER = "number"
    DAY = "day"
    TIME = "time"
    TEXT = "text"
    FLAG = "flag"


@dataclass(frozen=True, kw_only=True)
class Operation:
    """``takes`` are the types of its arguments; the last one may come again when it is ``variadic``."""

    label: Text
    takes: tuple[Type, ...]
    gives: Type
    run: Callable[..., Any]
    variadic: bool = False


def add(*numbers: Number) -> Number:
    """Return the sum."""
    result: Number = 0
    for number in numbers:
        result = bounded(result + number)
    return result


def subtract(first: Number, second: Number) -> Number:
    """Return the difference."""
    return bounded(first - second)


def multiply(*numbers: Number) -> Number:
    """Return the product."""
    result: Number = 1
    for number in numbers:
        result = bounded(result * number)
    return result


def divide(first: Number, second: Number) -> Number:
    """
    Return the exact quotient.

    :raises CannotCompute: if the second number is zero.
    """
    if not second:
        raise CannotCompute(_("le calcul divise par zéro : vérifiez les réponses."))
    return bounded(Fraction(first) / second)


def bounded(number: Number) -> Number:
    """
    Return a number that people can read.

    :raises CannotCompute: if it is enormous, or a fraction that takes longer and longer to compute.
    """
    if number > MOST or number < -MOST:
        raise CannotCompute(_("le calcul donne un nombre beaucoup trop grand : vérifiez les réponses."))
    if number.denominator > FINEST:
        raise CannotCompute(_("le calcul enchaîne trop de divisions : arrondissez-le en chemin."))
    return number


def rounded(rounding: Rounding) -> Callable[[Number, Number], Number]:
    """Return the operation that brings a number to a step."""

    def run(number: Number, step: Number) -> Number:
        if step <= 0:
            raise CannotCompute(_("le pas d’un arrondi doit être au-dessus de zéro."))
        return to_step(number, step, rounding)

    return run


def days_between(first: date, last: date) -> int:
    """Return how many days there are, both included."""
    return _in_order(first, last) + 1


def nights_between(first: date, last: date) -> int:
    """Return how many nights there are."""
    return _in_order(first, last)


def months_between(first: date, last: date) -> int:
    """Return how many months of the calendar are touched: April to October is 7."""
    _in_order(first, last)
    return (last.year - first.year) * 12 + last.month - first.month + 1


def months_begun(first: date, last: date) -> int:
    """
    Return how many months are begun from the first day's own number on: 15 April to 14 October is 6, to 15 October 7.
    """
    _in_order(first, last)
    return _whole_months(first, last) + 1


def years_between(first: date, last: date) -> int:
    """Return how many whole years have passed."""
    _in_order(first, last)
    return _whole_months(first, last) // 12


def _whole_months(first: date, last: date) -> int:
    # A month that has no 31st is over on its last day: from 31 January, February is whole on the 28th.
    ends = min(first.day, monthrange(last.year, last.month)[1])
    return (last.year - first.year) * 12 + last.month - first.month - (last.day < ends)


def hours_between(first: time, last: time) -> Number:
    """Return the hours from a time to another; an end before the start is on the next day."""
    minutes = (last.hour - first.hour) * 60 + last.minute - first.minute
    return Fraction(minutes % (24 * 60), 60)


def days_in_month(day: date) -> int:
    """Return how many days the month has."""
    return monthrange(day.year, day.month)[1]


def month_start(day: date) -> date:
    """Return the first day of the month."""
    return day.replace(day=1)


def month_end(day: date) -> date:
    """Return the last day of the month."""
    return day.replace(day=days_in_month(day))


def weekdays_between(first: date, last: date, days: frozenset[int]) -> int:
    """Return how many of these days of the week there are, both ends included."""
    weeks, rest = divmod(_in_order(first, last) + 1, 7)
    start = first.isoweekday() - 1
    return weeks * len(days) + sum((start + n) % 7 + 1 in days for n in range(rest))


def _in_order(first: date, last: date) -> int:
    if last < first:
        raise CannotCompute(_("la date de fin est avant la date de début : corrigez l’une des deux."))
    return (last - first).days


_N, _D, _T = Type.NUMBER, Type.DAY, Type.TIME

OPERATIONS: dict[str, Operation] = {
    "sum": Operation(label=_("somme"), takes=(_N,), gives=_N, run=add, variadic=True),
    "difference": Operation(label=_("différence"), takes=(_N, _N), gives=_N, run=subtract),
    "product": Operation(label=_("produit"), takes=(_N,), gives=_N, run=multiply, variadic=True),
    "quotient": Operation(label=_("quotient"), takes=(_N, _N), gives=_N, run=divide),
    "least": Operation(label=_("le plus petit"), takes=(_N,), gives=_N, run=lambda *n: min(n), variadic=True),
    "greatest": Operation(label=_("le plus grand"), takes=(_N,), gives=_N, run=lambda *n: max(n), variadic=True),
    "up": Operation(label=_("arrondi par excès au pas de"), takes=(_N, _N), gives=_N, run=rounded(Rounding.UP)),
    "down": Operation(label=_("arrondi par défaut au pas de"), takes=(_N, _N), gives=_N, run=rounded(Rounding.DOWN)),
    "nearest": Operation(
        label=_("arrondi au plus près au pas de"), takes=(_N, _N), gives=_N, run=rounded(Rounding.NEAREST)
    ),
    "days": Operation(label=_("nombre de jours, bornes comprises"), takes=(_D, _D), gives=_N, run=days_between),
    "nights": Operation(label=_("nombre de nuits"), takes=(_D, _D), gives=_N, run=nights_between),
    "months": Operation(label=_("nombre de mois du calendrier touchés"), takes=(_D, _D), gives=_N, run=months_between),
    "months_begun": Operation(label=_("nombre de mois commencés"), takes=(_D, _D), gives=_N, run=months_begun),
    "years": Operation(label=_("nombre d’années entières"), takes=(_D, _D), gives=_N, run=years_between),
    "hours": Operation(label=_("nombre d’heures"), takes=(_T, _T), gives=_N, run=hours_between),
    "days_in_month": Operation(label=_("nombre de jours du mois"), takes=(_D,), gives=_N, run=days_in_month),
    "month_start": Operation(label=_("premier jour du mois"), takes=(_D,), gives=_D, run=month_start),
    "month_end": Operation(label=_("dernier jour du mois"), takes=(_D,), gives=_D, run=month_end),
}
