"""
How a change of settings is told: each field before and after, long texts line by line, forms question by question.
"""

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from obole.billing.rules import reminder_plan, type_mails
from obole.catalogue.fields import FormField
from obole.crm.shared.settings_forms import PICTOGRAMS
from obole.gateways import registry
from obole.lib import dates, money
from obole.mailing.default_templates import KINDS

NOTHING = "\u2014"
LONG = 80
"""Characters: beyond, a text is compared line by line."""
CONTEXT = 1
"""Lines around those that change."""


_KNOWN: dict[str, Mapping[str, object]] = {
    "kind": {name: kind.label for name, kind in KINDS.items()},
    "pictogram": PICTOGRAMS,
    "gateway": {name: bank.name for name, bank in registry.GATEWAYS.items()},
}
"""What is kept under a code and read as words, by the name of its field."""


@dataclass(frozen=True)
class Line:
    """A line of a long text: ``kind`` is ``added``, ``removed``, ``same``, or ``gap`` where lines were left out."""

    kind: str
    text: str


@dataclass(frozen=True)
class FieldChange:
    """A field before and after; where the text is long, its ``lines`` say it better."""

    label: str
    before: str
    after: str
    lines: list[Line] = field(default_factory=list)


def field_changes(model: type[models.Model], name: str, before: Any, after: Any) -> FieldChange:
    """Return a change of one field, as people read it."""
    old, new = describe_value(model, name, before), describe_value(model, name, after)
    is_long = any("\n" in text or len(text) > LONG for text in (old, new))
    return FieldChange(label_of(model, name), old, new, compare_texts(old, new) if is_long else [])


def label_of(model: type[models.Model], name: str) -> str:
    """Return a field's name as its form has it."""
    try:
        return capfirst(str(getattr(model._meta.get_field(name), "verbose_name", name)))
    except FieldDoesNotExist:
        return name


_IN_LINES: dict[str, Callable[[Any], str]] = {
    "reminder_steps": lambda kept: reminder_plan.in_lines(reminder_plan.steps_of(kept)),
    "mail_words": type_mails.in_lines,
}
"""How what is kept as one value is written, to be compared line by line."""


def describe_value(model: type[models.Model], name: str, value: Any) -> str:
    """Return a value as people read it."""
    if value is None or value in ("", [], {}):
        return NOTHING
    if isinstance(value, bool):
        return _("oui") if value else _("non")
    if name in _IN_LINES:
        return _IN_LINES[name](value)
    if isinstance(value, list):
        return ", ".join(_chosen(model, name, item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{name or '–'}\u00a0: {said}" for name, said in sorted(value.items()))
    if isinstance(value, int) and name.endswith("_cents"):
        return money.euros(value)
    known = _KNOWN.get(name, {})
    if isinstance(value, str) and value in known:
        return str(known[value])
    return _chosen(model, name, value)


def _chosen(model: type[models.Model], name: str, value: Any) -> str:
    try:
        kind: Any = model._meta.get_field(name)
    except FieldDoesNotExist:
        return str(value)
    if kind.get_internal_type() == "DateField":
        return dates.format_short(kind.to_python(value))
    choices = dict(getattr(getattr(kind, "base_field", kind), "choices", None) or ())
    return str(choices.get(value, value))


def compare_texts(before: str, after: str) -> list[Line]:
    """Compare two texts line by line; what stays is shown around what changes only."""
    old, new = ([] if text == NOTHING else text.splitlines() for text in (before, after))
    found: list[Line] = []
    for n, group in enumerate(difflib.SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(CONTEXT)):
        if n:
            found.append(Line("gap", "…"))
        for tag, old_start, old_end, new_start, new_end in group:
            if tag == "equal":
                found += [Line("same", text) for text in old[old_start:old_end]]
                continue
            found += [Line("removed", text) for text in old[old_start:old_end]]
            found += [Line("added", text) for text in new[new_start:new_end]]
    return found


def questions(before: Iterable[FormField], after: Sequence[FormField]) -> list[tuple[str, str, str]]:
    """Return the questions that come, go or change: what becomes of each, its tone, its label."""
    old, new = {item.key: item for item in before}, {item.key: item for item in after}
    come = [(_("Ajouté"), "done", item.label) for key, item in new.items() if key not in old]
    moved = [
        (_("Modifié"), "in_progress", item.label)
        for key, item in new.items()
        if key in old and old[key].as_dict() != item.as_dict()
    ]
    gone = [(_("Retiré"), "refused", item.label) for key, item in old.items() if key not in new]
    order = [key for key in old if key in new] != [key for key in new if key in old]
    return [*come, *moved, *gone, *([(_("Modifié"), "in_progress", _("l’ordre des questions"))] if order else [])]
