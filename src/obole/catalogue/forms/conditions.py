"""
What a form asks, given what was answered: conditions are those of the room ``pricing``, on the answers of the form.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

from obole.catalogue.fields import FieldKind, FormField
from obole.catalogue.forms import answer_names
from obole.pricing.engine import answers as reading
from obole.pricing.engine.compiler import Check, Compiler, Scope
from obole.pricing.model import names
from obole.pricing.model.formulas import Condition, Rows
from obole.pricing.text import codec

Where = tuple[str, int]
"""A field's key, and the row that it stands in (from 0); -1 outside groups."""
OUTSIDE = -1


@dataclass(frozen=True)
class FormDecision:
    """Which fields are beside the point, and which of the others must be answered."""

    hidden: set[Where] = field(default_factory=set)
    required: set[Where] = field(default_factory=set)

    def shows(self, key: str, row: int = OUTSIDE) -> bool:
        """Tell whether a field is asked."""
        return (key, row) not in self.hidden

    def requires(self, key: str, row: int = OUTSIDE) -> bool:
        """Tell whether a field that is asked must be answered."""
        return (key, row) in self.required


def parse(condition: Mapping[str, Any]) -> Condition:
    """
    Read a condition as ``rules.codec`` keeps it.

    :raises obole.pricing.model.problems.Refused: with what is wrong with it.
    """
    # The codec reads whole pricings, so this is the smallest that holds a condition.
    held = {"key": "condition", "label": "condition", "cents": 0, "when": condition}
    when = codec.parse({"cautions": [held]}).cautions[0].when
    if when is None:
        raise TypeError("a condition was given")
    return when


def holders(form: Sequence[FormField]) -> dict[str, tuple[str, ...]]:
    """Return the keys of the section and of the group that each field stands in: hidden, they hide it."""
    section = ""
    found: dict[str, tuple[str, ...]] = {}
    for item in form:
        if item.kind == FieldKind.SECTION:
            section = item.key
            found[item.key] = ()
        else:
            found[item.key] = tuple(key for key in (section, item.group) if key)
    return found


def needs(form: Sequence[FormField]) -> dict[str, set[str]]:
    """Return, for each field, the keys of the fields whose answers decide whether it is asked."""
    owners, holding = answer_names.owners(form), holders(form)
    found: dict[str, set[str]] = {}
    for item in form:
        named = set(names_of(parse(item.shown_if))) if item.shown_if else set()
        found[item.key] = {owners[name] for name in named if name in owners} | set(holding[item.key])
    return found


def loops(form: Sequence[FormField]) -> list[str]:
    """Return the keys of the fields that would have to be answered before they are asked."""
    wanted = needs(form)
    return [key for key in wanted if key in _reached(wanted, key)]


def decide(form: Sequence[FormField], answers: Mapping[str, Any]) -> FormDecision:
    """Say what is asked. The answers of what is not asked are as if nobody had given them. The form was checked."""
    return _Decision(form, answers).made()


class _Decision:
    """Goes through the fields, each after those that decide about it, and forgets the answers of what is hidden."""

    def __init__(self, form: Sequence[FormField], answers: Mapping[str, Any]) -> None:
        self.form = form
        self.decided = FormDecision()
        self.holding = holders(form)
        pricing = answer_names.pricing_of_form(form)
        self.compiler = Compiler(pricing)
        flat = answer_names.engine_input([item for item in form if not item.group], answers)
        for group in pricing.groups:
            inside = [item for item in form if item.group == group.key]
            flat[group.key] = [answer_names.engine_input(inside, row) for row in _rows(answers, group.key)][
                : group.most
            ]
        read, _problems = reading.read_answers(pricing, flat)
        self.scope = Scope(dict(read.answers))
        self.scope.rows = {key: [self._row(row, n) for n, row in enumerate(rows, 1)] for key, rows in read.rows.items()}

    def made(self) -> FormDecision:
        """Return what is decided."""
        if any(item.shown_if for item in self.form):
            for item in _in_order(self.form):
                self._look(item)
        for item in self.form:
            self._require(item)
        return self.decided

    def _row(self, row: Mapping[str, Any], rank: int) -> Scope:
        return Scope(self.scope.answers, row=dict(row), rank=rank)

    def _places(self, field: FormField) -> Iterator[tuple[int, Scope]]:
        if field.group:
            yield from enumerate(self.scope.rows.get(field.group, ()))
        else:
            yield OUTSIDE, self.scope

    def _look(self, field: FormField) -> None:
        check = self._check(field.shown_if)
        for row, scope in self._places(field):
            held = any((key, OUTSIDE) in self.decided.hidden for key in self.holding[field.key])
            if held or (check is not None and not check(scope)):
                self.decided.hidden.add((field.key, row))
                self._forget(field, scope)
        if field.kind == FieldKind.GROUP and not self.decided.shows(field.key):
            self.scope.rows[field.key] = []

    def _forget(self, field: FormField, scope: Scope) -> None:
        held: Any = scope.row if field.group else scope.answers
        held.update({question.key: None for question in answer_names.questions_of(field)})

    def _require(self, field: FormField) -> None:
        check = self._check(field.required_if)
        for row, scope in self._places(field):
            if self.decided.shows(field.key, row) and (check(scope) if check is not None else field.required):
                self.decided.required.add((field.key, row))

    def _check(self, condition: Mapping[str, Any] | None) -> Check | None:
        return self.compiler.condition(parse(condition)) if condition else None


def _rows(answers: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    given = answers.get(key)
    return [row for row in given if isinstance(row, Mapping)] if isinstance(given, list | tuple) else []


def _in_order(form: Sequence[FormField]) -> list[FormField]:
    """Return the fields, each after what it needs."""
    wanted, done = needs(form), dict[str, None]()
    waiting = [item.key for item in reversed(form)]
    opened = set[str]()
    while waiting:
        key = waiting[-1]
        todo = [other for other in wanted[key] if other not in done and other not in opened]
        opened.add(key)
        if todo:
            waiting += todo
        else:
            done.setdefault(waiting.pop())
    by_key = {item.key: item for item in form}
    return [by_key[key] for key in done]


def _reached(wanted: Mapping[str, set[str]], start: str) -> set[str]:
    found, waiting = set[str](), list(wanted[start])
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            waiting += wanted.get(key, ())
    return found


def names_of(part: Any) -> Iterable[str]:
    """Return the names that a condition, or a part of a pricing, says itself, of answers and of groups."""
    yield from names.names_used(part)
    yield from _groups(part)


def _groups(part: Any) -> Iterator[str]:
    if isinstance(part, tuple):
        for item in part:
            yield from _groups(item)
    elif is_dataclass(part):
        if isinstance(part, Rows):
            yield part.group
        for item in fields(part):
            yield from _groups(getattr(part, item.name))
