"""What a filled form is worth: pure checks and sums, no database."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from obole.catalogue.fields import FieldKind, FilledBy, FormField
from obole.catalogue.forms import conditions
from obole.catalogue.forms.conditions import OUTSIDE, Decided
from obole.catalogue.models import Product
from obole.lib import money


@dataclass(frozen=True, kw_only=True)
class Priced:
    """A product, how many, and what it comes to in cents."""

    product: Product
    quantity: Decimal
    unit_price_cents: int

    @property
    def cents(self) -> int:
        """Quantity × unit price, rounded half up to the cent."""
        return money.times(self.quantity, self.unit_price_cents)


class BadQuantity(ValueError):
    """A quantity is outside what its product allows."""

    def __init__(self, product: Product, quantity: Decimal) -> None:
        super().__init__(f"{product}: {quantity}")
        self.product = product


def price(
    products: Iterable[Product], quantities: Mapping[int, Decimal], prices: Mapping[int, int] | None = None
) -> list[Priced]:
    """
    Return each product with its quantity (by product id; the minimum where none is given) and its amount.

    :param prices: unit prices in cents that were promised (by product id); else today's.
    :raises BadQuantity: if a quantity is outside its product's bounds or has too many decimals.
    """
    promised = prices or {}
    priced = []
    for product in products:
        quantity = quantities.get(product.pk, product.minimum)
        if not product.minimum <= quantity <= product.maximum or round(quantity, product.decimals) != quantity:
            raise BadQuantity(product, quantity)
        priced.append(
            Priced(
                product=product, quantity=quantity, unit_price_cents=promised.get(product.pk, product.unit_price_cents)
            )
        )
    return priced


def total(priced: Iterable[Priced]) -> int:
    """Return the sum of the rounded lines, in cents."""
    return sum(one.cents for one in priced)


class MissingAnswer(ValueError):
    """A question that must be answered has no answer, or a group too few rows."""


class TooManyRows(ValueError):
    """A group has more rows than it may."""


def settle(
    fields: Sequence[FormField],
    given: Mapping[str, Any],
    *,
    known: Mapping[str, Any],
    attached: Iterable[str],
    by: str = FilledBy.CITIZEN,
) -> dict[str, Any]:
    """
    Return the answers to keep: those of who fills the form now, and what others answered before (``known``).

    What the form does not ask, given the rest, is left out, however it was filled.

    :param attached: the keys of the fields, out of groups, that hold a file; a file in a row is its digest.
    :raises MissingAnswer: naming the first question that must be answered and is not.
    :raises TooManyRows: if a group has more rows than it may.
    """
    theirs = {one.key: one for one in fields if one.by == by and not one.group}
    answers = {key: value for key, value in known.items() if key not in theirs}
    answers |= {key: value for key, value in given.items() if key in theirs and value not in (None, "", [], {})}
    decided = conditions.decide(fields, answers)
    files = set(attached)
    kept: dict[str, Any] = {}
    for one in fields:
        if one.group or one.kind == FieldKind.SECTION or not decided.shows(one.key):
            continue
        if one.kind == FieldKind.GROUP:
            found: Any = list(_rows(one, fields, answers.get(one.key), decided, by))
        else:
            found = answers.get(one.key)
            _must(one, found in (None, "") and one.key not in files, decided, by)
        if found not in (None, "", []):
            kept[one.key] = found
    return kept


def _rows(
    group: FormField, fields: Sequence[FormField], given: Any, decided: Decided, by: str
) -> Iterator[dict[str, Any]]:
    """Return the rows of a group with what each of them asks."""
    rows = [row for row in given if isinstance(row, Mapping)] if isinstance(given, list | tuple) else []
    if len(rows) > group.rows_at_most:
        raise TooManyRows(group.key)
    if group.by == by and len(rows) < max(group.least_rows, int(decided.requires(group.key))):
        raise MissingAnswer(group.key)
    inside = [one for one in fields if one.group == group.key]
    for n, row in enumerate(rows):
        asked = [one for one in inside if decided.shows(one.key, n)]
        for one in asked:
            _must(one, row.get(one.key) in (None, "", [], {}), decided, by, row=n)
        yield {one.key: row[one.key] for one in asked if row.get(one.key) not in (None, "", [], {})}


def _must(one: FormField, empty: bool, decided: Decided, by: str, *, row: int = OUTSIDE) -> None:
    if empty and one.by == by and decided.requires(one.key, row):
        raise MissingAnswer(one.key)
