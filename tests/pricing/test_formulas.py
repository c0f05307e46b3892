"""Each operation of a formula and each question of a condition, at its edges."""

from dataclasses import replace
from datetime import date, time, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, strategies as st

from obole.pricing import wording
from obole.pricing.model import formulas as f, functions, parts as p
from obole.pricing.model.functions import OPERATIONS
from obole.pricing.model.problems import CannotCompute, Refused
from tests.pricing.build import a, amounts, call, choice, d, day, line, n, number, price, shop, when, yes_no
from tests.spaces import plain

APRIL, OCTOBER = date(2027, 4, 1), date(2027, 10, 31)


WORKED: list[tuple[str, tuple[Any, ...], Any]] = [
    ("sum", (1, 2, Fraction(1, 2)), Fraction(7, 2)),
    ("difference", (1, 3), -2),
    ("product", (2, 3, 4), 24),
    ("quotient", (1, 3), Fraction(1, 3)),
    ("least", (3, 1, 2), 1),
    ("greatest", (3, 1, 2), 3),
    ("up", (Fraction(37, 2), 1), 19),
    ("down", (Fraction(37, 2), 1), 18),
    ("nearest", (Fraction(37, 2), 1), 19),
    ("up", (19, 5), 20),
    ("up", (20, 5), 20),
    ("days", (APRIL, APRIL), 1),
    ("days", (APRIL, OCTOBER), 214),
    ("nights", (APRIL, APRIL), 0),
    ("nights", (date(2026, 12, 12), date(2026, 12, 13)), 1),
    ("months", (APRIL, OCTOBER), 7),
    ("months", (date(2027, 1, 31), date(2027, 2, 1)), 2),
    ("months", (date(2026, 9, 30), date(2027, 6, 1)), 10),
    ("months_begun", (date(2027, 4, 15), date(2027, 10, 14)), 6),
    ("months_begun", (date(2027, 4, 15), date(2027, 10, 15)), 7),
    ("months_begun", (APRIL, APRIL), 1),
    ("months_begun", (date(2027, 1, 31), date(2027, 2, 28)), 2),
    ("months_begun", (date(2027, 1, 31), date(2027, 2, 27)), 1),
    ("years", (date(2015, 3, 1), date(2027, 2, 28)), 11),
    ("years", (date(2015, 3, 1), date(2027, 3, 1)), 12),
    ("years", (date(2024, 2, 29), date(2025, 2, 28)), 1),
    ("hours", (time(8, 30), time(12, 15)), Fraction(15, 4)),
    ("hours", (time(22), time(2)), 4),
    ("hours", (time(9), time(9)), 0),
    ("days_in_month", (date(2028, 2, 3),), 29),
    ("month_start", (date(2027, 2, 3),), date(2027, 2, 1)),
    ("month_end", (date(2027, 2, 3),), date(2027, 2, 28)),
]


@pytest.mark.parametrize(("op", "args", "value"), WORKED)
def test_an_operation(op: str, args: tuple[Any, ...], value: Any) -> None:
    assert OPERATIONS[op].run(*args) == value


def test_every_operation_has_a_label_and_is_tried_above() -> None:
    assert {case[0] for case in WORKED} == set(OPERATIONS)
    assert all(str(item.label) for item in OPERATIONS.values())


@pytest.mark.parametrize(
    ("op", "args"),
    [
        ("days", (OCTOBER, APRIL)),
        ("nights", (OCTOBER, APRIL)),
        ("months", (OCTOBER, APRIL)),
        ("months_begun", (OCTOBER, APRIL)),
        ("years", (OCTOBER, APRIL)),
        ("quotient", (1, 0)),
        ("up", (1, 0)),
        ("down", (1, -1)),
        ("sum", (10**12, 1)),
        ("product", (10**9, 10**9)),
        ("product", (-(10**9), 10**9)),
        ("difference", (-(10**12), 1)),
        ("quotient", (10**9, Fraction(1, 10**6))),
    ],
)
def test_an_operation_without_a_result_says_why(op: str, args: tuple[Any, ...]) -> None:
    with pytest.raises(CannotCompute) as refused:
        OPERATIONS[op].run(*args)
    assert str(refused.value.text)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(0, 800), st.sets(st.integers(1, 7)))
