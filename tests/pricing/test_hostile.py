"""What a stranger may send: files that are no pricing, answers that are none."""

from dataclasses import replace
from datetime import date, time
from typing import Any

import pytest
from hypothesis import given, strategies as st

from obole.pricing.checking import check_pricing
from obole.pricing.engine.compiled_pricing import compile_pricing
from obole.pricing.model import parts as p
from obole.pricing.model.functions import add, divide, multiply
from obole.pricing.model.problems import CannotCompute, Refused
from obole.pricing.text import codec
from tests.pricing import dispositifs as town
from tests.pricing.build import choice, day, number, shop, yes_no
from tests.spaces import plain

BROKEN: list[tuple[Any, str]] = [
    (None, ""),
    ([], ""),
    ("x", ""),
    ({"lignes": []}, ""),
    ({"lines": {}}, "lines"),
    ({"lines": [None]}, "lines[0]"),
    ({"lines": [{"label": "Repas"}]}, "lines[0]"),
    (
        {"lines": [{"key": "É", "label": "x", "product": "x", "quantity": {"kind": "number", "value": "1"}}]},
        "lines[0].key",
    ),
    ({"values": [{"key": "v", "label": "V", "of": {"kind": "eval", "code": "1"}}]}, "values[0].of"),
    ({"values": [{"key": "v", "label": "V", "of": {"value": "1"}}]}, "values[0].of"),
    ({"values": [{"key": "v", "label": "V", "of": {"kind": ["number"], "value": "1"}}]}, "values[0].of"),
    ({"values": [{"key": "v", "label": "V", "of": {"kind": "number", "value": 1.5}}]}, "values[0].of.value"),
    ({"values": [{"key": "v", "label": "V", "of": {"kind": "number", "value": "NaN"}}]}, "values[0].of.value"),
    ({"values": [{"key": "v", "label": "V", "of": {"kind": "number", "value": "1e400"}}]}, "values[0].of.value"),
    ({"values": [{"key": "v", "label": "V", "of": {"kind": "number", "value": True}}]}, "values[0].of.value"),
    ({"values": [{"key": "v", "label": "V", "of": {"kind": "day", "value": "2026-02-30"}}]}, "values[0].of.value"),
    ({"values": [{"key": "v", "label": "V", "of": {"kind": "day", "value": "20260230T1"}}]}, "values[0].of.value"),
    ({"values": [{"key": "v", "label": "V", "of": {"kind": "flag", "value": 1}}]}, "values[0].of.value"),
    ({"values": [{"key": "v", "label": "V", "of": {"kind": "answer", "name": "__class__"}}]}, "values[0].of.name"),
    ({"values": [{"key": "v", "label": "V" * 121, "of": {"kind": "flag", "value": True}}]}, "values[0].label"),
    ({"values": [{"key": "v", "label": "a\u202eb", "of": {"kind": "flag", "value": True}}]}, "values[0].label"),
    ({"values": [{"key": "v", "label": "a\x00b", "of": {"kind": "flag", "value": True}}]}, "values[0].label"),
    (
        {
            "values": [
                {
                    "key": "v",
                    "label": "V",
                    "of": {
                        "kind": "yearly",
                        "of": {"kind": "answer", "name": "x"},
                        "steps": [{"since": "02-30", "value": "1"}],
                    },
                }
            ]
        },
        "values[0].of.steps[0].since",
    ),
    (
        {
            "values": [
                {
                    "key": "v",
                    "label": "V",
                    "of": {
                        "kind": "yearly",
                        "of": {"kind": "answer", "name": "x"},
                        "steps": [{"since": "9-1", "value": "1"}],
                    },
                }
            ]
        },
        "values[0].of.steps[0].since",
    ),
    ({"terms": {"instalments": "3"}}, "terms.instalments"),
    ({"terms": {"carry_below": 10**12}}, "terms.carry_below"),
    ({"terms": {"acompte": "0.1234567"}}, "terms.acompte"),
    ({"negative": "no"}, "negative"),
    ({"questions": [{}] * 5001}, "questions"),
    ({"questions": [{"key": "q", "label": "Q", "kind": "magic"}]}, "questions[0].kind"),
]


