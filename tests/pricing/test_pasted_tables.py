"""
A grid copied from a spreadsheet: read whole, or refused with rows and columns; next year's prices from this year's.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from obole.pricing.diff import version_diff
from obole.pricing.model import tariffs as t
from obole.pricing.model.numbers import NotANumber
from obole.pricing.model.problems import Refused
from obole.pricing.text import pasted_tables
from tests.pricing import dispositifs as town
from tests.pricing.build import a, d, version

VOTE = """QF\trepas\taccueil (½ h)\tmercredi
0–400\t1,00\t0,45 €\t4,60
401–700\t2,10\t0,70\t8,20
701 – 1 000\t3,25\t0,90\t12,40
1\u202f001-1\u202f400\t4,30\t1,05\t16,10
1 401 à 1 800\t5,20\t1,20\t19,30
> 1 800\t5,95\t1,35\t22,00
extérieur\t8,40\t1,90\t—
"""


def test_a_voted_grid() -> None:
    pasted = pasted_tables.read(VOTE)
    assert (pasted.corner, pasted.columns) == ("QF", ("repas", "accueil (½ h)", "mercredi"))
    assert [(position.low, position.high) for position in pasted.positions] == [
        (None, 400),
        (400, 700),
        (700, 1000),
        (1000, 1400),
        (1400, 1800),
        (1800, None),
    ]
    assert [position.label for position in pasted.positions][2] == "701 – 1 000"
    assert [item.label for item in pasted.special] == ["extérieur"]
    assert pasted.cells == (
        100,
        45,
        460,
        210,
        70,
        820,
        325,
        90,
        1240,
        430,
        105,
        1610,
        520,
        120,
        1930,
        595,
        135,
        2200,
        840,
        190,
        None,
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\t", ";"),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\t\t\n"),
        lambda text: text.replace("0–400", '"0–400"'),
        lambda text: text + "\n\n",
        lambda text: text.replace("> 1 800", "1 801 et plus"),
        lambda text: text.replace("> 1 800", "plus de 1 800"),
        lambda text: text.replace("0–400", "≤ 400"),
        lambda text: text.replace("0–400", "jusqu’à 400"),
        lambda text: text.replace("401–700", "400–700"),
        lambda text: text.replace("401–700", "400,01–700"),
    ],
)
def test_the_same_grid_otherwise_written(change: object) -> None:
    assert callable(change)
    told = pasted_tables.read(change(VOTE))
    assert [(position.low, position.high) for position in told.positions] == [
        (position.low, position.high) for position in pasted_tables.read(VOTE).positions
    ]
    assert told.cells == pasted_tables.read(VOTE).cells


def test_rows_in_any_order_keep_their_prices() -> None:
    head, *rows = VOTE.splitlines()
    assert pasted_tables.read("\n".join([head, *reversed(rows)])) == pasted_tables.read(VOTE)


@pytest.mark.parametrize("rows", [["15 ans", "30 ans"], ["résident", "extérieur"], ["Catégorie 1", "Catégorie 2"]])
def test_choices_may_have_digits(rows: list[str]) -> None:
    pasted = pasted_tables.read("\n".join(["Durée;prix", *(f"{row};{n}" for n, row in enumerate(rows))]))
    assert (pasted.brackets, [position.value for position in pasted.positions], pasted.cells) == (False, rows, (0, 100))


@pytest.mark.parametrize(
    ("before", "after", "path"),
    [
        ("401–700", "402–700", "[3][1]"),
        ("401–700", "399–700", "[3][1]"),
        ("401–700", "700–401", "[3][1]"),
        ("401–700", "401à", "[3][1]"),
        ("401–700", "moins de 700", "[3][1]"),
        ("0–400", "100–400", "[2][1]"),
        ("> 1 800", "1 801–2 000", "[7][1]"),
        ("> 1 800", "> 1 900", "[7][1]"),
        ("701 – 1 000", "401–700", "[4][1]"),
        ("401–700", "≤ 700", "[3][1]"),
        ("2,10", "", "[3][2]"),
        ("2,10", "2,105", "[3][2]"),
        ("2,10", "-2,10", "[3][2]"),
        ("2,10", "１２", "[3][2]"),
        ("2,10", "NaN", "[3][2]"),
        ("2,10", "1e400", "[3][2]"),
        ("2,10", "=2+2", "[3][2]"),
        ("2,10\t", "", "[3][1]"),
        ("repas", "", "[1][2]"),
        ("mercredi", "REPAS", "[1][4]"),
        ("2,10", "2.100,00", "[3][2]"),
        ("2,10", "2€10", "[3][2]"),
        ("401–700", "４０１–700", "[3][1]"),
        ("401–700", "", "[3][1]"),
    ],
)
def test_a_mistake_is_told_where_it_is(before: str, after: str, path: str) -> None:
    with pytest.raises(Refused) as refused:
        pasted_tables.read(VOTE.replace(before, after))
    assert path in [problem.path for problem in refused.value.problems]
    assert all(problem.message.startswith("ligne ") and len(problem.message) > 30 for problem in refused.value.problems)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\n",
        "a",
        "a\tb",
        "\x00",
        "x" * 200_000,
        "a;b\n" * 300,
        ";" * 50 + "\n" + ";" * 50,
        "QF;p\n" + "1" * 5000 + ";1",
    ],
)
def test_what_is_no_grid_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        pasted_tables.read(text)


@given(st.text(max_size=300))
def test_anything_may_be_pasted(text: str) -> None:
    for item in (text, f"QF\tprix\n{text}\t1", f"QF;prix\n0–400;{text}"):
        try:
            pasted_tables.read(item)
        except Refused as refused:
            assert all(problem.message for problem in refused.problems)


@pytest.mark.parametrize(
    ("printed", "bounds"),
    [
        ("401–700", (400, 700)),
        ("0-400", (None, 400)),
        ("> 1 800", (1800, None)),
        ("1 801 et plus", (1800, None)),
        ("≤ 400", (None, 400)),
        ("de 401 à 700 €", (400, 700)),
        ("QF 401–700", (400, 700)),
        ("Tranche 2 : 401–700", (400, 700)),
        ("3", (2, 3)),
    ],
)
def test_one_bracket(printed: str, bounds: tuple[int | None, int | None]) -> None:
    assert pasted_tables.read_bracket(printed) == bounds


@pytest.mark.parametrize("printed", ["", "extérieur", "700–401", "< 400", "1–2–3", "1" * 300])
def test_what_is_no_bracket(printed: str) -> None:
    with pytest.raises(NotANumber):
        pasted_tables.read_bracket(printed)


NEXT = {"effect": date(2027, 9, 1), "deliberation": "2027-12", "voted_on": date(2027, 6, 1)}


def test_next_year_is_two_per_cent_dearer() -> None:
    old = town.SCHOOL.tariffs[0].versions[0]
    new = version_diff.next_year_version(old, d(2), **NEXT)  # type: ignore[arg-type]
    assert isinstance(new.price, t.Grid)
    assert new.price.cells[:6] == (102, 46, 469, 214, 71, 836)
    assert (new.effect, new.deliberation, new.vat) == (NEXT["effect"], "2027-12", old.vat)
    changes = version_diff.compare(old, new)
    assert len(changes) == 21
    assert (changes[1].label, changes[1].old, changes[1].new, changes[1].percent) == (
        "0–400 / soir",
        d("0.45"),
        d("0.46"),
        d("2.2"),
    )


@pytest.mark.parametrize(
    ("percent", "round_to", "cents"),
    [("0", 1, 325), ("1.5", 1, 330), ("-100", 1, 0), ("-150", 1, 0), ("2", 10, 330), ("100", 1, 650)],
)
def test_a_price_is_rounded_half_up(percent: str, round_to: int, cents: int) -> None:
    new = version_diff.next_year_version(version(t.Fixed(cents=325)), d(percent), round_to=round_to, **NEXT)  # type: ignore[arg-type]
    assert new.price == t.Fixed(cents=cents)


def test_a_rate_keeps_its_rates_and_changes_its_bounds() -> None:
    old = version(t.Rate(base_label="QF", base=a("qf"), percent=d("0.36"), floor=260, cap=450, base_cap=1000_00))
    new = version_diff.next_year_version(old, d(10), **NEXT)  # type: ignore[arg-type]
    assert isinstance(new.price, t.Rate)
    assert (new.price.percent, new.price.floor, new.price.cap, new.price.base_cap) == (d("0.36"), 286, 495, 1000_00)
    told = {item.label: (item.old, item.new, item.percent) for item in version_diff.compare(old, new)}
    assert told["minimum"] == (d("2.6"), d("2.86"), d(10))
    assert told["taux"] == (d("0.36"), d("0.36"), 0)
    assert told["base minimale"] == (None, None, None)


def test_a_row_that_is_new_or_gone_has_no_percentage() -> None:
    old, new = version(t.Fixed(cents=0)), version(t.Share(percent=d(10), of=("x",)))
    assert [(item.label, item.percent) for item in version_diff.compare(old, new)] == [("part", None), ("prix", None)]
    assert version_diff.compare(old, version(t.Fixed(cents=5)))[0].percent is None


@given(st.integers(0, 10**7), st.decimals(-50, 50, places=2))
def test_a_raise_never_reverses_an_order(cents: int, percent: Decimal) -> None:
    prices = [
        version_diff.next_year_version(version(t.Fixed(cents=item)), percent, **NEXT).price
        for item in (cents, cents + 1)
    ]  # type: ignore[arg-type]
    assert isinstance(prices[0], t.Fixed)
    assert isinstance(prices[1], t.Fixed)
    assert prices[0].cents <= prices[1].cents


def test_each_kind_of_price_is_raised_and_compared() -> None:
    given_, limit = version(t.Given(of=a("x"), floor=100, cap=None)), version(t.Limit(of=("x",), cap=1000))
    share = version(t.Share(percent=d(50), of=("x",)))
    assert version_diff.next_year_version(given_, d(10), **NEXT).price == t.Given(of=a("x"), floor=110, cap=None)  # type: ignore[arg-type]
    assert version_diff.next_year_version(limit, d(10), **NEXT).price == t.Limit(of=("x",), cap=1100)  # type: ignore[arg-type]
    assert version_diff.next_year_version(share, d(10), **NEXT).price == share.price  # type: ignore[arg-type]
    creche = town.CRECHE.tariffs[0].versions[-1]
    assert isinstance(creche.price, t.Rate)
    table = creche.price.table
    assert table is not None
    cheaper = replace(
        creche, price=replace(creche.price, table=replace(table, percents=(d("0.06"), *table.percents[1:])))
    )
    changes = {item.label: item for item in version_diff.compare(creche, cheaper)}
    assert (changes["1"].rate, changes["1"].old, changes["1"].new, changes["1"].percent) == (
        True,
        d("0.0619"),
        d("0.06"),
        d("-3.1"),
    )
    assert changes["base maximale"].new == 8500
    assert changes["4–7"].percent == 0
