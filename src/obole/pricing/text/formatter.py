"""Formulas and conditions written as people type them (``grammar.lark``): what is read again is the same tree."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from obole.pricing.model import formulas as f
from obole.pricing.model.parts import Pricing
from obole.pricing.text import typed_names

FUNCTIONS = {
    "sum": "SOMME",
    "difference": "DIFFERENCE",
    "product": "PRODUIT",
    "quotient": "QUOTIENT",
    "least": "MIN",
    "greatest": "MAX",
    "up": "ARRONDI_SUP",
    "down": "ARRONDI_INF",
    "nearest": "ARRONDI",
    "days": "JOURS",
    "nights": "NUITS",
    "months": "MOIS",
    "months_begun": "MOIS_COMMENCES",
    "years": "ANNEES",
    "hours": "HEURES",
    "days_in_month": "JOURS_DU_MOIS",
    "month_start": "DEBUT_DU_MOIS",
    "month_end": "FIN_DU_MOIS",
}
COMPARISONS = {
    f.Comparison.EQUALS: "=",
    f.Comparison.DIFFERS: "≠",
    f.Comparison.ABOVE: ">",
    f.Comparison.AT_LEAST: "≥",
    f.Comparison.BELOW: "<",
    f.Comparison.AT_MOST: "≤",
}
WEEKDAYS = ("lu", "ma", "me", "je", "ve", "sa", "di")
_SUM, _PRODUCT, _ATOM = 1, 2, 3
_SIGNS = {
    "sum": (" + ", _SUM),
    "difference": (" − ", _SUM),
    "product": (" × ", _PRODUCT),
    "quotient": (" ÷ ", _PRODUCT),
}
_FIRST_OF = {"sum": {"sum"}, "product": {"product"}}
"""``a + b + c`` reads as one sum of three: a sum that begins with a sum keeps its brackets."""


@dataclass(frozen=True)
class Writer:
    """Knows how the parts of a pricing are called."""

    answers: typed_names.Names
    groups: typed_names.Names

    def formula(self, formula: f.Formula, room: int = _SUM) -> str:
        """Write a formula; in brackets where what is around it binds tighter than ``room``."""
        written, binds = _FORMULAS[type(formula)](self, formula)
        return f"({written})" if binds < room else written

    def condition(self, condition: f.Condition) -> str:
        """Write a condition."""
        return _CONDITIONS[type(condition)](self, condition)

    def call(self, formula: f.Call) -> tuple[str, int]:
        """Write an operation: with its sign where it has one and two terms or more."""
        sign = _SIGNS.get(formula.op)
        if sign is None or len(formula.args) < 2:
            return f"{FUNCTIONS.get(formula.op, formula.op)}({self.several(formula.args)})", _ATOM
        first, *rest = formula.args
        alike = isinstance(first, f.Call) and first.op in _FIRST_OF.get(formula.op, ()) and len(first.args) > 1
        said = self.formula(first, _ATOM if alike else sign[1])
        return sign[0].join([said, *(self.formula(item, sign[1] + 1) for item in rest)]), sign[1]

    def several(self, ones: tuple[f.Formula, ...]) -> str:
        """Write terms one after the other."""
        return "; ".join(self.formula(item) for item in ones)

    def rows(self, formula: f.Rows) -> tuple[str, int]:
        """Write what goes over the rows of a group."""
        name = "NOMBRE" if formula.of is None else "TOTAL"
        parts = [f"[{self.groups.label_of(formula.group)}]"]
        if formula.when is not None:
            name, parts = f"{name}_SI", [*parts, self.condition(formula.when)]
        return f"{name}({'; '.join(parts + ([self.formula(formula.of)] if formula.of is not None else []))})", _ATOM

    def compare(self, condition: f.Compare) -> str:
        """Write a comparison."""
        of, to = self.formula(condition.of), self.several(condition.to)
        if condition.is_ in COMPARISONS:
            return f"{of} {COMPARISONS[condition.is_]} {to}"
        if condition.is_ == f.Comparison.AMONG:
            return f"{of} PARMI ({to})"
        name = {f.Comparison.BETWEEN: "ENTRE", f.Comparison.EMPTY: "VIDE"}.get(condition.is_, "REMPLI")
        return f"{name}({of}; {to})" if to else f"{name}({of})"


def writer(pricing: Pricing) -> Writer:
    """Return what writes the formulas of a pricing."""
    return Writer(typed_names.answers_of(pricing), typed_names.groups_of(pricing))


def number(value: Decimal) -> str:
    """Write a number as it is typed."""
    return f"{value.normalize():f}".replace(".", ",").replace("-", "−")


def _text(text: str) -> str:
    return f"« {text} »" if '"' in text else f'"{text}"'


def _month_day(text: f.MonthDay) -> str:
    return f"{text[3:]}/{text[:2]}"


def _yearly(writer_: Writer, formula: f.Yearly) -> tuple[str, int]:
    steps = "; ".join(f"{_month_day(step.since)} : {number(step.value)}" for step in formula.steps)
    return f"SELON_DATE({writer_.formula(formula.of)}; {steps})", _ATOM


def _weekdays(writer_: Writer, formula: f.Weekdays) -> tuple[str, int]:
    days = "; ".join(WEEKDAYS[day - 1] for day in formula.days)
    return f"JOURS_SEMAINE({writer_.formula(formula.first)}; {writer_.formula(formula.last)}; {days})", _ATOM


def _either(writer_: Writer, formula: f.Either) -> tuple[str, int]:
    then, otherwise = writer_.formula(formula.then), writer_.formula(formula.otherwise)
    return f"SI({writer_.condition(formula.when)}; {then}; {otherwise})", _ATOM


def _day(value: date) -> str:
    return f"{value:%d/%m/%Y}"


def _joined(name: str) -> Callable[[Writer, Any], str]:
    return lambda writer_, item: f"{name}({'; '.join(writer_.condition(part) for part in item.of)})"


_FORMULAS: dict[type, Callable[[Writer, Any], tuple[str, int]]] = {
    f.Constant: lambda _writer, item: (number(item.value), _ATOM),
    f.Day: lambda _writer, item: (_day(item.value), _ATOM),
    f.Text: lambda _writer, item: (_text(item.value), _ATOM),
    f.Flag: lambda _writer, item: ("oui" if item.value else "non", _ATOM),
    f.Answer: lambda writer_, item: (f"[{writer_.answers.label_of(item.name)}]", _ATOM),
    f.Call: Writer.call,
    f.Rows: Writer.rows,
    f.Yearly: _yearly,
    f.Weekdays: _weekdays,
    f.Either: _either,
}
_CONDITIONS: dict[type, Callable[[Writer, Any], str]] = {
    f.Compare: Writer.compare,
    f.All: _joined("ET"),
    f.AnyOf: _joined("OU"),
    f.Not: lambda writer_, item: f"PAS({writer_.condition(item.of)})",
    f.Season: lambda writer_, item: (
        f"SAISON({writer_.formula(item.of)}; {_month_day(item.first)}; {_month_day(item.last)})"
    ),
}