def test_weekdays_are_those_of_the_calendar(first: date, length: int, days: set[int]) -> None:
    counted = sum((first + timedelta(days=number)).isoweekday() in days for number in range(length + 1))
    assert functions.weekdays_between(first, first + timedelta(days=length), frozenset(days)) == counted


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_months_begun_are_never_more_than_the_months_touched(day: date, other: date) -> None:
    first, last = sorted((day, other))
    begun, touched = functions.months_begun(first, last), functions.months_between(first, last)
    assert touched - 1 <= begun <= touched
    assert functions.years_between(first, last) == (begun - 1) // 12


ASKED = replace(
    shop(1),
    questions=(
        number("q0", required=False),
        number("age", required=False),
        day("du", required=False),
        day("au", required=False),
        yes_no("accord"),
        choice("lieu", "ici", "là", required=False),
    ),
)


def holds(condition: f.Condition, **answers: Any) -> bool:
    return bool(price(replace(ASKED, lines=(line("p0", when=condition),)), **answers).lines)


@pytest.mark.parametrize(
    ("is_", "to", "true", "false"),
    [
        ("equals", (3,), [3, "3,0"], [2, 4, None]),
        ("differs", (3,), [2, None], [3]),
        ("among", (1, 3), [1, 3], [2, None]),
        ("above", (3,), [4], [3, 2, None]),
        ("at_least", (3,), [3, 4], [2, None]),
        ("below", (3,), [2], [3, 4, None]),
        ("at_most", (3,), [3, 2], [4, None]),
        ("between", (3, 5), [3, 4, 5], [2, 6, None]),
        ("empty", (), [None, ""], [0, 3]),
        ("filled", (), [0, 3], [None, " "]),
    ],
)
def test_a_comparison(is_: str, to: tuple[int, ...], true: list[Any], false: list[Any]) -> None:
    assert all(holds(when("age", is_, *to), age=value) for value in true)
    assert not any(holds(when("age", is_, *to), age=value) for value in false)


def test_conditions_combine() -> None:
    here, adult = when("lieu", "equals", "ici"), when("age", "at_least", 18)
    for both in (f.All((here, adult)), f.Not(f.AnyOf((f.Not(here), f.Not(adult))))):
        assert [
            holds(both, lieu=lieu, age=age) for lieu, age in (("ici", 18), ("là", 18), ("ici", 17), ("là", 17))
        ] == [True, False, False, False]
    assert [
        holds(f.AnyOf((here, adult)), lieu=lieu, age=age) for lieu, age in (("là", 17), ("ici", 17), ("là", 18))
    ] == [False, True, True]
    assert holds(
        f.Compare(of=a("du"), is_=f.Comparison.BETWEEN, to=(f.Day(APRIL), a("au"))), du="2027-05-01", au="2027-05-01"
    )
    assert not holds(f.Compare(of=a("du"), is_=f.Comparison.BETWEEN, to=(f.Day(APRIL), a("au"))), du="2027-05-01")


@pytest.mark.parametrize(
    ("on", "inside"),
    [("2027-06-30", False), ("2027-07-01", True), ("2027-08-31", True), ("2027-09-01", False), (None, False)],
)
def test_a_season_within_the_year(on: str | None, inside: bool) -> None:
    assert holds(f.Season(of=a("du"), first="07-01", last="08-31"), du=on) is inside


def quantity(formula: f.Formula, **answers: Any) -> list[int]:
    return amounts(price(replace(ASKED, lines=(line("p0", quantity=formula),)), **answers))


