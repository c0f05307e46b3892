"""Next year's prices: a version made from another with a percentage, and two versions side by side."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import product

from django.utils.translation import gettext as _

from obole.pricing.model.numbers import as_decimal, round_price
from obole.pricing.model.tariffs import Fixed, Given, Grid, Limit, Position, Price, Rate, Share, Version


@dataclass(frozen=True, kw_only=True)
class Change:
    """
    A figure in two versions: euros, or per cent when it is a rate. None where there was, or is, none.

    ``percent`` is how much it changed, rounded half up to one decimal; None from nothing or to nothing.
    """

    label: str
    old: Decimal | None
    new: Decimal | None
    rate: bool

    @property
    def percent(self) -> Decimal | None:
        """The change in per cent."""
        if not self.old or self.new is None:
            return None
        return as_decimal(Fraction(self.new - self.old) / Fraction(self.old) * 100, decimals=1)


def next_year_version(
    version: Version, percent: Decimal, *, effect: date, deliberation: str, voted_on: date, round_to: int = 1
) -> Version:
    """
    Return a new version whose prices are so many per cent dearer (or cheaper, below zero), rounded half up, never below
    zero.

    What is voted in cents changes: prices, floors and caps of prices. Rates, and bounds of the base they apply to, do
    not.
    """
    factor = 1 + Fraction(percent) / 100

    def more(cents: int | None) -> int | None:
        return None if cents is None else max(0, round_price(cents * factor, round_to))

    price = _raised(version.price, more)
    return replace(version, effect=effect, deliberation=deliberation, voted_on=voted_on, price=price)


def _raised(price: Price, more: Callable[[int | None], int | None]) -> Price:
    if isinstance(price, Fixed):
        return replace(price, cents=more(price.cents) or 0)
    if isinstance(price, Grid):
        return replace(price, cells=tuple(map(more, price.cells)))
    if isinstance(price, Rate):
        return replace(price, floor=more(price.floor), cap=more(price.cap), missing=more(price.missing))
    if isinstance(price, Given | Limit):
        return replace(price, floor=more(price.floor), cap=more(price.cap))
    return price


def compare(old: Version, new: Version) -> list[Change]:
    """
    Return each figure of two versions, by what votes print, in the order of the new one; then those that are gone.
    """
    before = {(label, rate): value for label, value, rate in _figures(old.price)}
    after = {(label, rate): value for label, value, rate in _figures(new.price)}
    rows = [*after, *(row for row in before if row not in after)]
    return [Change(label=row[0], rate=row[1], old=before.get(row), new=after.get(row)) for row in rows]


def _figures(price: Price) -> Iterator[tuple[str, Decimal | None, bool]]:
    """Return the label of each figure, its value, and whether it is a rate."""
    if isinstance(price, Fixed):
        yield _("prix"), _euros(price.cents), False
    elif isinstance(price, Grid):
        places: list[tuple[Position, ...]] = [axis.places for axis in price.axes]
        for cell, cents in zip(product(*places), price.cells, strict=True):
            yield " / ".join(item.label for item in cell), _euros(cents), False
    elif isinstance(price, Share):
        yield _("part"), price.percent, True
    else:
        if isinstance(price, Rate):
            yield from _rates(price)
        yield _("minimum"), _euros(price.floor), False
        yield _("maximum"), _euros(price.cap), False


def _rates(price: Rate) -> Iterator[tuple[str, Decimal | None, bool]]:
    if price.table is not None:
        for place, percent in zip(price.table.axis.places, price.table.percents, strict=True):
            yield place.label, percent, True
    else:
        yield _("taux"), price.percent, True
    yield _("base minimale"), _euros(price.base_floor), False
    yield _("base maximale"), _euros(price.base_cap), False
    yield _("sans réponse"), _euros(price.missing), False


def _euros(cents: int | None) -> Decimal | None:
    return None if cents is None else Decimal(cents).scaleb(-2)
