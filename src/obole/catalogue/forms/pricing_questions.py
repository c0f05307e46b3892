"""
The form that asks a pricing's questions: what is typed goes to the engine as it is, and what the engine says stands at
its field.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _

from obole.pricing.model.parts import AskedOf, Group, Pricing, Question, QuestionKind
from obole.pricing.model.problems import Problem
from obole.ui.forms import DayInput, UnitInput, typed

Answers = dict[str, Any]
_IN_ROW = re.compile(r"(\w+)\[(\d+)\]\.(\w+)", re.ASCII)
_PLUS, _MINUS = "plus-", "minus-"


class AnswerField(forms.CharField):
    """
    An answer as it was typed. Whether it lacks or is wrong is the engine's to say: a question may be beside the point.
    """

    def validate(self, value: Any) -> None:
        """Refuse nothing."""


@dataclass(frozen=True)
class Row:
    """One row of a repeated group."""

    number: int
    index: int
    fields: list[BoundField]


@dataclass(frozen=True)
class RepeatedGroup:
    """A repeated group, as the page asks for it."""

    key: str
    label: str
    count: BoundField
    rows: list[Row]
    may_add: bool


class AnswersForm(forms.Form):
    """The questions of one pricing, or of several, each asked once."""

    use_required_attribute = False

    def __init__(self, data: Any = None, *, pricings: Iterable[Pricing], initial: Any = None, **options: Any) -> None:
        super().__init__(data, initial=initial, **options)
        known = list(pricings)
        self._questions = {question.key: question for pricing in reversed(known) for question in pricing.questions}
        self._groups = {group.key: group for pricing in reversed(known) for group in pricing.groups}
        self._counts = {
            key: self._count(group, (initial or {}) if data is None else data) for key, group in self._groups.items()
        }
        for question in self._of(""):
            self.fields[f"r-{question.key}"] = _FIELDS[question.kind](question)
        for key, count in self._counts.items():
            self.fields[f"n-{key}"] = forms.CharField(required=False, widget=forms.HiddenInput, initial=str(count))
            for index in range(count):
                for question in self._of(key):
                    self.fields[f"r-{key}-{index}-{question.key}"] = _FIELDS[question.kind](question)

    @classmethod
    def sent(cls, data: Any, **options: Any) -> Self:
        """Return the form as it was sent, or with a row more or less, unread, if that is what was asked for."""
        moved = cls(data, **options).moved(data)
        if moved is None:
            return cls(data, **options)
        return cls(initial=typed(cls(moved, **options)), **options)

    def _of(self, group: str) -> list[Question]:
        return [question for question in self._questions.values() if question.group == group]

    def _count(self, group: Group, source: Mapping[str, Any]) -> int:
        """Return how many rows to show: one at least, to be typed in."""
        said = str(source.get(f"n-{group.key}") or "1")
        count = int(said) if said.isascii() and said.isdigit() and len(said) < 5 else 1
        return max(1, min(count, group.most))

    def moved(self, data: Any) -> Any:
        """Return what was sent with a row more or less; None if nobody asked for it."""
        for key, group in self._groups.items():
            count, gone = self._counts[key], str(data.get(f"{_MINUS}{key}", ""))
            if f"{_PLUS}{key}" in data:
                moved = data.copy()
                moved[f"n-{key}"] = str(min(count + 1, group.most))
                return moved
            if gone.isascii() and gone.isdigit() and len(gone) < 5 and int(gone) < count:
                return self._without(data.copy(), key, int(gone))
        return None

    def _without(self, data: Any, key: str, gone: int) -> Any:
        last = self._counts[key] - 1
        for question in self._of(key):
            for index in range(gone, last):
                data[f"r-{key}-{index}-{question.key}"] = data.get(f"r-{key}-{index + 1}-{question.key}", "")
            data[f"r-{key}-{last}-{question.key}"] = ""
        data[f"n-{key}"] = str(max(1, last))
        return data

    @property
    def alone(self) -> list[BoundField]:
        """The questions that are asked once."""
        return [self[f"r-{item.key}"] for item in self._of("")]

    @property
    def of_agents(self) -> list[BoundField]:
        """The questions asked once that are the agent's to answer."""
        return [self[f"r-{item.key}"] for item in self._of("") if item.asked_of == AskedOf.AGENT]

    @property
    def of_citizens(self) -> list[BoundField]:
        """The questions asked once that the citizen answers, in the words of their form."""
        return [self[f"r-{item.key}"] for item in self._of("") if item.asked_of != AskedOf.AGENT]

    @property
    def repeated(self) -> list[RepeatedGroup]:
        """The groups, with their rows."""
        return [
            RepeatedGroup(
                key,
                group.label,
                self[f"n-{key}"],
                [
                    Row(n + 1, n, [self[f"r-{key}-{n}-{item.key}"] for item in self._of(key)])
                    for n in range(self._counts[key])
                ],
                self._counts[key] < group.most,
            )
            for key, group in self._groups.items()
        ]

    @property
    def answers(self) -> Answers:
        """What the engine reads. A row that was left empty is none."""
        given: Answers = {item.key: self._typed(f"r-{item.key}") for item in self._of("")}
        for key in self._groups:
            given[key] = [self._row(key, index) for index in self._filled(key)]
        return given

    def _typed(self, name: str) -> str:
        return str(self[name].value() or "").strip()

    def _row(self, key: str, index: int) -> dict[str, str]:
        return {item.key: self._typed(f"r-{key}-{index}-{item.key}") for item in self._of(key)}

    def _filled(self, key: str) -> list[int]:
        return [index for index in range(self._counts[key]) if any(self._row(key, index).values())]

    def tell(self, problems: Iterable[Problem]) -> None:
        """Show each problem at its field, or above the form where it has none."""
        for problem in problems:
            name = self._field_of(problem.path)
            said = str(problem.text) % problem.values if problem.values else str(problem.text)
            self.add_error(name, f"{said[:1].upper()}{said[1:]}" if name else problem.message)

    def require(self) -> bool:
        """Say at their fields which answers lack that are not optional; tell whether none does."""
        rows = [(key, index) for key in self._groups for index in self._filled(key)]
        names = [(f"r-{item.key}", item) for item in self._of("")]
        names += [(f"r-{key}-{index}-{item.key}", item) for key, index in rows for item in self._of(key)]
        for name, question in names:
            if question.required and not self._typed(name) and name not in self.errors:
                self.add_error(name, _("Répondez : le prix peut en dépendre."))
        return not self.errors

    def stands_at(self, problem: Problem) -> bool:
        """Tell whether a problem is about one of the fields."""
        return self._field_of(problem.path) is not None

    def is_untold(self, problem: Problem) -> bool:
        """Tell whether a problem is about a field where nothing wrong is said yet."""
        name = self._field_of(problem.path)
        return name is not None and name not in self.errors

    def is_misread(self, problem: Problem) -> bool:
        """Tell whether a problem is about what was typed in a field, not about what was not."""
        name = self._field_of(problem.path)
        return name is not None and bool(self._typed(name))

    def _field_of(self, path: str) -> str | None:
        match = _IN_ROW.fullmatch(path)
        if match is None:
            return f"r-{path}" if f"r-{path}" in self.fields else None
        filled = self._filled(match[1]) if match[1] in self._groups else []
        index = int(match[2])
        name = f"r-{match[1]}-{filled[index]}-{match[3]}" if index < len(filled) else ""
        return name if name in self.fields else None


