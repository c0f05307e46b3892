"""How the fields of a form are put in order: pure, a new list each time. A group goes about with what it holds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from obole.catalogue.fields import FieldKind, FormField
from obole.lib import texts

LONGEST_KEY = 30
"""Room is left for what names a part of an answer (``key__from``) in the 40 letters of a name."""


def new_key(label: str, taken: Iterable[str]) -> str:
    """Return a key for a new field, made of its label and unlike the others."""
    return texts.new_key(label, taken, longest=LONGEST_KEY, without="champ")


def find(form: Sequence[FormField], key: str) -> FormField | None:
    """Return a field by its key."""
    return next((item for item in form if item.key == key), None)


def move(form: Sequence[FormField], key: str, *, down: bool) -> list[FormField]:
    """Move a field by one place: in its group if it is in one, else over whole groups. At the end it stays."""
    field = find(form, key)
    if field is None:
        return list(form)
    blocks = _blocks([item for item in form if item.group == field.group] if field.group else form)
    at = next(n for n, block in enumerate(blocks) if block[0].key == key)
    to = at + 1 if down else at - 1
    if 0 <= to < len(blocks):
        blocks[at], blocks[to] = blocks[to], blocks[at]
    flat = [item for block in blocks for item in block]
    return flat if not field.group else _with_members(form, field.group, flat)


def remove(form: Sequence[FormField], key: str) -> list[FormField]:
    """Take a field away, and with a group what it holds."""
    return [item for item in form if key not in (item.key, item.group)]


def put(form: Sequence[FormField], field: FormField, *, after: str = "") -> list[FormField]:
    """
    Change the field of that key, or add it: after another, or last.

    A field that goes into a group is put last in it, one that leaves its group right after it.
    """
    known = find(form, field.key)
    if known is not None and known.group == field.group:
        return [field if item.key == field.key else item for item in form]
    rest = [item for item in form if item.key != field.key]
    place = _place(rest, field, after or (known.group if known else ""))
    return [*rest[:place], field, *rest[place:]]


def duplicate(form: Sequence[FormField], key: str, taken: Iterable[str], *, label: str) -> list[FormField]:
    """
    Copy a field right after itself, a group with what it holds; what is asked inside goes on depending on its own
    group.

    :param taken: keys that answers have, or had.
    :param label: how a copy is called, with ``%(label)s``.
    """
    block = next((block for block in _blocks(form) if block[0].key == key), None)
    block = block or [item for item in form if item.key == key]
    known, names = set(taken) | {item.key for item in form}, dict[str, str]()
    for item in block:
        names[item.key] = new_key(item.label, known)
        known.add(names[item.key])
    copies = [_copy(item, names) for item in block]
    if copies:
        copies[0] = replace(copies[0], label=label % {"label": copies[0].label})
    last = next((n for n, item in enumerate(form, 1) if block and item.key == block[-1].key), len(form))
    return [*form[:last], *copies, *form[last:]]


def _copy(field: FormField, names: Mapping[str, str]) -> FormField:
    return replace(
        field,
        key=names[field.key],
        group=names.get(field.group, field.group),
        shown_if=_renamed(field.shown_if, names),
        required_if=_renamed(field.required_if, names),
    )


def _renamed(part: Any, names: Mapping[str, str]) -> Any:
    """Return a condition that names the copies."""
    if isinstance(part, list):
        return [_renamed(item, names) for item in part]
    if not isinstance(part, Mapping):
        return part
    changed = {key: _renamed(value, names) for key, value in part.items()}
    if part.get("kind") == "answer":
        base, parted, end = str(part["name"]).partition("__")
        changed["name"] = names.get(base, base) + parted + end
    return changed


def _blocks(form: Sequence[FormField]) -> list[list[FormField]]:
    """Cut a form in what moves as one: a group with what it holds, any other field alone."""
    blocks: list[list[FormField]] = []
    for item in form:
        held = blocks and item.group and blocks[-1][0].kind == FieldKind.GROUP and blocks[-1][0].key == item.group
        if held:
            blocks[-1].append(item)
        else:
            blocks.append([item])
    return blocks


def _with_members(form: Sequence[FormField], group: str, members: Sequence[FormField]) -> list[FormField]:
    waiting = iter(members)
    return [next(waiting) if item.group == group else item for item in form]


def _place(rest: Sequence[FormField], field: FormField, after: str) -> int:
    """Return where a field goes: never between a group and what it holds, unless it is of that group."""
    keys = [item.key for item in rest]
    if field.group:
        inside = [n for n, item in enumerate(rest) if field.group in (item.key, item.group)] or [len(rest) - 1]
        wanted = keys.index(after) if after in keys else -1
        return (wanted if wanted in inside else inside[-1]) + 1
    place = 0
    for block in _blocks(rest):
        place += len(block)
        if after in [item.key for item in block]:
            return place
    return len(rest)
