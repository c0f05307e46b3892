"""
Formulas in words: « Surface retenue × Mois d’occupation = 133 (Surface retenue : 19 ; Mois d’occupation : 7) ».

The words are made once, in French, for they are kept with the bill; only the numbers are written when a line is priced.
"""

from collections.abc import Callable
from datetime import date, time
from typing import Any

from django.utils.translation import gettext_lazy as _

from obole.lib import dates, texts
from obole.pricing.engine.compiler import Compiler, Getter, Scope
from obole.pricing.model import formulas as f, names
from obole.pricing.model.functions import OPERATIONS
from obole.pricing.model.numbers import as_fraction, format_number
from obole.pricing.model.parts import Pricing
from obole.pricing.model.results import Reason, Stage

LONGEST = 110
_SIGNS = {"sum": " + ", "difference": " − ", "product": " × ", "quotient": " ÷ "}

Describe = Callable[[Scope, list[Reason]], None]
"""Adds how a formula came to its value, for these answers."""


class Describer:
    """Knows the labels of a pricing, and writes its formulas."""

    def __init__(self, pricing: Pricing, compiler: Compiler) -> None:
        self._pricing, self._compiler = pricing, compiler
        self._values = {value.key: value for value in pricing.values}
        self._labels = {question.key: question.label for question in pricing.questions} | {
            value.key: value.label for value in pricing.values
        }
        self._groups = {group.key: group.label for group in pricing.groups}

    def describe(self, formula: f.Formula, name: str, stage: Stage) -> Describe | None:
        """
        Return what explains a formula and the values that it names; None for what needs no explanation: a plain answer.
        """
        rows = [self._row(value.label, value.of) for value in self._named_values(formula)]
        if not isinstance(formula, f.Answer | f.Constant):
            rows.append(self._row(name, formula))
        if not rows:
            return None

        def add(scope: Scope, why: list[Reason]) -> None:
            for label, said, known, compute in rows:
                told = "\u202f; ".join(f"{item}\u00a0: {_shown(read(scope))}" for item, read in known)
                why.append(
                    Reason(
                        stage,
                        "formula",
                        {"label": label, "words": said, "known": told[:LONGEST], "result": _shown(compute(scope))},
                    )
                )

        return add

    def _named_values(self, formula: f.Formula) -> list[Any]:
        """Return the values that a formula needs, those that others need first."""
        needed = names.names_in(formula, self._pricing)
        found = [
            value
            for value in self._pricing.values
            if value.key in needed and not isinstance(value.of, f.Answer | f.Constant)
        ]
        return sorted(found, key=lambda item: len(names.names_in(item.of, self._pricing) & set(self._values)))

    def _row(self, label: str, formula: f.Formula) -> tuple[str, str, list[tuple[str, Getter]], Getter]:
        own = [
            name
            for name in dict.fromkeys(names.names_used(formula))
            if name in self._labels and self._is_seen(name, formula)
        ]
        known = [(self._labels[name], self._compiler.name(name)) for name in own]
        return label, texts.in_french(self._words(formula))[:LONGEST], known, self._compiler.formula(formula)

    def _is_seen(self, name: str, formula: f.Formula) -> bool:
        """Tell whether a name has one value there: inside a sum over rows it has several."""
        return not isinstance(formula, f.Rows) or name not in {*names.names_used((formula.of, formula.when))}

    def _words(self, formula: f.Formula) -> str:
        if isinstance(formula, f.Constant):
            return format_number(as_fraction(formula.value))
        if isinstance(formula, f.Answer):
            return self._labels.get(formula.name, formula.name.removeprefix("@"))
        if isinstance(formula, f.Call):
            return self._call(formula)
        if isinstance(formula, f.Rows):
            said = texts.in_french(_("nombre de lignes")) if formula.of is None else f"Σ {self._words(formula.of)}"
            return f"{said} ({self._groups[formula.group]})"
        if isinstance(formula, f.Either):
            return (
                texts.in_french(_("selon le cas")) + f" {self._words(formula.then)} | {self._words(formula.otherwise)}"
            )
        return _shown(formula.value) if isinstance(formula, f.Day | f.Text | f.Flag) else self._calendar(formula)

    def _call(self, formula: f.Call) -> str:
        said = [f"({self._words(arg)})" if self._is_sum(arg, formula.op) else self._words(arg) for arg in formula.args]
        if formula.op in _SIGNS:
            return _SIGNS[formula.op].join(said)
        label = texts.in_french(OPERATIONS[formula.op].label)
        if formula.op in {"up", "down", "nearest"}:
            return f"{said[0]} {label} {said[1]}"
        listed = "\u202f; ".join(said)
        return f"{label} ({listed})"

    def _is_sum(self, formula: f.Formula, inside: str) -> bool:
        return (
            isinstance(formula, f.Call) and formula.op in _SIGNS and (formula.op != "product" or inside == "quotient")
        )

    def _calendar(self, formula: f.Yearly | f.Weekdays) -> str:
        if isinstance(formula, f.Yearly):
            return texts.in_french(_("selon la date")) + f" ({self._words(formula.of)})"
        label = texts.in_french(_("nombre de jours de la semaine retenus"))
        return f"{label} ({self._words(formula.first)}\u202f; {self._words(formula.last)})"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return texts.in_french(_("oui") if value else _("non"))
    if isinstance(value, date):
        return dates.format_short(value)
    if isinstance(value, time):
        return f"{value.hour} h {value.minute:02d}"
    return "—" if value is None else value if isinstance(value, str) else format_number(value)
