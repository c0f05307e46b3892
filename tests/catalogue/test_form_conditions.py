"""What a form asks, given what was answered; what cannot be published."""

from typing import Any

import pytest

from obole.catalogue.fields import FieldKind, FormField
from obole.catalogue.forms import answer_names, checking, condition_texts, conditions
from obole.pricing.model.problems import Refused
from tests.spaces import plain

K = FieldKind
ANSWER = {"kind": "answer"}


def when(name: str, is_: str = "equals", *to: Any) -> dict[str, Any]:
    """Return a condition as JSON."""
    kinds = {bool: "flag", int: "number"}
    values = [item if isinstance(item, dict) else {"kind": kinds.get(type(item), "text"), "value": item} for item in to]
    values = [{**value, "value": str(value["value"])} if value["kind"] == "number" else value for value in values]
    return {"kind": "compare", "of": {**ANSWER, "name": name}, "is": is_} | ({"to": values} if values else {})


def field(key: str, kind: str = K.TEXT, **more: Any) -> FormField:
    return FormField(key=key, label=key.capitalize(), kind=kind, **more)


HALL = (
    field("qui", K.CHOICE, choices=("Particulier", "Association")),
    field("siret", K.SIRET, shown_if=when("qui", "equals", "Association")),
    field("options", K.SEVERAL, choices=("Cuisine", "Vidéoprojecteur"), required=False),
    field("couverts", K.NUMBER, shown_if=when("options__cuisine", "equals", True)),
    field("traiteur", shown_if=when("couverts", "above", 50)),
    field("dates", K.PERIOD),
    field(
        "chauffage",
        K.YES_NO,
        shown_if={"kind": "season", "of": {**ANSWER, "name": "dates__from"}, "first": "10-01", "last": "04-30"},
    ),
    field("partie", K.SECTION, shown_if=when("qui", "equals", "Particulier")),
    field("enfants", K.GROUP, required=False, most_rows=3),
    field("prenom", group="enfants"),
    field("pai", K.YES_NO, group="enfants"),
    field("protocole", group="enfants", shown_if=when("pai", "equals", True)),
    field(
        "remise",
        required=False,
        required_if={
            "kind": "compare",
            "of": {"kind": "rows", "group": "enfants"},
            "is": "at_least",
            "to": [{"kind": "number", "value": "2"}],
        },
    ),
)


def hidden(**answers: Any) -> set[str]:
    return {key for key, row in conditions.decide(HALL, answers).hidden if row == -1}


def test_the_form_of_the_examples_can_be_published() -> None:
    assert checking.check(HALL) == []


def test_questions_are_asked_according_to_the_answers() -> None:
    assert hidden(qui="Association") == {"couverts", "traiteur", "chauffage", "partie", "enfants", "remise"}
    assert hidden(
        qui="Particulier", options=["Cuisine"], couverts=80, dates={"from": "2026-12-12", "to": "2026-12-13"}
    ) == {"siret"}
    assert hidden(qui="Particulier", dates={"from": "2026-06-12", "to": "2026-06-13"}) == {
        "siret",
        "couverts",
        "traiteur",
        "chauffage",
    }


def test_the_answer_of_a_hidden_question_counts_for_nothing() -> None:
    """« couverts » was typed, then the kitchen was unticked: nobody asks for a caterer."""
    assert "traiteur" in hidden(qui="Particulier", couverts=80)
    assert "traiteur" not in hidden(qui="Particulier", couverts=80, options=["Cuisine"])


def test_the_answer_of_a_hidden_question_counts_for_nothing_neg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conditions._Decision, "_forget", lambda *_: None)
    assert "traiteur" not in hidden(qui="Particulier", couverts=80)


def test_a_row_is_looked_at_alone() -> None:
    rows = [{"prenom": "Zoé", "pai": "yes"}, {"prenom": "Léo", "pai": "no"}]
    decided = conditions.decide(HALL, {"qui": "Particulier", "enfants": rows})
    assert decided.shows("protocole", 0) and not decided.shows("protocole", 1)
    assert decided.requires("protocole", 0) and decided.requires("remise")
    assert not conditions.decide(HALL, {"qui": "Particulier", "enfants": rows[:1]}).requires("remise")


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"qui": 3, "options": "Cuisine", "couverts": "beaucoup", "dates": "demain", "enfants": "deux"},
        {"enfants": [3, None, {"pai": []}]},
        {"enfants": [{}] * 50},
        {"options": ["Inconnu"], "dates": {"from": "2026-02-30"}},
        {"couverts": 1e400, "qui": ["x"]},
    ],
)
def test_answers_that_no_form_could_give_break_nothing(odd: dict[str, Any]) -> None:
    assert conditions.decide(HALL, odd).shows("qui")


