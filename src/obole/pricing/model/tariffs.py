"""
Tariffs as data: a price that a délibération voted, from a date on.

Five kinds of price, that combine with the steps of a line (``parts``): fixed, grid of one to three axes, rate of a
base, an amount that is given, and the two that look at other lines (a share of them, or what is missing up to a floor
or above a cap).
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, ClassVar

from obole.pricing.model.formulas import Condition, Formula, Key, Label

Cents = Annotated[int, "cents"]
"""Whole cents."""
Percent = Annotated[Decimal, "percent"]
"""A percentage of at most six decimals: 0.0516 is 0,0516 %."""


class Regime(StrEnum):
    """Why there is VAT, or none."""

    OUTSIDE = "outside"
    EXEMPT = "exempt"
    FRANCHISE = "franchise"
    TAXED = "taxed"


class Typed(StrEnum):
    """Whether a price was voted without or with the tax."""

    NET = "net"
    GROSS = "gross"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vat:
    """The VAT of a price; ``article`` founds an exemption (« 261, 4, 4° »)."""

    regime: Regime = Regime.OUTSIDE
    rate: Percent = Decimal(0)
    article: Label = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """
    A place on an axis.

    A bracket holds what is above ``low`` and up to ``high`` (nothing: no limit); a choice holds one ``value``; a
    special place (« extérieur ») is taken first, when its condition holds. ``label`` is how the vote prints it: «
    401–700 ».
    """

    key: Key
    label: Label
    low: Decimal | None = None
    high: Decimal | None = None
    value: Label | None = None
    when: Condition | None = None


class AxisKind(StrEnum):
    """What an axis is made of, beside its special places."""

    BRACKETS = "brackets"
    CHOICES = "choices"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """So many brackets further when a condition holds, and never past the last (a disabled child, at the crèche)."""

    when: Condition
    by: int = 1
    label: Label = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One dimension of a grid: a formula, and the places where its value may fall, in the order of the vote."""

    label: Label
    of: Formula
    kind: AxisKind
    positions: tuple[Position, ...]
    special: tuple[Position, ...] = ()
    """Come after the others in the grid's cells, and are looked at first."""
    missing: str = ""
    """The key of the place that is taken when the formula has no value; empty: that is a problem."""
    shifts: tuple[Shift, ...] = ()

    @property
    def places(self) -> tuple[Position, ...]:
        """Every place, in the order of the cells."""
        return (*self.positions, *self.special)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """One price for all."""

    KIND: ClassVar = "fixed"
    cents: Cents


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """
    A price for each cell; cells are in reading order (the last axis goes fastest). Nothing in a cell: not offered.
    """

    KIND: ClassVar = "grid"
    axes: tuple[Axis, ...]
    cells: tuple[Cents | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RateTable:
    """The percentages of a rate that depends on brackets."""

    axis: Axis
    percents: tuple[Percent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """
    A percentage of a base in euros (taux d’effort): base kept between its floor and its cap, then the price between its
    own.

    ``missing`` is the price in cents when the base has no value (no QF: the dearest); nothing: that is a problem.
    """

    KIND: ClassVar = "rate"
    base_label: Label
    base: Formula
    percent: Percent | None = None
    table: RateTable | None = None
    base_floor: Cents | None = None
    base_cap: Cents | None = None
    floor: Cents | None = None
    cap: Cents | None = None
    missing: Cents | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A price in euros that a formula gives (the value of a lost book), between a floor and a cap."""

    KIND: ClassVar = "given"
    of: Formula
    floor: Cents | None = None
    cap: Cents | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A percentage of what lines above come to (majoration 100 %); below zero it is a discount."""

    KIND: ClassVar = "share"
    percent: Percent
    of: tuple[Key, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What brings the sum of lines above up to a floor, or (below zero) down to a cap."""

    KIND: ClassVar = "limit"
    of: tuple[Key, ...]
    floor: Cents | None = None
    cap: Cents | None = None


Price = Fixed | Grid | Rate | Given | Share | Limit


ALWAYS = date(1900, 1, 1)
"""The day of effect of a price whose délibération is not known: it was in force before anybody wrote it here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A price from a date on, with the délibération that voted it."""

    effect: date
    deliberation: Label
    voted_on: date
    price: Price
    vat: Vat = Vat()
    typed: Typed = Typed.GROSS


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """A price through time."""

    key: Key
    label: Label
    versions: tuple[Version, ...]
