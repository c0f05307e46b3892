"""What is done to a price or to an amount on its way: percentages, sums, prorations, and the quantity's own rules."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from obole.pricing.engine.compiler import Check, Compiler, Getter, Scope
from obole.pricing.model import parts
from obole.pricing.model.numbers import Number, Rounding, as_fraction, format_number, round_price, to_step
from obole.pricing.model.problems import CannotCompute
from obole.pricing.model.results import Reason, Stage

LARGEST_QUANTITY = 999_999
"""What a line of an invoice can hold."""

Change = Callable[[Scope, Number], tuple[Number, str, dict[str, int | str]] | None]
"""Returns the changed cents before rounding, a code and its values; None when it does not apply."""


class StepRule(NamedTuple):
    """A step ready to run, on prices or on amounts."""

    when: Check | None
    change: Change


def step_rule(compiler: Compiler, step: parts.Step) -> StepRule:
    """Return what runs a step."""
    return StepRule(compiler.condition(step.when), _STEPS[type(step)](compiler, step))


def run_steps(
    rules: list[StepRule], cents: int, scope: Scope, *, round_to: int, stage: Stage, why: list[Reason]
) -> int:
    """Run steps one after the other, rounding at each, never below zero; what each one did is added to ``why``."""
    for rule in rules:
        if rule.when is not None and not rule.when(scope):
            continue
        changed = rule.change(scope, cents)
        if changed is not None:
            cents = _rounded(cents, changed, round_to=round_to, stage=stage, why=why)
    return cents


def _rounded(
    before: int, changed: tuple[Number, str, dict[str, int | str]], *, round_to: int, stage: Stage, why: list[Reason]
) -> int:
    value, code, values = changed
    cents = round_price(max(value, 0), round_to)
    said: dict[str, int | str] = {"before_cents": before, "exact": str(Fraction(value) / 100), "cents": cents}
    why.append(Reason(stage, code, values | said))
    return cents


def _percent(_compiler: Compiler, step: parts.PercentStep) -> Change:
    factor = 1 + Fraction(step.percent) / 100
    values: dict[str, int | str] = {"label": step.label, "percent": str(Fraction(step.percent))}
    return lambda _scope, cents: (cents * factor, "percent", values)


def _amount(_compiler: Compiler, step: parts.AmountStep) -> Change:
    return lambda _scope, cents: (cents + step.cents, "amount", {"label": step.label, "change_cents": step.cents})


def _factor(compiler: Compiler, step: parts.FactorStep) -> Change:
    top_of, bottom_of, label, prorata = (
        compiler.formula(step.top),
        compiler.formula(step.bottom),
        step.label,
        step.prorata,
    )

    def change(scope: Scope, cents: Number) -> tuple[Number, str, dict[str, int | str]] | None:
        top, bottom = top_of(scope), bottom_of(scope)
        if top is None or bottom is None:
            raise CannotCompute(_("il manque une réponse pour « %(name)s » : complétez-la."), name=label)
        if bottom <= 0 or (top < 0 and not prorata):
            raise CannotCompute(_("« %(name)s » divise par zéro ou est négatif : vérifiez les réponses."), name=label)
        if prorata:
            top = max(0, min(top, bottom))
        if top == bottom:
            return None
        values: dict[str, int | str] = {"label": label, "top": str(top), "bottom": str(bottom)}
        return cents * Fraction(top, bottom), "factor", values

    return change


_STEPS: dict[type, Callable[[Compiler, Any], Change]] = {
    parts.PercentStep: _percent,
    parts.AmountStep: _amount,
    parts.FactorStep: _factor,
}


class QuantityRule:
    """What a product does to a quantity."""

    def __init__(self, product: parts.Product) -> None:
        step = product.step if product.step is not None else Fraction(1, 10**product.decimals)
        self._step = as_fraction(step) if not isinstance(step, Fraction) else step
        # A computed quantity may have no end (135 ÷ 7): without a step of its own it is rounded to what can be written.
        self._rounding = product.rounding
        self._raised = None if product.billed_minimum is None else as_fraction(product.billed_minimum)
        self._least = None if product.minimum is None else as_fraction(product.minimum)
        self._most = LARGEST_QUANTITY if product.maximum is None else as_fraction(product.maximum)
        self._unit = product.unit

    def run(self, quantity: Number, why: list[Reason]) -> Number:
        """
        Return the quantity that is billed.

        :raises CannotCompute: if the product does not allow it.
        """
        if quantity < 0:
            raise CannotCompute(_("la quantité est sous zéro : vérifiez les réponses."))
        billed = quantity
        if Fraction(quantity, self._step).denominator != 1:
            billed = self._stepped(quantity)
            why.append(
                _because("stepped", before=quantity, after=billed, step=self._step, rounding=self._rounding.value)
            )
        if self._raised is not None and 0 < billed < self._raised:
            why.append(_because("billed_minimum", before=billed, after=self._raised))
            billed = self._raised
        self._check(billed)
        return billed

    def _stepped(self, quantity: Number) -> Number:
        if self._rounding == Rounding.EXACT:
            raise CannotCompute(
                _("la quantité doit être un multiple de %(step)s : corrigez-la."), step=format_number(self._step)
            )
        return to_step(quantity, self._step, self._rounding)

    def _check(self, billed: Number) -> None:
        if billed and self._least is not None and billed < self._least:
            raise CannotCompute(_("la quantité doit être d’au moins %(least)s."), least=format_number(self._least))
        if billed > self._most:
            raise CannotCompute(_("la quantité doit être d’au plus %(most)s."), most=format_number(self._most))


def _because(code: str, **values: Number | str) -> Reason:
    return Reason(Stage.QUANTITY, code, {name: str(value) for name, value in values.items()})


class AllowanceRule:
    """So many free units."""

    def __init__(self, compiler: Compiler, allowance: parts.Allowance) -> None:
        self._label = allowance.label
        self._free: Getter = compiler.formula(allowance.free)
        self._used: Getter = compiler.formula(allowance.used)

    def run(self, scope: Scope, quantity: Number, why: list[Reason]) -> Number:
        """Return what is left to bill, once the free units that were not used yet are taken off."""
        free, used = self._free(scope), self._used(scope)
        if free is None or used is None:
            raise CannotCompute(_("il manque une réponse pour « %(name)s » : complétez-la."), name=self._label)
        taken: Number = min(max(free - max(used, 0), 0), quantity)
        if taken:
            why.append(_because("free", label=self._label, free=free, used=used, taken=taken, left=quantity - taken))
        return quantity - taken