def initial_answers(pricing: Pricing, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the initial values of a form from answers: those that are of the pricing, whatever else there is."""
    begun = {
        f"r-{question.key}": _plain(question, answers.get(question.key))
        for question in pricing.questions
        if not question.group
    }
    for group in pricing.groups:
        rows = answers.get(group.key)
        rows = [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list | tuple) else []
        begun[f"n-{group.key}"] = str(max(1, len(rows)))
        for index, row in enumerate(rows):
            for question in pricing.questions:
                if question.group == group.key:
                    begun[f"r-{group.key}-{index}-{question.key}"] = _plain(question, row.get(question.key))
    return begun


def _plain(question: Question, value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    said = str(value) if isinstance(value, str | int) else ""
    # Answers are kept with a dot, and read by people with a comma.
    return said.replace(".", ",") if question.kind == QuestionKind.NUMBER else said


def _asked(question: Question, widget: forms.Widget) -> AnswerField:
    return AnswerField(label=question.label, required=question.required, max_length=200, widget=widget)


def _select(question: Question, choices: Iterable[tuple[str, str]]) -> AnswerField:
    return _asked(question, forms.Select(choices=[("", _("Choisissez")), *choices]))


_FIELDS: dict[QuestionKind, Callable[[Question], AnswerField]] = {
    QuestionKind.NUMBER: lambda item: _asked(item, UnitInput(whole=not item.decimals)),
    QuestionKind.DAY: lambda item: _asked(item, DayInput()),
    QuestionKind.TIME: lambda item: _asked(item, forms.TextInput({"type": "time"})),
    QuestionKind.TEXT: lambda item: _asked(item, forms.TextInput({"autocomplete": "off"})),
    QuestionKind.CHOICE: lambda item: _select(item, [(choice, choice) for choice in item.choices]),
    QuestionKind.YES_NO: lambda item: _select(item, [("yes", _("Oui")), ("no", _("Non"))]),
}
