"""
How a form and a pricing fit: which of the pricing's questions the form asks, and what its answers are to the engine.

Questions and fields meet by their key, as ``naming`` gives it: a period is its two days, boxes to tick are a yes or no each.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from obole.catalogue.fields import FieldKind, FilledBy, FormField
from obole.catalogue.forms import conditions, naming
from obole.catalogue.forms.conditions import OUTSIDE, Decided
from obole.catalogue.rules.parts import AskedOf, Pricing, Question, QuestionKind

Answers = Mapping[str, Any]
_YES_NO = {"yes", "oui", "no", "non"}
KINDS = {
    QuestionKind.NUMBER: gettext_lazy("un nombre"), QuestionKind.DAY: gettext_lazy("une date"),
    QuestionKind.TIME: gettext_lazy("une heure"), QuestionKind.CHOICE: gettext_lazy("un choix dans une liste"),
    QuestionKind.YES_NO: gettext_lazy("oui ou non"), QuestionKind.TEXT: gettext_lazy("un texte"),
}  # fmt: skip


@dataclass(frozen=True)
class Met:
    """A question of the pricing, the field that asks it, and what that field is to the engine."""

    question: Question
    field: FormField
    given: Question


def answers(pricing: Pricing, form: Sequence[FormField], given: Answers) -> dict[str, Any]:
    """
    Return stored answers of a form as the engine reads them. A row without an answer that the price knows is none.

    A box of a list that is not ticked is a no, were it the only one: whoever leaves a whole list blank wants none of it.
    """
    decided = conditions.decide(form, given)
    alone = [one for one in form if not one.group]
    flat = naming.raw(alone, given) | _unticked(alone, given, decided, OUTSIDE)
    return flat | {group.key: list(_rows(pricing, form, given, (group.key, decided))) for group in pricing.groups}


def met(pricing: Pricing, form: Sequence[FormField]) -> list[Met]:
    """Return the questions of the pricing that the form asks of the citizen, in the form's order."""
    wanted = {(one.group, one.key): one for one in pricing.questions}
    return [
        Met(wanted[one.group, given.key], one, given)
        for one in form
        if one.by == FilledBy.CITIZEN
        for given in naming.questions_of(one)
        if (one.group, given.key) in wanted
    ]


def name_of(question: Question, pricing: Pricing) -> str:
    """Return how a person is told of a question of the pricing: « Repas », « Enfant : repas »."""
    group = next((one.label for one in pricing.groups if one.key == question.group), "")
    return f"{group}\u00a0: {question.label}" if group else question.label


def quoted(names: Iterable[str]) -> str:
    """Return names as a sentence lists them: « A », « B »."""
    return ", ".join(_("« %(name)s »") % {"name": name} for name in names)


def warnings(pricing: Pricing, form: Sequence[FormField]) -> list[str]:
    """Return what does not fit, in sentences: what the form does not ask, and what could never be an answer."""
    return [*_misfits(pricing, form), *_unasked(pricing, form)]


def _unticked(fields: Iterable[FormField], given: Answers, decided: Decided, row: int) -> dict[str, bool]:
    lists = [one for one in fields if one.kind == FieldKind.SEVERAL and decided.shows(one.key, row)]
    return {
        naming.box_name(one, choice): choice in (given.get(one.key) or ()) for one in lists for choice in one.choices
    }


def _rows(
    pricing: Pricing, form: Sequence[FormField], given: Answers, of: tuple[str, Decided]
) -> Iterator[dict[str, Any]]:
    group, decided = of
    inside = [one for one in form if one.group == group]
    known = [one.key for one in pricing.questions if one.group == group]
    rows = given.get(group)
    for n, row in enumerate(rows if isinstance(rows, list | tuple) else ()):
        flat = naming.raw(inside, row) if isinstance(row, Mapping) else {}
        if any(flat.get(key) not in (None, "") for key in known):
            yield flat | _unticked(inside, row, decided, n)


def _unasked(pricing: Pricing, form: Sequence[FormField]) -> Iterator[str]:
    asked = {(one.question.group, one.question.key) for one in met(pricing, form)}
    names = [
        name_of(one, pricing)
        for one in pricing.questions
        if one.asked_of == AskedOf.CITIZEN and (one.group, one.key) not in asked
    ]
    if names:
        said = _("Le formulaire ne pose pas ces questions de la tarification : l’agent y répondra. %(names)s.")
        yield said % {"names": quoted(names)}


def _misfits(pricing: Pricing, form: Sequence[FormField]) -> Iterator[str]:
    for one in met(pricing, form):
        why = _misfit(one)
        if why:
            yield _("« %(field)s » (formulaire) et « %(question)s » (tarification) : %(why)s") % {
                "field": one.field.label, "question": name_of(one.question, pricing), "why": why,
            }  # fmt: skip
    yield from _elsewhere(pricing, form)


def _elsewhere(pricing: Pricing, form: Sequence[FormField]) -> Iterator[str]:
    """Say which questions have the right key in the wrong place: once, or once a row."""
    places = {(one.group, given.key): one for one in form for given in naming.questions_of(one)}
    for question in pricing.questions:
        if (question.group, question.key) in places:
            continue
        for other in [one for (_group, key), one in places.items() if key == question.key]:
            said = _(
                "« %(field)s » (formulaire) et « %(question)s » (tarification) ne sont pas dans le même bloc répété."
            )
            yield said % {"field": other.label, "question": name_of(question, pricing)}


def _misfit(one: Met) -> str:
    """Return why some answers of a field could never be answers of its question; nothing if all could."""
    wanted, given = one.question, one.given
    if wanted.kind == QuestionKind.CHOICE and given.kind == QuestionKind.CHOICE:
        return _choices(wanted, given)
    if wanted.kind == QuestionKind.YES_NO and given.kind == QuestionKind.CHOICE:
        fits = all(choice.strip().lower() in _YES_NO for choice in given.choices)
    elif wanted.kind == QuestionKind.TEXT:
        # What is kept as a number is no text to the engine.
        fits = one.field.kind != FieldKind.NUMBER
    else:
        fits = wanted.kind == given.kind
    if not fits:
        said = _("le formulaire demande %(given)s, la tarification attend %(wanted)s. L’agent répondra de nouveau.")
        return said % {"given": KINDS[given.kind], "wanted": KINDS[wanted.kind]}
    if wanted.kind == QuestionKind.NUMBER and given.decimals > wanted.decimals:
        said = _("le formulaire accepte %(given)d décimales, la tarification %(wanted)d.")
        return said % {"given": given.decimals, "wanted": wanted.decimals}
    return ""


def _choices(wanted: Question, given: Question) -> str:
    unknown = [choice for choice in given.choices if choice not in wanted.choices]
    never = [choice for choice in wanted.choices if choice not in given.choices]
    said = []
    if unknown:
        said.append(_("la tarification ne connaît pas le choix « %(names)s ».") % {"names": " », « ".join(unknown)})
    if never:
        said.append(_("le formulaire ne propose pas le choix « %(names)s ».") % {"names": " », « ".join(never)})
    return " ".join(said)
