"""
Formulas and conditions made into functions, once for a configuration: pricing a line is then a handful of calls.

A formula without a value (an answer is missing) gives None, and so does whatever is computed from it; a comparison with
it does not hold.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from obole.pricing.model import formulas as f
from obole.pricing.model.functions import OPERATIONS, add, weekdays_between
from obole.pricing.model.numbers import as_fraction
from obole.pricing.model.parts import Pricing, Value


class Scope:
    """What formulas are computed from: the answers, and for a repeated group the row that is looked at."""

    __slots__ = ("answers", "priced", "product", "rank", "row", "rows", "values")

    def __init__(self, answers: Mapping[str, Any], *, row: Mapping[str, Any] | None = None, rank: int = 0) -> None:
        self.answers, self.row, self.rank = answers, row, rank
        self.product = ""
        self.rows: dict[str, Sequence[Scope]] = {}
        """The scopes of the rows of each group."""
        self.values: dict[str, Any] = {}
        """The values that were computed already."""
        self.priced: dict[Any, Any] = {}
        """The unit prices that were found already: the lines of a crèche share theirs."""


Getter = Callable[[Scope], Any]
Check = Callable[[Scope], bool]


class Compiler:
    """Knows the questions and the values of a pricing, and makes functions of its formulas. The pricing was checked."""

    def __init__(self, pricing: Pricing) -> None:
        self._of_group = {question.key: question.group for question in pricing.questions}
        self._values = {value.key: value for value in pricing.values}
        self._made: dict[str, Getter] = {}

    def formula(self, formula: f.Formula) -> Getter:
        """Return the function that computes a formula."""
        return _FORMULAS[type(formula)](self, formula)

    def condition(self, condition: f.Condition | None) -> Check | None:
        """Return the function that tells whether a condition holds; None if there is no condition."""
        return None if condition is None else _CONDITIONS[type(condition)](self, condition)

    def name(self, name: str) -> Getter:
        """Return the function that reads an answer, a value or a reserved name."""
        if name == f.ROW:
            return lambda scope: scope.rank
        if name == f.PRODUCT:
            return lambda scope: scope.product
        if name in self._values:
            return self._value(self._values[name])
        if self._of_group[name]:
            return lambda scope: scope.row.get(name) if scope.row is not None else None
        return lambda scope: scope.answers.get(name)

    def _value(self, value: Value) -> Getter:
        if value.key not in self._made:
            self._made[value.key] = _once(value.key, self.formula(value.of))
        return self._made[value.key]


def _once(key: str, compute: Getter) -> Getter:
    def read(scope: Scope) -> Any:
        if key not in scope.values:
            scope.values[key] = compute(scope)
        return scope.values[key]

    return read


def _constant(_compiler: Compiler, formula: Any) -> Getter:
    value = as_fraction(formula.value) if isinstance(formula, f.Constant) else formula.value
    return lambda _scope: value


def _answer(compiler: Compiler, formula: f.Answer) -> Getter:
    return compiler.name(formula.name)


def _call(compiler: Compiler, formula: f.Call) -> Getter:
    run, args = OPERATIONS[formula.op].run, [compiler.formula(arg) for arg in formula.args]
    if len(args) == 2:
        first, second = args

        def of_two(scope: Scope) -> Any:
            one, other = first(scope), second(scope)
            return None if one is None or other is None else run(one, other)

        return of_two

    def of_many(scope: Scope) -> Any:
        values = [arg(scope) for arg in args]
        return None if None in values else run(*values)

    return of_many


def _rows(compiler: Compiler, formula: f.Rows) -> Getter:
    keep = compiler.condition(formula.when)
    of = None if formula.of is None else compiler.formula(formula.of)

    def read(scope: Scope) -> Any:
        kept = [row for row in scope.rows[formula.group] if keep is None or keep(row)]
        if of is None:
            return len(kept)
        values = [of(row) for row in kept]
        return None if None in values else add(*values)

    return read


def _yearly(compiler: Compiler, formula: f.Yearly) -> Getter:
    of, first = compiler.formula(formula.of), formula.steps[0].since
    starts = [_turned(step.since, first) for step in formula.steps]
    values = [as_fraction(step.value) for step in formula.steps]

    def read(scope: Scope) -> Any:
        day: date | None = of(scope)
        return None if day is None else values[bisect_right(starts, _turned(f"{day:%m-%d}", first)) - 1]

    return read


def _turned(day: str, first: str) -> tuple[bool, str]:
    """Return a day of the year so that it sorts in a year that starts on ``first``."""
    return day < first, day


def _weekdays(compiler: Compiler, formula: f.Weekdays) -> Getter:
    first, last, days = compiler.formula(formula.first), compiler.formula(formula.last), frozenset(formula.days)

    def read(scope: Scope) -> Any:
        start, end = first(scope), last(scope)
        return None if start is None or end is None else weekdays_between(start, end, days)

    return read


def _either(compiler: Compiler, formula: f.Either) -> Getter:
    when = _CONDITIONS[type(formula.when)](compiler, formula.when)
    then, otherwise = compiler.formula(formula.then), compiler.formula(formula.otherwise)
    return lambda scope: then(scope) if when(scope) else otherwise(scope)


_COMPARE: dict[f.Comparison, Callable[[Any, Sequence[Any]], bool]] = {
    f.Comparison.EQUALS: lambda item, to: item == to[0],
    f.Comparison.AMONG: lambda item, to: item in to,
    f.Comparison.ABOVE: lambda item, to: item > to[0],
    f.Comparison.AT_LEAST: lambda item, to: item >= to[0],
    f.Comparison.BELOW: lambda item, to: item < to[0],
    f.Comparison.AT_MOST: lambda item, to: item <= to[0],
    f.Comparison.BETWEEN: lambda item, to: to[0] <= item <= to[1],
}


def _compare(compiler: Compiler, condition: f.Compare) -> Check:
    of, to, asked = compiler.formula(condition.of), [compiler.formula(item) for item in condition.to], condition.is_
    if asked == f.Comparison.EMPTY:
        return lambda scope: of(scope) is None
    if asked == f.Comparison.FILLED:
        return lambda scope: of(scope) is not None
    if asked == f.Comparison.DIFFERS:
        return lambda scope: bool(of(scope) != to[0](scope))
    compare, optional = _COMPARE[asked], asked == f.Comparison.AMONG

    def holds(scope: Scope) -> bool:
        one, others = of(scope), [other(scope) for other in to]
        return one is not None and (optional or None not in others) and compare(one, others)

    return holds


def _season(compiler: Compiler, condition: f.Season) -> Check:
    of, first, last = compiler.formula(condition.of), condition.first, condition.last
    end = _turned(last, first)

    def holds(scope: Scope) -> bool:
        day: date | None = of(scope)
        return day is not None and _turned(f"{day:%m-%d}", first) <= end

    return holds


def _all(compiler: Compiler, condition: f.All) -> Check:
    checks = [_CONDITIONS[type(item)](compiler, item) for item in condition.of]
    return lambda scope: all(check(scope) for check in checks)


def _any(compiler: Compiler, condition: f.AnyOf) -> Check:
    checks = [_CONDITIONS[type(item)](compiler, item) for item in condition.of]
    return lambda scope: any(check(scope) for check in checks)


def _not(compiler: Compiler, condition: f.Not) -> Check:
    check = _CONDITIONS[type(condition.of)](compiler, condition.of)
    return lambda scope: not check(scope)


_FORMULAS: dict[type, Callable[[Compiler, Any], Getter]] = {
    f.Constant: _constant,
    f.Day: _constant,
    f.Text: _constant,
    f.Flag: _constant,
    f.Answer: _answer,
    f.Call: _call,
    f.Rows: _rows,
    f.Yearly: _yearly,
    f.Weekdays: _weekdays,
    f.Either: _either,
}
_CONDITIONS: dict[type, Callable[[Compiler, Any], Check]] = {
    f.Compare: _compare,
    f.Season: _season,
    f.All: _all,
    f.AnyOf: _any,
    f.Not: _not,
}
