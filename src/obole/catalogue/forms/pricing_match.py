"""
How a form and a pricing fit: which of the pricing's questions the form asks, and what its answers are to the engine.

Questions and fields meet by their key, as ``naming`` gives it: a period is its two days, boxes to tick are a yes or no
each.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _, gettext_lazy

from obole.catalogue.fields import NUMBERS, FieldKind, FilledBy, FormField
from obole.catalogue.forms import answer_names, conditions
from obole.catalogue.forms.conditions import OUTSIDE, FormDecision
from obole.pricing.model.parts import AskedOf, Pricing, Question, QuestionKind

Answers = Mapping[str, Any]
_DATED = NUMBERS | {FieldKind.CHOICE, FieldKind.YES_NO}
_YES_NO = {"yes", "oui", "no", "non"}
KINDS = {
    QuestionKind.NUMBER: gettext_lazy("un nombre"),
    QuestionKind.DAY: gettext_lazy("une date"),
    QuestionKind.TIME: gettext_lazy("une heure"),
    QuestionKind.CHOICE: gettext_lazy("un choix dans une liste"),
    QuestionKind.YES_NO: gettext_lazy("oui ou non"),
    QuestionKind.TEXT: gettext_lazy("un texte"),
}


@dataclass(frozen=True)
class MatchedQuestion:
    """A question of the pricing, the field that asks it, and what that field is to the engine."""

    question: Question
    field: FormField
    given: Question


def engine_answers(pricing: Pricing, form: Sequence[FormField], given: Answers) -> dict[str, Any]:
    """
    Return stored answers of a form as the engine reads them. A row without an answer that the price knows is none.

    A box of a list that is not ticked is a no, were it the only one: whoever leaves a whole list blank wants none of
    it.
    """
    decided = conditions.decide(form, given)
    alone = [item for item in form if not item.group]
    flat = answer_names.engine_input(alone, given) | _unticked(alone, given, decided, OUTSIDE)
    return flat | {group.key: list(_rows(pricing, form, given, (group.key, decided))) for group in pricing.groups}


def matched_questions(pricing: Pricing, form: Sequence[FormField]) -> list[MatchedQuestion]:
    """Return the questions of the pricing that the form asks of the citizen, in the form's order."""
    wanted = {(question.group, question.key): question for question in pricing.questions}
    return [
        MatchedQuestion(wanted[item.group, given.key], item, given)
        for item in form
        if item.by == FilledBy.CITIZEN
        for given in answer_names.questions_of(item)
        if (item.group, given.key) in wanted
    ]


def priced_fields(pricing: Pricing, form: Sequence[FormField]) -> list[FormField]:
    """Return the numbers and the choices of a form that are asked once and make its price, in the form's order."""
    wanted = {question.key for question in pricing.questions if not question.group}
    return [item for item in form if item.key in wanted and not item.group and item.kind in _DATED]


def name_of(question: Question, pricing: Pricing) -> str:
    """Return how a person is told of a question of the pricing: « Repas », « Enfant : repas »."""
    group = next((group.label for group in pricing.groups if group.key == question.group), "")
    return f"{group}\u00a0: {question.label}" if group else question.label


def quote_names(names: Iterable[str]) -> str:
    """Return names as a sentence lists them: « A », « B »."""
    return ", ".join(_("« %(name)s »") % {"name": name} for name in names)


def warnings(pricing: Pricing, form: Sequence[FormField]) -> list[str]:
    """Return what does not fit, in sentences: what the form does not ask, and what could never be an answer."""
    return [*_misfits(pricing, form), *_unasked(pricing, form)]


def _unticked(fields: Iterable[FormField], given: Answers, decided: FormDecision, row: int) -> dict[str, bool]:
    lists = [field for field in fields if field.kind == FieldKind.SEVERAL and decided.shows(field.key, row)]
    return {
        answer_names.box_name(item, choice): choice in (given.get(item.key) or ())
        for item in lists
        for choice in item.choices
    }


def _rows(
    pricing: Pricing, form: Sequence[FormField], given: Answers, of: tuple[str, FormDecision]
) -> Iterator[dict[str, Any]]:
    group, decided = of
    inside = [item for item in form if item.group == group]
    known = [question.key for question in pricing.questions if question.group == group]
    rows = given.get(group)
    for n, row in enumerate(rows if isinstance(rows, list | tuple) else ()):
        flat = answer_names.engine_input(inside, row) if isinstance(row, Mapping) else {}
        if any(flat.get(key) not in (None, "") for key in known):
            yield flat | _unticked(inside, row, decided, n)


def _unasked(pricing: Pricing, form: Sequence[FormField]) -> Iterator[str]:
    asked = {(question.question.group, question.question.key) for question in matched_questions(pricing, form)}
    names = [
        name_of(question, pricing)
        for question in pricing.questions
        if question.asked_of == AskedOf.CITIZEN and (question.group, question.key) not in asked
    ]
    if names:
        said = _("Le formulaire ne pose pas ces questions de la tarification : l’agent y répondra. %(names)s.")
        yield said % {"names": quote_names(names)}


def _misfits(pricing: Pricing, form: Sequence[FormField]) -> Iterator[str]:
    for question in matched_questions(pricing, form):
        why = _misfit(question)
        if why:
            yield _("« %(field)s » (formulaire) et « %(question)s » (tarification) : %(why)s") % {
                "field": question.field.label,
                "question": name_of(question.question, pricing),
                "why": why,
            }
    yield from _elsewhere(pricing, form)


def _elsewhere(pricing: Pricing, form: Sequence[FormField]) -> Iterator[str]:
    """Say which questions have the right key in the wrong place: once, or once a row."""
    places = {(item.group, given.key): item for item in form for given in answer_names.questions_of(item)}
    for question in pricing.questions:
        if (question.group, question.key) in places:
            continue
        for other in [place for (_group, key), place in places.items() if key == question.key]:
            said = _(
                "« %(field)s » (formulaire) et « %(question)s » (tarification) ne sont pas dans le même bloc répété."
            )
            yield said % {"field": other.label, "question": name_of(question, pricing)}


def _misfit(question: MatchedQuestion) -> str:
    """Return why some answers of a field could never be answers of its question; nothing if all could."""
    wanted, given = question.question, question.given
    if wanted.kind == QuestionKind.CHOICE and given.kind == QuestionKind.CHOICE:
        return _choices(wanted, given)
    if wanted.kind == QuestionKind.YES_NO and given.kind == QuestionKind.CHOICE:
        fits = all(choice.strip().lower() in _YES_NO for choice in given.choices)
    elif wanted.kind == QuestionKind.TEXT:
        # What is kept as a number is no text to the engine.
        fits = question.field.kind != FieldKind.NUMBER
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
        said.append(
            _("la tarification ne connaît pas le choix « %(names)s ».") % {"names": "\u00a0», «\u00a0".join(unknown)}
        )
    if never:
        said.append(
            _("le formulaire ne propose pas le choix « %(names)s ».") % {"names": "\u00a0», «\u00a0".join(never)}
        )
    return " ".join(said)
