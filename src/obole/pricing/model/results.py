"""
A priced bill, with everything that is needed to say why.

Reasons are facts (a code, exact numbers, cents), not sentences: ``wording`` writes them, and ``codec`` keeps them with
an invoice. Exact numbers are written as text, as ``Fraction`` does (``3/2``); names that end in ``cents`` are whole
cents.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from obole.lib import money
from obole.pricing.model.formulas import Key, Label
from obole.pricing.model.problems import Problem
from obole.pricing.model.tariffs import AxisKind, Cents, Percent, Typed, Vat


class Stage(StrEnum):
    """What a reason is about."""

    PRICE = "price"
    QUANTITY = "quantity"
    AMOUNT = "amount"


@dataclass(frozen=True, slots=True)
class Reason:
    """One step from a vote to an amount."""

    stage: Stage
    code: Key
    values: dict[str, int | str]


class ComputationStep(StrEnum):
    """Why a place of an axis was taken."""

    VALUE = "value"
    SPECIAL = "special"
    MISSING = "missing"
    SHIFTED = "shifted"


@dataclass(frozen=True, slots=True)
class FoundPlace:
    """The place of an axis that was taken: « Quotient familial : 842, tranche 701–1 000 »."""

    axis: Label
    kind: AxisKind
    value: str
    """A number as ``Fraction`` writes it, or a choice; empty when there is none."""
    place: Label
    how: ComputationStep
    note: Label = ""
    """Why it was shifted."""


@dataclass(frozen=True, slots=True)
class Vote:
    """The version of a tariff that was in force."""

    tariff: Label
    effect: date
    deliberation: Label
    voted_on: date


class PrintedLine(NamedTuple):
    """What an invoice can hold of a line: a quantity (below zero: deducted), its unit, a unit price in cents."""

    quantity: Decimal
    unit: str
    unit_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedLine:
    """
    A line: quantity × unit price, and what it comes to in cents, without the tax if its price was voted without
    (``typed``).

    When something was done to the amount itself (a proration), it is not quantity × unit price any more: ``printed``
    says how a document shows it.
    """

    key: Key
    rank: int
    """The row of its group; 0 if it is of none."""
    row: Label
    """How that row is named: « Léa », « Enfant 1 »."""
    label: Label
    product: Key
    unit: Label
    nature: Label
    quantity: Decimal
    unit_cents: Cents
    amount_cents: Cents
    vat: Vat
    typed: Typed
    vote: Vote
    found: tuple[FoundPlace, ...]
    reasons: tuple[Reason, ...]

    @property
    def printed(self) -> PrintedLine:
        """
        A quantity, its unit and a unit price (never below zero) that multiply to the amount, by ``lib.money.times``.
        """
        if money.times(self.quantity, self.unit_cents) == self.amount_cents and self.unit_cents >= 0:
            return PrintedLine(self.quantity, self.unit, self.unit_cents)
        return PrintedLine(Decimal(-1 if self.amount_cents < 0 else 1), "", abs(self.amount_cents))


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxRow:
    """What the lines of one regime and rate come to."""

    vat: Vat
    net_cents: Cents
    vat_cents: Cents
    total_cents: Cents


@dataclass(frozen=True, slots=True, kw_only=True)
class CautionAsked:
    """A deposit to hand over, beside the bill."""

    key: Key
    label: Label
    cents: Cents


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A priced bill. Its total is the sum of its tax rows; cautions are in none of its sums."""

    on: date
    lines: tuple[PricedLine, ...]
    taxes: tuple[TaxRow, ...]
    net_cents: Cents
    vat_cents: Cents
    total_cents: Cents
    cautions: tuple[CautionAsked, ...] = ()
    acompte_percent: Percent = Decimal(0)
    acompte_cents: Cents = 0
    instalments: tuple[Cents, ...] = ()
    """What is paid at each time; empty when there is nothing to pay."""

    @property
    def balance_cents(self) -> int:
        """What is left to pay after the acompte (« solde »)."""
        return self.total_cents - self.acompte_cents


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """
    What can already be said of a form that is being filled: the lines that could be priced, and what the others lack.
    """

    result: Result
    problems: tuple[Problem, ...]
