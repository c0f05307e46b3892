"""What a filled form is worth: pure checks, no database."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from obole.catalogue.fields import FieldKind, FilledBy, FormField
from obole.catalogue.forms import conditions
from obole.catalogue.forms.conditions import OUTSIDE, FormDecision
from obole.lib import search_keys, texts


class MissingAnswer(ValueError):
    """A question that must be answered has no answer, or a group too few rows."""


class UnknownQuestion(ValueError):
    """Something is asked of an answer that the form does not have."""


class TooManyRows(ValueError):
    """A group has more rows than it may."""


def answers_to_keep(
    fields: Sequence[FormField],
    given: Mapping[str, Any],
    *,
    known: Mapping[str, Any],
    attached: Iterable[str],
    by: str = FilledBy.CITIZEN,
) -> dict[str, Any]:
    """
    Return the answers to keep: those of who fills the form now, and what others answered before (``known``).

    What the form does not ask, given the rest, is left out, however it was filled.

    :param attached: the keys of the fields, out of groups, that hold a file; a file in a row is its digest.
    :raises MissingAnswer: naming the first question that must be answered and is not.
    :raises TooManyRows: if a group has more rows than it may.
    """
    theirs = {field.key: field for field in fields if field.by == by and not field.group}
    answers = {key: value for key, value in known.items() if key not in theirs}
    answers |= {key: value for key, value in given.items() if key in theirs and value not in (None, "", [], {})}
    decided = conditions.decide(fields, answers)
    files = set(attached)
    kept: dict[str, Any] = {}
    for field in fields:
        if field.group or field.kind == FieldKind.SECTION or not decided.shows(field.key):
            continue
        if field.kind == FieldKind.GROUP:
            found: Any = list(_rows(field, fields, answers.get(field.key), decided, by))
        else:
            found = answers.get(field.key)
            # A file that proves what a number is from a day on is no answer.
            _must(field, found in (None, "") and not (is_file(field) and field.key in files), decided, by)
        if found not in (None, "", []):
            kept[field.key] = found
    return kept


def is_file(field: FormField) -> bool:
    """Tell whether a file answers a field."""
    return field.kind == FieldKind.FILE


DATED_WITHIN = timedelta(days=370)
"""An answer changes from a day that is no farther than this, before or after: what is billed is not gone over later."""


def days_to_date(today: date) -> tuple[date, date]:
    """Return the first and the last day from which an answer may be said to change."""
    return today - DATED_WITHIN, today + DATED_WITHIN


def search_keys_of(fields: Iterable[FormField], answers: Mapping[str, Any]) -> list[str]:
    """Return the keys of the short answers: a child's name finds its dossier; nothing that the form marks sensitive."""
    short = {field.key: field.group for field in fields if field.kind == FieldKind.TEXT and not field.is_sensitive}
    keys: set[str] = set()
    for key, group in short.items():
        rows = answers.get(group) or () if group else (answers,)
        keys |= search_keys.of_names(*(str(row[key]) for row in rows if row.get(key)))
    return search_keys.in_order(keys)


def complement_asked(
    fields: Sequence[FormField], reason: str, requests: Mapping[str, str]
) -> tuple[str, dict[str, str]]:
    """
    Return what the citizen reads of a request for a complement: all of it together, and what stands at each question.

    :raises UnknownQuestion: if one of them is not the citizen's to answer.
    """
    asked = {key: " ".join(said.split()) for key, said in requests.items()}
    asked = {key: said for key, said in asked.items() if said}
    labels = {field.key: field.label for field in fields if field.by == FilledBy.CITIZEN and not field.group}
    if unknown := asked.keys() - labels.keys():
        raise UnknownQuestion(", ".join(sorted(unknown)))
    listed = [f"– {labels[field.key]}\u00a0: {asked[field.key]}" for field in fields if field.key in asked]
    return "\n".join([*filter(None, [reason.strip()]), *listed]), asked


def _rows(
    group: FormField, fields: Sequence[FormField], given: Any, decided: FormDecision, by: str
) -> Iterator[dict[str, Any]]:
    """Return the rows of a group with what each of them asks."""
    rows = [row for row in given if isinstance(row, Mapping)] if isinstance(given, list | tuple) else []
    if len(rows) > group.rows_at_most:
        raise TooManyRows(group.key)
    if group.by == by and len(rows) < max(group.least_rows, int(decided.requires(group.key))):
        raise MissingAnswer(group.key)
    inside = [field for field in fields if field.group == group.key]
    for n, row in enumerate(rows):
        asked = [item for item in inside if decided.shows(item.key, n)]
        for item in asked:
            _must(item, row.get(item.key) in (None, "", [], {}), decided, by, row=n)
        yield {item.key: row[item.key] for item in asked if row.get(item.key) not in (None, "", [], {})}


