"""
What a form does not ask that its pricing needs, and what could never be an answer: told when one of them is published.
"""

from dataclasses import replace

import pytest

from obole.catalogue.fields import FieldKind, FormField
from obole.catalogue.forms import pricing_match
from obole.pricing.model import parts as p
from obole.pricing.model.parts import Pricing
from tests.portal.priced import CANTEEN_FORM, HALL_FORM
from tests.pricing.build import choice, day, number, yes_no
from tests.pricing.dispositifs import HALL, SCHOOL


def told(pricing: Pricing, *form: FormField) -> list[str]:
    return [warning.replace("\u00a0", " ") for warning in pricing_match.warnings(pricing, form)]


def asks(question: p.Question, field: FormField) -> list[str]:
    return told(Pricing(questions=(question,)), field)


def test_a_form_that_asks_all_and_leaves_the_agents_questions_out_fits() -> None:
    assert told(HALL, *HALL_FORM) == []


def test_what_the_form_does_not_ask_is_named_with_its_group() -> None:
    assert told(SCHOOL, *CANTEEN_FORM) == [
        "Le formulaire ne pose pas ces questions de la tarification : l’agent y répondra. « Enfant : Repas pai », «"
        " Enfant : Absences »."
    ]


def test_what_the_agent_answers_in_the_form_is_not_asked_of_the_citizen() -> None:
    form = tuple(replace(item, by="agent") if item.key == "couverts" else item for item in HALL_FORM)
    assert told(HALL, *form) == [
        "Le formulaire ne pose pas ces questions de la tarification : l’agent y répondra. « Couverts »."
    ]


@pytest.mark.parametrize(
    ("question", "kind", "given", "wanted"),
    [
        (number("x"), FieldKind.TEXT, "un texte", "un nombre"),
        (number("x"), FieldKind.DATE, "une date", "un nombre"),
        (number("x"), FieldKind.CHOICE, "un choix dans une liste", "un nombre"),
        (day("x"), FieldKind.TEXT, "un texte", "une date"),
        (day("x"), FieldKind.TIME, "une heure", "une date"),
        (yes_no("x"), FieldKind.NUMBER, "un nombre", "oui ou non"),
        (choice("x", "a", "b"), FieldKind.TEXT, "un texte", "un choix dans une liste"),
        (choice("x", "a", "b"), FieldKind.YES_NO, "oui ou non", "un choix dans une liste"),
        (p.Question(key="x", label="X", kind=p.QuestionKind.TEXT), FieldKind.NUMBER, "un nombre", "un texte"),
    ],
)
def test_a_kind_that_can_never_match_is_told_with_both_names(
    question: p.Question, kind: FieldKind, given: str, wanted: str
) -> None:
    field = FormField(key="x", label="Champ", kind=kind, choices=("a", "b") if kind == FieldKind.CHOICE else ())
    assert asks(question, field) == [
        f"« Champ » (formulaire) et « {question.label} » (tarification) : le formulaire demande {given}, "
        f"la tarification attend {wanted}. L’agent répondra de nouveau."
    ]


@pytest.mark.parametrize(
    ("question", "field"),
    [
        (number("x"), FormField(key="x", label="X", kind=FieldKind.NUMBER)),
        (number("x", decimals=2), FormField(key="x", label="X", kind=FieldKind.AMOUNT)),
        (number("x", decimals=3), FormField(key="x", label="X", kind=FieldKind.DECIMAL, decimals=2)),
        (day("x__from"), FormField(key="x", label="X", kind=FieldKind.PERIOD)),
        (yes_no("x__cuisine"), FormField(key="x", label="X", kind=FieldKind.SEVERAL, choices=("Cuisine", "Sono"))),
        (yes_no("x"), FormField(key="x", label="X", kind=FieldKind.CHOICE, choices=("Oui", "Non"))),
        (
            p.Question(key="x", label="X", kind=p.QuestionKind.TEXT),
            FormField(key="x", label="X", kind=FieldKind.CHOICE, choices=("a",)),
        ),
    ],
)
def test_what_can_match_is_not_complained_about(question: p.Question, field: FormField) -> None:
    assert asks(question, field) == []


def test_choices_that_one_of_them_lacks_are_named() -> None:
    field = FormField(key="x", label="Champ", kind=FieldKind.CHOICE, choices=("a", "c"))
    (sentence,) = asks(choice("x", "a", "b"), field)
    assert "ne connaît pas le choix « c »" in sentence and "ne propose pas le choix « b »" in sentence


def test_decimals_that_the_pricing_would_refuse_are_told() -> None:
    (sentence,) = asks(number("x"), FormField(key="x", label="Champ", kind=FieldKind.AMOUNT))
    assert "le formulaire accepte 2 décimales, la tarification 0." in sentence


def test_the_same_key_in_another_place_is_no_answer() -> None:
    pricing = Pricing(questions=(number("repas", group="enfants"),), groups=(p.Group(key="enfants", label="Enfant"),))
    first, second = told(pricing, FormField(key="repas", label="Repas", kind=FieldKind.NUMBER))
    assert first == "« Repas » (formulaire) et « Enfant : Repas » (tarification) ne sont pas dans le même bloc répété."
    assert "« Enfant : Repas »" in second
