"""What a formula comes to whatever is answered: where that cannot be computed, no answer ever mends it."""

from obole.pricing.model import formulas as f
from obole.pricing.model.functions import OPERATIONS
from obole.pricing.model.numbers import Number, as_fraction
from obole.pricing.model.parts import Pricing


class Constants:
    """The values of a pricing that depend on no answer, each computed once."""

    def __init__(self, pricing: Pricing) -> None:
        self._formulas = {value.key: value.of for value in pricing.values}
        self._known: dict[str, Number | None] = {}

    def of(self, formula: f.Formula) -> Number | None:
        """
        Return what a formula comes to; None where it depends on an answer, or is no number.

        :raises CannotCompute: if it can never be computed.
        """
        if isinstance(formula, f.Constant):
            return as_fraction(formula.value)
        if isinstance(formula, f.Answer):
            return self._named(formula.name)
        if isinstance(formula, f.Call) and formula.op in OPERATIONS:
            numbers = [self.of(arg) for arg in formula.args]
            if all(number is not None for number in numbers):
                found = OPERATIONS[formula.op].run(*numbers)
                return found if isinstance(found, Number) and not isinstance(found, bool) else None
        return None

    def _named(self, name: str) -> Number | None:
        if name not in self._known:
            # A value that needs itself is told by another check.
            self._known[name] = None
            if name in self._formulas:
                self._known[name] = self.of(self._formulas[name])
        return self._known[name]
