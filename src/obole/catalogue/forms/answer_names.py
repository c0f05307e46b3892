"""The names by which conditions and prices know the answers of a form, in the words of the room ``pricing``."""

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from obole.catalogue.fields import HOLDERS, FieldKind, FilledBy, FormField
from obole.lib import texts
from obole.pricing.model.parts import Group, Pricing, Question, QuestionKind

LONGEST_NAME, LONGEST_LABEL = 40, 120
_KINDS = {
    FieldKind.NUMBER: QuestionKind.NUMBER,
    FieldKind.DECIMAL: QuestionKind.NUMBER,
    FieldKind.AMOUNT: QuestionKind.NUMBER,
    FieldKind.DATE: QuestionKind.DAY,
    FieldKind.TIME: QuestionKind.TIME,
    FieldKind.CHOICE: QuestionKind.CHOICE,
    FieldKind.YES_NO: QuestionKind.YES_NO,
}
SILENT = frozenset({*HOLDERS, FieldKind.FILE})
"""What has no answer that could be compared."""


def pricing_of_form(fields: Sequence[FormField]) -> Pricing:
    """Return the questions and the groups of a form, as the pricing engine knows them."""
    groups = [field for field in fields if field.kind == FieldKind.GROUP]
    return Pricing(
        questions=tuple(question for field in fields for question in questions_of(field)),
        groups=tuple(Group(key=group.key, label=_row_label(group), most=group.rows_at_most) for group in groups),
    )


def questions_of(field: FormField) -> list[Question]:
    """
    Return what the answer of a field is called: itself, the two days of a period, a yes or no for each box to tick.
    """
    if field.kind in SILENT:
        return []
    if field.kind == FieldKind.PERIOD:
        ends = {"from": _("premier jour"), "to": _("dernier jour")}
        return [_question(field, f"{field.key}__{end}", QuestionKind.DAY, said) for end, said in ends.items()]
    if field.kind == FieldKind.SEVERAL:
        return [_question(field, box_name(field, choice), QuestionKind.YES_NO, choice) for choice in field.choices]
    return [_question(field, field.key, _KINDS.get(FieldKind(field.kind), QuestionKind.TEXT))]


def box_name(field: FormField, choice: str) -> str:
    """Return the name of a box to tick: it stays when the order of the choices changes."""
    slug = texts.fold(choice).replace(" ", "_") or "choix"
    return f"{field.key}__{slug}"[:LONGEST_NAME]


def owners(fields: Iterable[FormField]) -> dict[str, str]:
    """Return the key of the field that each name belongs to; a group is its own name."""
    known = {field.key: field.key for field in fields if field.kind == FieldKind.GROUP}
    return known | {question.key: field.key for field in fields for question in questions_of(field)}


def engine_input(fields: Iterable[FormField], answers: Any) -> dict[str, Any]:
    """Return stored answers by the names that conditions use, as ``rules.answers.read`` takes them."""
    flat: dict[str, Any] = {}
    for field in fields:
        value = answers.get(field.key)
        if field.kind == FieldKind.PERIOD:
            ends = value if isinstance(value, dict) else {}
            flat |= {f"{field.key}__{end}": ends.get(end) for end in ("from", "to")}
        elif field.kind == FieldKind.SEVERAL:
            ticked = value if isinstance(value, list | tuple) else ()
            flat |= {box_name(field, choice): choice in ticked if ticked else None for choice in field.choices}
        elif isinstance(value, str) and field.kind not in _KINDS:
            # The engine reads short lines: enough to tell an empty answer from another.
            flat[field.key] = texts.clean_line(value)[:LONGEST_LABEL]
        else:
            flat[field.key] = value
    return flat


def number(text: str) -> Decimal | None:
    """Return a bound as the number that it says; None for none, or for what is no number."""
    try:
        found = Decimal(text.replace(",", ".")) if text else None
    except InvalidOperation:
        return None
    return found if found is not None and found.is_finite() else None


def field_of(question: Question, *, by: str = FilledBy.CITIZEN) -> FormField:
    """Return the field that asks for a number, as a question of a pricing wants it."""
    least, most = ("" if bound is None else f"{bound:f}" for bound in (question.minimum, question.maximum))
    return FormField(
        key=question.key,
        label=question.label,
        kind=FieldKind.DECIMAL if question.decimals else FieldKind.NUMBER,
        required=question.required,
        by=by,
        minimum=least,
        maximum=most,
        decimals=question.decimals,
    )


def _question(field: FormField, name: str, kind: QuestionKind, part: str = "") -> Question:
    is_number = kind == QuestionKind.NUMBER
    decimals = {FieldKind.AMOUNT: 2, FieldKind.DECIMAL: field.decimals}.get(FieldKind(field.kind), 0)
    return Question(
        key=name,
        label=_label(f"{field.label} ({part})" if part else field.label),
        kind=kind,
        group=field.group,
        # A question that depends on others may rightly have no answer.
        required=field.required and not field.shown_if,
        decimals=decimals if is_number else 0,
        minimum=number(field.minimum) if is_number else None,
        maximum=number(field.maximum) if is_number else None,
        choices=field.choices if kind == QuestionKind.CHOICE else (),
    )


def _row_label(group: FormField) -> str:
    """Return how a row is called: « Enfant » where the form says it, else the words of the whole group."""
    return _label(group.row_name[:1].upper() + group.row_name[1:] if group.row_name else group.label)


def _label(text: str) -> str:
    return re.sub(r"\s+", " ", texts.clean_line(text))[:LONGEST_LABEL]