@pytest.mark.parametrize(("data", "path"), BROKEN, ids=map(str, range(len(BROKEN))))
def test_a_file_that_cannot_be_read_is_told_where(data: Any, path: str) -> None:
    with pytest.raises(Refused) as refused:
        codec.parse(data)
    assert path in [problem.path for problem in refused.value.problems]
    assert all(problem.message for problem in refused.value.problems)


def test_everything_that_is_wrong_is_told_at_once_by_its_label() -> None:
    with pytest.raises(Refused) as refused:
        codec.parse({"lines": [{"label": "Repas", "key": "x", "prix": 3}], "negative": 0})
    said = [problem.message for problem in refused.value.problems]
    assert len(said) == 4
    assert plain(said[0]).startswith("« Repas » : « prix » est inconnu ici")


def test_a_formula_without_bottom_is_refused() -> None:
    deep: dict[str, Any] = {"kind": "number", "value": "1"}
    for _n in range(200):
        deep = {"kind": "call", "op": "sum", "args": [deep]}
    with pytest.raises(Refused, match="trop imbriquées"):
        codec.parse({"values": [{"key": "v", "label": "V", "of": deep}]})


def squares(seed: dict[str, Any], *, count: int) -> dict[str, Any]:
    """Return a configuration whose every value is the square of the one before."""
    values = [{"key": "v0", "label": "V0", "of": seed}]
    for n in range(1, count):
        before = {"kind": "answer", "name": f"v{n - 1}"}
        values.append(
            {"key": f"v{n}", "label": f"V{n}", "of": {"kind": "call", "op": "product", "args": [before, before]}}
        )
    return {"values": values}


def test_a_fraction_that_doubles_is_refused_when_it_is_published() -> None:
    """Eighteen values took four seconds of a processor for each anonymous simulation, twenty-two a minute."""
    prime = {"kind": "number", "value": "999999937"}
    seed = {"kind": "call", "op": "quotient", "args": [{"kind": "number", "value": "1"}, prime]}
    problems = check_pricing.check(codec.parse(squares(seed, count=40)))
    assert "trop de divisions" in problems[0].message and problems[0].path.startswith("values[")


def test_a_fraction_that_doubles_is_refused_while_it_is_computed() -> None:
    third: Any = divide(1, 999999937)
    with pytest.raises(CannotCompute, match="trop de divisions"):
        for _n in range(40):
            third = multiply(third, third)
    with pytest.raises(CannotCompute, match="trop de divisions"):
        add(*(divide(1, prime) for prime in (999999937, 999999929, 999999893, 999999883)))


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
        lambda inside: st.one_of(
            st.lists(inside, max_size=3),
            st.dictionaries(st.sampled_from(["lines", "key", "label", "kind", "of", "tariffs"]), inside),
        ),
        max_leaves=10,
    )
)
def test_any_json_is_read_or_refused(data: Any) -> None:
    try:
        codec.parse(data)
    except Refused as refused:
        assert refused.problems


