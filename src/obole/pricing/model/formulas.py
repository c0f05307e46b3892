"""
Formulas and conditions as data: what an administrator builds on a screen, never text that is run.

A formula is a small tree of answers, constants and named operations (``OPERATIONS``); a condition compares formulas.
Both say nothing about how they are computed (``compiling``) nor whether they make sense (``checking``).
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, ClassVar

Key = Annotated[str, "key"]
"""``[a-z][a-z0-9_]*``: what other parts point to; people never see it."""
Name = Annotated[str, "name"]
"""A key, or one of the reserved names below."""
Label = Annotated[str, "label"]
"""A line that people read."""
MonthDay = Annotated[str, "month-day"]
"""``09-01``: a day of any year."""

ROW = "@row"
"""The rank of the row in its repeated group (1 for the first child)."""
PRODUCT = "@product"
"""The key of the product being priced: so one voted grid can hold a column for each product."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A number."""

    KIND: ClassVar = "number"
    value: Decimal


@dataclass(frozen=True, slots=True)
class Day:
    """A date."""

    KIND: ClassVar = "day"
    value: date


@dataclass(frozen=True, slots=True)
class Text:
    """A text: one of the choices of a question."""

    KIND: ClassVar = "text"
    value: Label


@dataclass(frozen=True, slots=True)
class Flag:
    """Yes or no."""

    KIND: ClassVar = "flag"
    value: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question, a computed value, or a reserved name is worth."""

    KIND: ClassVar = "answer"
    name: Name


@dataclass(frozen=True, slots=True)
class Call:
    """An operation of ``functions.OPERATIONS`` on other formulas: ``product``, ``days``, ``months``…"""

    KIND: ClassVar = "call"
    op: Key
    args: tuple["Formula", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Over the rows of a repeated group: the sum of a formula, or without one how many rows there are."""

    KIND: ClassVar = "rows"
    group: Key
    of: "Formula | None" = None
    when: "Condition | None" = None


@dataclass(frozen=True, slots=True)
class Since:
    """From this day of the year on, this number."""

    since: MonthDay
    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Yearly:
    """
    A number that depends on the day of a year that starts on any day: 10 from 1 September, 6 from 1 January, 3 from 1
    April.
    """

    KIND: ClassVar = "yearly"
    of: "Formula"
    steps: tuple[Since, ...]
    """The first one starts the year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekdays:
    """
    How many days of a week's days (1 for Monday) there are from a date to another, both included. It knows no holiday.
    """

    KIND: ClassVar = "weekdays"
    first: "Formula"
    last: "Formula"
    days: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Either:
    """One formula or another."""

    KIND: ClassVar = "either"
    when: "Condition"
    then: "Formula"
    otherwise: "Formula"


class Comparison(StrEnum):
    """What a condition may ask."""

    EQUALS = "equals"
    DIFFERS = "differs"
    AMONG = "among"
    """Equal to one of the others."""
    ABOVE = "above"
    AT_LEAST = "at_least"
    BELOW = "below"
    AT_MOST = "at_most"
    BETWEEN = "between"
    """Both ends included."""
    EMPTY = "empty"
    FILLED = "filled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare:
    """
    A comparison. An empty answer is like nothing: every comparison with it is false, but « empty » and « differs ».
    """

    KIND: ClassVar = "compare"
    of: "Formula"
    is_: Comparison
    to: tuple["Formula", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Season:
    """A date falls in a part of the year, both days included; it may go over the new year (10-01 to 04-30)."""

    KIND: ClassVar = "season"
    of: "Formula"
    first: MonthDay
    last: MonthDay


@dataclass(frozen=True, slots=True)
class All:
    """Every one of them holds."""

    KIND: ClassVar = "all"
    of: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of them holds."""

    KIND: ClassVar = "any"
    of: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The other does not hold."""

    KIND: ClassVar = "not"
    of: "Condition"


Formula = Constant | Day | Text | Flag | Answer | Call | Rows | Yearly | Weekdays | Either
Condition = Compare | Season | All | AnyOf | Not