def _must(field: FormField, empty: bool, decided: FormDecision, by: str, *, row: int = OUTSIDE) -> None:
    if empty and field.by == by and decided.requires(field.key, row):
        raise MissingAnswer(field.key)


def reference(number: int | None) -> str:
    """Return the number of a dossier as people quote it: ``DOS-000012``."""
    return f"DOS-{number:06d}" if number else "DOS-…"


@dataclass(frozen=True)
class Child:
    """A child that answers name, and the day of birth, if they say it."""

    name: str
    born: date | None = None


@dataclass(frozen=True)
class Children:
    """Those of a dossier: in the rows of its groups, and the one that it is about as a whole, if it is about one."""

    rows: tuple[Child, ...]
    own: Child | None

    def named(self, name: str) -> Child:
        """Return the child of a row by its name; of two of the same name, nobody knows which day is whose."""
        found = [child for child in self.rows if child.name == name]
        return found[0] if len(found) == 1 else Child(name)

    @property
    def only(self) -> Child | None:
        """The one whom all of the dossier is for; None if there are several, or none."""
        return self.own or (self.rows[0] if len(self.rows) == 1 else None)


def children_of(fields: Sequence[FormField], answers: Mapping[str, Any]) -> Children:
    """
    Return the children that answers name, read by what the form calls its questions: « enfant », « naissance ».

    A form does not say what a question is for otherwise: where the words are other ones, nobody is found, or without a
    day of birth. What is marked sensitive is not read.
    """
    rows: list[Child | None] = []
    alone: list[FormField] = []
    section = ""
    for field in fields:
        section = field.label if field.kind == FieldKind.SECTION else section
        if field.kind == FieldKind.GROUP and _CHILD in texts.fold(f"{field.label} {field.row_name}"):
            inside = [item for item in fields if item.group == field.key]
            given = answers.get(field.key)
            rows += [_child(inside, row) for row in (given if isinstance(given, list) else [])]
        elif not field.group and _CHILD in texts.fold(f"{section} {field.label}").split():
            alone.append(field)
    return Children(tuple(child for child in rows if child), _child(alone, answers))


_CHILD, _BIRTH = "enfant", "naissance"
_NAMES = frozenset({"nom", "prenom"})
_CHOICES = frozenset({FieldKind.CHOICE, FieldKind.SEVERAL, FieldKind.YES_NO})


def answers_about_child(
    fields: Sequence[FormField], answers: Mapping[str, Any], *, row: int | None, priced: Collection[str]
) -> dict[str, Any]:
    """
    Return what a dossier says of a child and of nobody else: their names, their birth, what was chosen for them. No
    other text, which could name a parent; nothing sensitive; nothing that makes the price of the family (``priced``).
    """
    if row is not None:
        for group in (field for field in fields if field.kind == FieldKind.GROUP):
            rows = answers.get(group.key)
            if isinstance(rows, list) and row < len(rows):
                inside = [field for field in fields if field.group == group.key and _is_about_child(field)]
                return {group.key: [{field.key: rows[row][field.key] for field in inside if field.key in rows[row]}]}
        return {}
    found: dict[str, Any] = {}
    section = ""
    for field in fields:
        section = field.label if field.kind == FieldKind.SECTION else section
        names_child = _CHILD in texts.fold(f"{section} {field.label}").split() or field.kind in _CHOICES
        if names_child and not field.group and field.key not in priced and _is_about_child(field):
            found |= {field.key: answers[field.key]} if field.key in answers else {}
    return found


def _is_about_child(field: FormField) -> bool:
    words = set(texts.fold(field.label).split())
    named = field.kind == FieldKind.TEXT and not _NAMES.isdisjoint(words)
    born = field.kind == FieldKind.DATE and _BIRTH in words
    return not field.is_sensitive and (named or born or field.kind in _CHOICES)


def _child(fields: Sequence[FormField], answers: Mapping[str, Any]) -> Child | None:
    read = [field for field in fields if not field.is_sensitive and answers.get(field.key)]
    name = next((str(answers[field.key]) for field in read if field.kind == FieldKind.TEXT), "")
    dated = (field for field in read if field.kind == FieldKind.DATE and _BIRTH in texts.fold(field.label))
    day = next((str(answers[field.key]) for field in dated), "")
    return Child(name, date.fromisoformat(day) if day else None) if name else None
