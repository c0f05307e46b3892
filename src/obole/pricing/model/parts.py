"""
A dispositif's pricing as data: what is asked, what is computed from it, what is billed, and how it is paid.

``Pricing`` is the whole of it. It is immutable, says nothing of how it is computed, and goes to JSON and back
(``codec``).
"""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar

from obole.pricing.model.formulas import Condition, Constant, Formula, Key, Label
from obole.pricing.model.numbers import Rounding
from obole.pricing.model.tariffs import Cents, Percent, Tariff


class QuestionKind(StrEnum):
    """What an answer is."""

    NUMBER = "number"
    DAY = "day"
    TIME = "time"
    CHOICE = "choice"
    YES_NO = "yes_no"
    TEXT = "text"


class AskedOf(StrEnum):
    """Who answers."""

    CITIZEN = "citizen"
    AGENT = "agent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """
    An answer that formulas may name; ``group`` is the repeated group that it belongs to, if any.

    ``asked_of`` changes nothing to the price: it is for the screens, that ask a citizen or an agent.
    """

    key: Key
    label: Label
    kind: QuestionKind
    asked_of: AskedOf = AskedOf.CITIZEN
    group: str = ""
    required: bool = True
    decimals: int = 0
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    choices: tuple[Label, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """
    Answers that come several times (one row a child); ``name`` is the question that names a row, else « Enfant 1 ».
    """

    key: Key
    label: Label
    name: str = ""
    most: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A formula with a name, for other formulas; one of a group is computed for each of its rows."""

    key: Key
    label: Label
    of: Formula
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """
    What is billed: its unit, its quantities, its imputation, and the tariff of its price.

    A quantity is first brought to ``step`` by ``rounding``, then raised to ``billed_minimum``; what is then under
    ``minimum`` or over ``maximum`` is refused. Zero makes no line.
    """

    key: Key
    label: Label
    tariff: Key
    unit: Label = ""
    nature: Label = ""
    decimals: int = 0
    step: Decimal | None = None
    rounding: Rounding = Rounding.EXACT
    billed_minimum: Decimal | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    round_to: Cents = 1
    """What the unit price is rounded to, half up: the cent, unless the délibération says 5, 10, 50 or 100."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PercentStep:
    """So many per cent more, or less, when a condition holds."""

    KIND: ClassVar = "percent"
    label: Label
    percent: Percent
    when: Condition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountStep:
    """So many cents more, or less, when a condition holds."""

    KIND: ClassVar = "amount"
    label: Label
    cents: Cents
    when: Condition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorStep:
    """
    Times a numerator, divided by a denominator. A proration (13 days of 17) is kept between nothing and the whole.
    """

    KIND: ClassVar = "factor"
    label: Label
    top: Formula
    bottom: Formula
    prorata: bool = True
    when: Condition | None = None


Step = PercentStep | AmountStep | FactorStep


class Order(StrEnum):
    """How the lines of a degression are ranked."""

    GIVEN = "given"
    DEAREST = "dearest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Degression:
    """
    Per cent by rank among the lines that name it: (0, -20, -50) is the whole price, then 20 % less, then half price on.
    """

    key: Key
    label: Label
    order: Order
    percents: tuple[Percent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """So many free units, of which ``used`` were used before."""

    label: Label
    free: Formula
    used: Formula = field(default_factory=lambda: Constant(Decimal(0)))


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingLine:
    """
    A line of the bill: a product, how many, when, and what is done to its price.

    The unit price goes through its degression, then ``price_steps``, rounded to the cent at each; then the line is
    quantity × unit price, rounded; then ``amount_steps``, rounded at each. ``per`` makes one line for each row of a
    group, ``on`` is a date that takes the place of the bill's own to choose the version of the tariff, ``deduct`` makes
    the line negative.
    """

    key: Key
    label: Label
    product: Key
    quantity: Formula
    when: Condition | None = None
    per: str = ""
    on: Formula | None = None
    deduct: bool = False
    allowance: Allowance | None = None
    degression: str = ""
    price_steps: tuple[Step, ...] = ()
    amount_steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositRule:
    """A deposit against damage: never revenue, never in a total."""

    key: Key
    label: Label
    cents: Cents
    when: Condition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """
    How the total is paid: an acompte in per cent, or instalments, the lines of ``first`` being whole in the first of
    them.

    Below ``carry_below`` cents, the amount is carried over to the next bill.
    """

    acompte: Percent | None = None
    instalments: int = 1
    first: tuple[Key, ...] = ()
    carry_below: Cents = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pricing:
    """How a dispositif is priced."""

    questions: tuple[Question, ...] = ()
    groups: tuple[Group, ...] = ()
    values: tuple[Value, ...] = ()
    tariffs: tuple[Tariff, ...] = ()
    products: tuple[Product, ...] = ()
    degressions: tuple[Degression, ...] = ()
    lines: tuple[BillingLine, ...] = ()
    cautions: tuple[DepositRule, ...] = ()
    terms: Terms = Terms()
    negative: bool = False
    """Whether the total may be below zero: money to give back."""
