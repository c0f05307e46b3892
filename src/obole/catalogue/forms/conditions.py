"""What a form asks, given what was answered: conditions are those of ``catalogue.rules``, on the answers of the form."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

from obole.catalogue.fields import FieldKind, FormField
from obole.catalogue.forms import naming
from obole.catalogue.rules import answers as reading
from obole.catalogue.rules import codec, names
from obole.catalogue.rules.compiling import Check, Compiler, Scope
from obole.catalogue.rules.formulas import Condition, Rows

Where = tuple[str, int]
"""A field's key, and the row that it stands in (from 0); -1 outside groups."""
OUTSIDE = -1


@dataclass(frozen=True)
class Decided:
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

    :raises obole.catalogue.rules.Refused: with what is wrong with it.
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
    for one in form:
        if one.kind == FieldKind.SECTION:
            section = one.key
            found[one.key] = ()
        else:
            found[one.key] = tuple(key for key in (section, one.group) if key)
    return found


def needs(form: Sequence[FormField]) -> dict[str, set[str]]:
    """Return, for each field, the keys of the fields whose answers decide whether it is asked."""
    owners, holding = naming.owners(form), holders(form)
    found: dict[str, set[str]] = {}
    for one in form:
        named = set(names_of(parse(one.shown_if))) if one.shown_if else set()
        found[one.key] = {owners[name] for name in named if name in owners} | set(holding[one.key])
    return found


def loops(form: Sequence[FormField]) -> list[str]:
    """Return the keys of the fields that would have to be answered before they are asked."""
    wanted = needs(form)
    return [key for key in wanted if key in _reached(wanted, key)]


def decide(form: Sequence[FormField], answers: Mapping[str, Any]) -> Decided:
    """Say what is asked. The answers of what is not asked are as if nobody had given them. The form was checked."""
    return _Decision(form, answers).made()


class _Decision:
    """Goes through the fields, each after those that decide about it, and forgets the answers of what is hidden."""

    def __init__(self, form: Sequence[FormField], answers: Mapping[str, Any]) -> None:
        self.form = form
        self.decided = Decided()
        self.holding = holders(form)
        pricing = naming.as_pricing(form)
        self.compiler = Compiler(pricing)
        flat = naming.raw([one for one in form if not one.group], answers)
        for group in pricing.groups:
            inside = [one for one in form if one.group == group.key]
            flat[group.key] = [naming.raw(inside, row) for row in _rows(answers, group.key)][: group.most]
        read, _problems = reading.read(pricing, flat)
        self.scope = Scope(dict(read.answers))
        self.scope.rows = {key: [self._row(row, n) for n, row in enumerate(rows, 1)] for key, rows in read.rows.items()}

    def made(self) -> Decided:
        """Return what is decided."""
        if any(one.shown_if for one in self.form):
            for one in _in_order(self.form):
                self._look(one)
        for one in self.form:
            self._require(one)
        return self.decided

    def _row(self, row: Mapping[str, Any], rank: int) -> Scope:
        return Scope(self.scope.answers, row=dict(row), rank=rank)

    def _places(self, one: FormField) -> Iterator[tuple[int, Scope]]:
        if one.group:
            yield from enumerate(self.scope.rows.get(one.group, ()))
        else:
            yield OUTSIDE, self.scope

    def _look(self, one: FormField) -> None:
        check = self._check(one.shown_if)
        for row, scope in self._places(one):
            held = any((key, OUTSIDE) in self.decided.hidden for key in self.holding[one.key])
            if held or (check is not None and not check(scope)):
                self.decided.hidden.add((one.key, row))
                self._forget(one, scope)
        if one.kind == FieldKind.GROUP and not self.decided.shows(one.key):
            self.scope.rows[one.key] = []

    def _forget(self, one: FormField, scope: Scope) -> None:
        held: Any = scope.row if one.group else scope.answers
        held.update({question.key: None for question in naming.questions_of(one)})

    def _require(self, one: FormField) -> None:
        check = self._check(one.required_if)
        for row, scope in self._places(one):
            if self.decided.shows(one.key, row) and (check(scope) if check is not None else one.required):
                self.decided.required.add((one.key, row))

    def _check(self, condition: Mapping[str, Any] | None) -> Check | None:
        return self.compiler.condition(parse(condition)) if condition else None


def _rows(answers: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    given = answers.get(key)
    return [row for row in given if isinstance(row, Mapping)] if isinstance(given, list | tuple) else []


def _in_order(form: Sequence[FormField]) -> list[FormField]:
    """Return the fields, each after what it needs."""
    wanted, done = needs(form), dict[str, None]()
    waiting = [one.key for one in reversed(form)]
    opened = set[str]()
    while waiting:
        key = waiting[-1]
        todo = [other for other in wanted[key] if other not in done and other not in opened]
        opened.add(key)
        if todo:
            waiting += todo
        else:
            done.setdefault(waiting.pop())
    by_key = {one.key: one for one in form}
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
    yield from names.named(part)
    yield from _groups(part)


def _groups(part: Any) -> Iterator[str]:
    if isinstance(part, tuple):
        for one in part:
            yield from _groups(one)
    elif is_dataclass(part):
        if isinstance(part, Rows):
            yield part.group
        for one in fields(part):
            yield from _groups(getattr(part, one.name))