ASKED = replace(
    shop(100),
    questions=(
        number("q0", decimals=3, most=1000),
        day("jour"),
        choice("choix", "été", "hiver"),
        yes_no("accord"),
        p.Question(key="heure", label="Heure", kind=p.QuestionKind.TIME),
        p.Question(key="nom", label="Nom", kind=p.QuestionKind.TEXT),
        number("age", group="enfants"),
    ),
    groups=(p.Group(key="enfants", label="Enfant", most=3),),
)
BAD_ANSWERS: list[tuple[str, Any]] = [
    *(
        ("q0", item)
        for item in (
            "NaN",
            "1e400",
            "-1",
            "１２",
            "1,0001",
            "1001",
            1.5,
            True,
            [],
            {},
            "9" * 10_000,
            "1\x00",
            "\u202e1",
        )
    ),
    *(
        ("jour", item)
        for item in (
            "2026-02-30",
            "30/02/2026",
            "1/1/26",
            "0001-01-01",
            "9999-12-31",
            20260101,
            "2026-01-01T00:00",
            "２０２６-01-01",
            "x" * 9999,
        )
    ),
    *(("choix", item) for item in ("ete", "Été", ["été"], 1, "été ", {})),
    *(("accord", item) for item in ("peut-être", 2, [], "x" * 9999)),
    *(("heure", item) for item in ("24:00", "12:60", "12", 12, "noon")),
    *(("nom", item) for item in ("x" * 121, "a\x00", "a\u202eb", 3, ["a"])),
    *(("enfants", item) for item in ("x", {}, [1], [None], [{}] * 4, [{"age": "x"}], [{"age": "-1"}])),
]


@pytest.mark.parametrize(("key", "value"), BAD_ANSWERS, ids=map(str, range(len(BAD_ANSWERS))))
def test_an_answer_that_is_not_of_its_kind_is_refused(key: str, value: Any) -> None:
    with pytest.raises(Refused) as refused:
        compile_pricing(ASKED).read({key: value})
    assert len(refused.value.problems) == 1
    assert refused.value.problems[0].path.startswith(key)
    assert refused.value.problems[0].place
    assert refused.value.problems[0].message


def test_answers_are_read() -> None:
    read = compile_pricing(ASKED).read(
        {
            "q0": "1 000",
            "jour": "25/11/2026",
            "choix": "e\u0301te\u0301",
            "accord": "non",
            "heure": "14 h 05",
            "nom": " Éloïse ",
            "autre": object(),
            "enfants": [{"age": " 3 "}, {}],
        }
    )
    assert read.answers["jour"] == date(2026, 11, 25)
    assert (read.answers["q0"], read.answers["choix"], read.answers["accord"], read.answers["nom"]) == (
        1000,
        "été",
        False,
        "Éloïse",
    )
    assert read.answers["heure"].hour == 14
    typed = compile_pricing(ASKED).read({"jour": date(2026, 1, 1), "heure": time(9, 30), "accord": True, "q0": 3})
    assert typed.answers | {"nom": None, "choix": None} == {
        "jour": date(2026, 1, 1),
        "heure": time(9, 30),
        "accord": True,
        "q0": 3,
        "nom": None,
        "choix": None,
    }
    assert read.rows["enfants"] == ({"age": 3}, {"age": None})


KEYS = st.sampled_from([*(question.key for question in ASKED.questions), "enfants"])


@given(st.dictionaries(KEYS, st.one_of(st.text(max_size=12), st.integers(), st.floats(), st.lists(st.none()))))
def test_any_form_is_previewed(raw: dict[str, Any]) -> None:
    preview = compile_pricing(ASKED).preview(raw, on=date(2026, 11, 1))
    assert preview.result.total_cents >= 0
    assert all(problem.message for problem in preview.problems)


def test_a_form_that_is_being_filled_shows_what_it_can() -> None:
    compiled = compile_pricing(town.HALL)
    preview = compiled.preview(
        {"demandeur": "résident", "duree": "week-end", "cuisine": "oui", "couverts": "beaucoup"}, on=date(2026, 11, 1)
    )
    assert preview.result.total_cents == 38000
    assert [problem.path for problem in preview.problems] == ["couverts"]
    empty = compiled.preview({}, on=date(2026, 11, 1))
    assert empty.result.lines == ()
    assert [problem.message for problem in empty.problems] == [
        "«\u00a0Location\u00a0»\u00a0: il manque «\u00a0Demandeur\u00a0»\u00a0: complétez la réponse."
    ]