def test_the_names_of_a_form_are_those_of_prices() -> None:
    names = [question.key for question in answer_names.pricing_of_form(HALL).questions]
    assert names[:6] == ["qui", "siret", "options__cuisine", "options__videoprojecteur", "couverts", "traiteur"]
    assert {"dates__from", "dates__to"} <= set(names)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ([field("a", shown_if=when("b", "filled"))], "« A », affichage : « b » n’existe pas"),
        ([field("a", required_if=when("b", "filled"))], "« A », obligation : « b » n’existe pas"),
        (
            [field("a", shown_if=when("b", "filled")), field("b", shown_if=when("a", "filled"))],
            "tournent en rond entre « A », « B »",
        ),
        ([field("a", shown_if=when("a", "filled"))], "tournent en rond entre « A »"),
        ([field("s", K.SECTION, shown_if=when("a", "filled")), field("a")], "tournent en rond"),
        (
            [
                field("g", K.GROUP, shown_if=when("n", "filled")),
                field("m", group="g"),
                field("n", shown_if={"kind": "compare", "of": {"kind": "rows", "group": "g"}, "is": "filled"}),
            ],
            "tournent en rond",
        ),
        (
            [field("c", K.CHOICE, choices=("x",)), field("a", shown_if=when("c", "equals", "y"))],
            "« y » n’est pas un choix de « C »",
        ),
        ([field("n", K.NUMBER), field("a", shown_if=when("n", "equals", "y"))], "un nombre est attendu ici"),
        (
            [field("g", K.GROUP), field("m", group="g"), field("a", shown_if=when("m", "filled"))],
            "se répond à chaque ligne",
        ),
        ([field("f", K.FILE), field("a", shown_if=when("f", "filled"))], "« f » n’existe pas"),
        ([field("a", shown_if={"kind": "python", "code": "1"})], "« kind » doit dire de quelle sorte"),
        ([field("a", shown_if={"kind": "compare"})], "il manque « of »"),
        ([field("g", K.GROUP)], "ce bloc répété est vide"),
        ([field("m", group="g")], "n’existe plus"),
        ([field("g", K.GROUP), field("a"), field("m", group="g")], "il doit suivre son bloc répété"),
        (
            [field("g", K.GROUP), field("m", group="g"), field("h", K.GROUP, group="g"), field("i", group="h")],
            "ni titre ni autre bloc",
        ),
        ([field("g", K.GROUP, most_rows=2, least_rows=3), field("m", group="g")], "dépasse son maximum"),
        ([field("g", K.GROUP, most_rows=21), field("m", group="g")], "de 0 à 20 fois"),
        ([field("g", K.GROUP, by="agent"), field("m", group="g")], "ni pièce à joindre ni bloc répété"),
        ([field("a", K.NUMBER, minimum="5", maximum="4")], "minimum est au-dessus de son maximum"),
        ([field("a", K.NUMBER, minimum="cinq")], "illisible"),
        ([field("a", K.NUMBER, minimum="-1")], "positives"),
        ([field("a", K.NUMBER, minimum="NaN")], "illisible"),
        ([field("a", K.DATE, minimum="demain")], "illisible"),
        ([field("a", shortest=9, longest=3)], "longueur minimale"),
        ([field("a", K.FILE, file_types=("exe",))], "type de fichier"),
        ([field("a", K.FILE, megabytes=11)], "10 Mo au plus"),
        ([field("a", by="maire")], "qui le remplit"),
        ([field("a", prefill="nir")], "compte"),
        ([field("a", K.SEVERAL)], "au moins un choix"),
        ([field("a", K.CHOICE, choices=("x", "x"))], "identiques"),
        ([field("a", K.SEVERAL, choices=("é", "e"))], "se ressemblent trop"),
        ([field("é")], "nom interne"),
        ([FormField(key="a", label=" ")], "libellé"),
        ([field(f"a{n}") for n in range(301)], "300 au plus"),
        ([field("g", K.GROUP), *(field(f"a{n}", group="g") for n in range(41))], "trop de réponses (820, 800 au plus)"),
    ],
)
def test_a_form_that_could_not_be_filled_is_refused_with_where_and_why(fields: list[FormField], sentence: str) -> None:
    assert sentence in " ".join(checking.check(fields)).replace("\u00a0", " ")


def test_a_condition_that_is_none_is_refused() -> None:
    for odd in ({}, {"kind": "all"}, {"kind": "compare", "of": 3}):
        with pytest.raises(Refused):
            conditions.parse(odd)


def test_conditions_are_told_in_words() -> None:
    labels = condition_texts.labels_of(HALL)
    told = {
        item.key: plain(condition_texts.shown_if(item, labels) or condition_texts.required_if(item, labels))
        for item in HALL
    }
    assert told["siret"] == "À remplir si « Qui » est « Association »."
    assert told["couverts"] == "À remplir si « Options (Cuisine) » est oui."
    assert told["traiteur"] == "À remplir si « Couverts » est au-dessus de 50."
    assert told["chauffage"] == "À remplir si « Dates (premier jour) » tombe du 1 octobre au 30 avril."
    assert told["remise"] == "Obligatoire si « nombre de lignes de Enfants » est au moins 2."
    both = {"kind": "all", "of": [when("qui", "filled"), {"kind": "not", "of": when("couverts", "empty")}]}
    assert (
        plain(condition_texts.describe_condition(both, labels))
        == "« Qui » a une réponse et il est faux que « Couverts » est sans réponse"
    )
    assert condition_texts.describe_condition({"kind": "x"}, labels) == "une condition illisible"


def test_a_form_of_two_hundred_questions_is_decided_at_once() -> None:
    """Each depends on the one before: the longest chain that can be."""
    chain = [field("q0")] + [field(f"q{n}", shown_if=when(f"q{n - 1}", "filled")) for n in range(1, 200)]
    assert checking.check(chain) == []
    answers = {item.key: "x" for item in chain}
    assert not conditions.decide(chain, answers).hidden
    assert len(conditions.decide(chain, {**answers, "q100": ""}).hidden) == 99
