"""What can be counted day by day of a pricing, for whom, and what a quantity may be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from obole.consumption.rules.planning import EVERYTHING
from obole.lib import texts
from obole.pricing.model.names import names_in
from obole.pricing.model.parts import Pricing, Question, QuestionKind

MOST = Decimal(999_999)
_IN_A_DAY = {"h": 24, "heure": 24, "1 2 h": 48, "1 2 heure": 48, "demi heure": 48, "min": 1440, "minute": 1440}
"""How many there are of a unit in a day, as ``texts.fold`` writes it."""


class BadQuantity(ValueError):
    """A quantity cannot be kept; the message is a French sentence for who typed it."""


@dataclass(frozen=True)
class Beneficiary:
    """Who consumes: a row of the group of a question, or the dossier itself (no row)."""

    row: int | None
    name: str


@dataclass(frozen=True)
class Cell:
    """One thing on one day for one beneficiary of a dossier."""

    dossier_id: int
    row: int | None
    day: date


def countable(pricing: Pricing) -> list[Question]:
    """Return the questions that a quantity of a line needs: what is counted, and neither a quotient nor a surface."""
    needed = {name for line in pricing.lines for name in names_in(line.quantity, pricing)}
    return [one for one in pricing.questions if one.kind == QuestionKind.NUMBER and one.key in needed]


def beneficiaries(pricing: Pricing, question: Question, answers: Mapping[str, Any]) -> list[Beneficiary]:
    """
    Return for whom a question is counted in a dossier, by the names of their rows.

    :param answers: those of the dossier, as the engine reads them.
    """
    group = next((group for group in pricing.groups if group.key == question.group), None)
    if group is None:
        return [Beneficiary(None, "")]
    rows = answers.get(group.key)
    return [
        Beneficiary(n, str(row.get(group.name) or f"{group.label} {n + 1}")[:120])
        for n, row in enumerate(rows if isinstance(rows, list) else [])
    ]


def most_in_a_day(pricing: Pricing, question: Question) -> Decimal:
    """Return how much of something a day can hold: 24 of what is billed by the hour, no more than a whole period."""
    units = {product.key: texts.fold(product.unit) for product in pricing.products}
    billed = {units.get(line.product, "") for line in pricing.lines if question.key in names_in(line.quantity, pricing)}
    bounds = [MOST, *(Decimal(_IN_A_DAY[unit]) for unit in billed & _IN_A_DAY.keys())]
    return min(bounds if question.maximum is None else [*bounds, question.maximum])


def read_quantity(typed: str, question: Question, most: Decimal = MOST) -> Decimal:
    """
    Return a quantity of a day as it is kept.

    :raises BadQuantity: if it is none, is negative or over ``most``, or has more decimals than the pricing counts.
    """
    try:
        found = Decimal(typed.strip().replace("\u00a0", "").replace("\u202f", "").replace(",", "."))
    except InvalidOperation:
        raise BadQuantity(_("Écrivez un nombre, par exemple 1.")) from None
    if not found.is_finite() or not 0 <= found <= most:
        raise BadQuantity(_("Écrivez un nombre de 0 à %(most)s.") % {"most": _shown(most)})
    exponent = found.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > question.decimals:
        said = _("Écrivez %(decimals)s décimales au plus.") if question.decimals else _("Écrivez un nombre entier.")
        raise BadQuantity(said % {"decimals": question.decimals} if question.decimals else said)
    return found


def with_consumption(
    pricing: Pricing, answers: Mapping[str, Any], sums: Mapping[tuple[int | None, str], Decimal]
) -> dict[str, Any]:
    """Return answers to a pricing in which what was counted day by day takes the place of what was answered."""
    replaced, known = dict(answers), by_question(pricing, sums)
    for question in countable(pricing):
        if not question.group:
            if (None, question.key) in known:
                replaced[question.key] = written(known[None, question.key])
            continue
        rows: Sequence[Any] = replaced.get(question.group) or []
        replaced[question.group] = [
            {**row, question.key: written(known[n, question.key])} if (n, question.key) in known else row
            for n, row in enumerate(rows)
        ]
    return replaced


def by_question(
    pricing: Pricing, sums: Mapping[tuple[int | None, str], Decimal]
) -> dict[tuple[int | None, str], Decimal]:
    """Return sums in which the one of everything, of who is not enrolled, is that of each question that has none."""
    found = dict(sums)
    for row, _everything in [thing for thing in sums if thing[1] == EVERYTHING]:
        quantity = found.pop((row, EVERYTHING))
        for question in countable(pricing):
            if bool(question.group) == (row is not None):
                found.setdefault((row, question.key), quantity)
    return found


def written(quantity: Decimal) -> str:
    """Write a quantity as answers are kept: ``16``, ``1.5``."""
    said = f"{quantity.normalize():f}"
    return said if "." in said else said.split(".")[0]


def _shown(bound: Decimal) -> str:
    return f"{bound.normalize():,f}".replace(",", "\u202f").replace(".", ",")