def test_a_formula_on_an_optional_answer_that_is_empty_makes_no_line() -> None:
    for formula in (
        a("age"),
        call("sum", "age", 1),
        call("sum", "age", 1, 2),
        f.Yearly(of=a("du"), steps=(f.Since("01-01", d(3)),)),
        f.Weekdays(first=a("du"), last=a("au"), days=(1,)),
    ):
        assert quantity(formula) == []


def test_calendar_formulas() -> None:
    assert quantity(f.Weekdays(first=a("du"), last=a("au"), days=(1, 2, 4, 5)), du="2026-11-01", au="2026-11-30") == [
        17
    ]
    half = f.Yearly(of=a("du"), steps=(f.Since("09-01", d(2)), f.Since("02-01", d(1))))
    assert [quantity(half, du=on)[0] for on in ("2026-09-01", "2027-01-31", "2027-02-01", "2027-08-31")] == [2, 2, 1, 1]
    assert quantity(f.Either(when=when("accord", "equals", True), then=n(2), otherwise=n(5)), accord="non") == [5]


def test_a_value_is_computed_for_each_row() -> None:
    pricing = replace(
        shop(10),
        questions=(number("jours", group="g"), number("heures", group="g")),
        groups=(p.Group(key="g", label="Enfant"),),
        values=(p.Value(key="temps", label="Temps", of=call("product", "jours", "heures"), group="g"),),
        lines=(
            line("p0", quantity=a("temps"), per="g"),
            line("total", product="p0", quantity=f.Rows(group="g", of=a("temps"))),
        ),
    )
    result = price(pricing, g=[{"jours": 2, "heures": 3}, {"jours": 4, "heures": 5}])
    assert amounts(result) == [60, 200, 260]
    assert "Temps : Jours × Heures = 20 (Jours : 4 ; Heures : 5)." in map(plain, wording.long(result.lines[1]))
    with pytest.raises(Refused, match="il manque «.Heures.»"):
        price(pricing, g=[{"jours": 2}])


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        (call("product", call("sum", "age", 1), 2), "Quantité : (Age + 1) × 2 = 10 (Age : 4)."),
        (call("up", "age", 5), "Quantité : Age arrondi par excès au pas de 5 = 5 (Age : 4)."),
        (
            call("days", "du", "au"),
            "Quantité : nombre de jours, bornes comprises (Du ; Au) = 2 (Du : 01/05/2027 ; Au : 02/05/2027).",
        ),
        (
            f.Weekdays(first=a("du"), last=a("au"), days=(6, 7)),
            "Quantité : nombre de jours de la semaine retenus (Du ; Au) = 2",
        ),
        (f.Yearly(of=a("du"), steps=(f.Since("01-01", d(3)),)), "Quantité : selon la date (Du) = 3 (Du : 01/05/2027)."),
        (
            f.Either(when=when("accord", "equals", True), then=a("age"), otherwise=n(1)),
            "Quantité : selon le cas Age | 1 = 4",
        ),
    ],
)
def test_a_formula_is_told_in_words(formula: f.Formula, said: str) -> None:
    result = price(
        replace(ASKED, lines=(line("p0", quantity=formula),)), age=4, du="2027-05-01", au="2027-05-02", accord=True
    )
    assert any(plain(item).startswith(said) for item in wording.long(result.lines[0])), wording.long(result.lines[0])


def test_free_units_that_rest_on_a_missing_answer_are_told() -> None:
    pricing = replace(ASKED, lines=(line("p0", allowance=p.Allowance(label="2 gratuites", free=n(2), used=a("age"))),))
    with pytest.raises(Refused, match="2 gratuites"):
        price(pricing)
    assert amounts(price(pricing, age=2)) == [1]


def test_a_quantity_below_zero_is_refused() -> None:
    with pytest.raises(Refused, match="sous zéro"):
        quantity(call("difference", 1, "age"), age=4)
