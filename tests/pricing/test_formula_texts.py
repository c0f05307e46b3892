"""Formulas as they are typed, grids as they are voted: what is written is read again as the same tree."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest
from hypothesis import given, strategies as st

from obole.lib import texts
from obole.pricing import editing
from obole.pricing.checking.check_pricing import check
from obole.pricing.model import formulas as f, tariffs as t
from obole.pricing.model.parts import Pricing, Question, QuestionKind
from obole.pricing.text import formatter, grids, parser, pasted_tables
from obole.pricing.text.grids import Layout
from tests.pricing.dispositifs import HALL, SCHOOL, TERRACE, TOWN
from tests.spaces import plain

FORMULAS: Any = f.Formula.__args__  # type: ignore[attr-defined]
CONDITIONS: Any = f.Condition.__args__  # type: ignore[attr-defined]


def parts_of(part: Any, kinds: Any) -> Iterator[Any]:
    """Return every formula, or every condition, of a pricing."""
    if isinstance(part, kinds):
        yield part
    for item in part if isinstance(part, tuple) else ():
        yield from parts_of(item, kinds)
    for field in fields(part) if is_dataclass(part) else ():
        yield from parts_of(getattr(part, field.name), kinds)


@pytest.mark.parametrize("name", TOWN)
def test_every_formula_of_the_town_is_typed_back(name: str) -> None:
    pricing = TOWN[name]
    write = formatter.writer(pricing)
    for formula in parts_of(pricing, FORMULAS):
        assert parser.read_formula(write.formula(formula), pricing) == formula
    for condition in parts_of(pricing, CONDITIONS):
        assert parser.read_condition(write.condition(condition), pricing) == condition


ASKED = Pricing(
    questions=(
        Question(key="surface", label="Surface", kind=QuestionKind.NUMBER),
        Question(key="mois", label="Mois (l’été)", kind=QuestionKind.NUMBER),
        Question(key="autre", label="Surface", kind=QuestionKind.NUMBER, group="g"),
        Question(key="crochet", label="A [b]", kind=QuestionKind.NUMBER),
    )
)
LEAVES = st.one_of(
    st.decimals(-999, 999, places=2).map(f.Constant),
    st.sampled_from(["surface", "mois", "autre", "crochet", f.ROW]).map(f.Answer),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["sum", "product", "least"]), st.lists(inner, min_size=1, max_size=4)).map(
            lambda item: f.Call(item[0], tuple(item[1]))
        ),
        st.tuples(st.sampled_from(["difference", "quotient", "up"]), inner, inner).map(
            lambda item: f.Call(item[0], item[1:])
        ),
        st.tuples(inner, inner, inner).map(
            lambda item: f.Either(
                when=f.Compare(of=item[0], is_=f.Comparison.AT_LEAST, to=(item[1],)), then=item[1], otherwise=item[2]
            )
        ),
    ),
    max_leaves=8,
)


@given(TREES)
def test_any_formula_is_typed_back(tree: f.Formula) -> None:
    assert parser.read_formula(formatter.writer(ASKED).formula(tree), ASKED) == tree


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("1+2-3*4/5", "1 + 2 − 3 × 4 ÷ 5"),
        ("(1 + 2) + 3", "(1 + 2) + 3"),
        ("1+2+3", "1 + 2 + 3"),
        ("-3,5", "−3,5"),
        ("–2", "−2"),
        ("arrondi_sup([surface];1)", "ARRONDI_SUP([surface]; 1)"),
        ("ANNÉES(01/09/2020; 01/09/2026)", "ANNEES(01/09/2020; 01/09/2026)"),
        ("[MOIS (L’ÉTÉ)]", "[Mois (l’été)]"),
        ("si([mois] >= 3; 1; 0)", "SI([Mois (l’été)] ≥ 3; 1; 0)"),
        ("[crochet]", "[crochet]"),
        ("=1+2", "1 + 2"),
        (" = [surface]", "[surface]"),
    ],
)
def test_what_people_type_is_understood(typed: str, meant: str) -> None:
    assert formatter.writer(ASKED).formula(parser.read_formula(typed, ASKED)) == meant


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Écrivez une formule."),
        ("1 +", "n’est pas finie"),
        ("SI([Mois (l’été)] > 1; 2", "n’est pas finie"),
        ("[surfce]", "« surfce » n’existe pas"),
        ("FOO(1)", "« FOO(1) » (caractère 1)"),
        ("1 ** 2", "« * 2 » (caractère 4)"),
        ("99/99/2026", "99/99/2026 n’existe pas"),
        ("SELON_DATE(01/01/2026; 31/02 : 1)", "31/02"),
        ("1" * 12, "trop de chiffres"),
        ("1+" * 70 + "1", "trop de termes"),
        ("x" * 1001, "trop longue"),
        ("__import__('os')", "ne se lit plus"),
        ("(" * 300, "trop de termes"),
        ("1 1", "« 1 » (caractère 3)"),
        ("==1", "« ==1 » (caractère 1)"),
        ("= 1 1", "« 1 » (caractère 5)"),
        ("=", "Écrivez une formule."),
        ("١", "« ١ » (caractère 1)"),
    ],
)
def test_what_makes_no_sense_is_told_with_its_place(typed: str, said: str) -> None:
    with pytest.raises(parser.UnreadableFormula) as refusal:
        parser.read_formula(typed, ASKED)
    assert said in plain(refusal.value.message)


def grids_of(pricing: Pricing) -> Iterator[t.Grid]:
    for tariff in pricing.tariffs:
        yield from (version.price for version in tariff.versions if isinstance(version.price, t.Grid))


@pytest.mark.parametrize("grid", [grid for pricing in TOWN.values() for grid in grids_of(pricing)])
def test_a_grid_is_a_table_that_is_read_back(grid: t.Grid) -> None:
    rows, *columns = grid.axes
    values = {place.label: str(place.value) for axis in columns for place in axis.places}
    layout = Layout(
        rows=rows.of,
        rows_label=rows.label,
        columns=columns[0].of if columns else None,
        columns_label=columns[0].label if columns else "",
        special={texts.fold(item.label): item.when for item in rows.special},
        values=values,
        missing=next((place.label for place in rows.places if place.key == rows.missing), ""),
    )
    tables = [pasted_tables.read(grids.as_text(table)) for table in grids.tables_of(grid, column="Prix")]
    read = grids.grid_of(tables, layout)
    assert read.cells == grid.cells and [unkeyed(axis) for axis in read.axes] == [unkeyed(axis) for axis in grid.axes]


def unkeyed(axis: t.Axis) -> t.Axis:
    """Return an axis without the keys of its places: nobody sees them."""
    places = {place.key: f"{n}" for n, place in enumerate(axis.places)}
    return replace(
        axis,
        positions=tuple(replace(position, key="") for position in axis.positions),
        missing=places.get(axis.missing, ""),
        special=tuple(replace(item, key="") for item in axis.special),
    )


def test_columns_that_are_brackets_may_come_in_any_order() -> None:
    pasted = pasted_tables.read("Zone;> 10;0–10\nA;2;1\nB;4;3")
    layout = Layout(rows=f.Answer("zone"), rows_label="Zone", columns=f.Answer("km"), columns_label="Distance")
    grid = grids.grid_of([pasted], layout)
    assert [place.label for place in grid.axes[1].places] == ["0–10", "> 10"] and grid.cells == (100, 200, 300, 400)
    with pytest.raises(pasted_tables.Refused, match="entre 5 et 10"):
        grids.grid_of([pasted_tables.read("Zone;0–5;> 10\nA;2;1")], layout)


def test_columns_are_products_of_the_same_name_or_new_ones() -> None:
    tariff = t.Tariff(key="nouveau", label="Nouveau", versions=())
    pricing, keys = editing.columns_made_products(TERRACE, tariff, ("TERRASSE", "Étalage"), before={})
    assert keys == {"TERRASSE": "terrasse", "Étalage": "etalage"}
    made = editing.find(pricing, "products", "etalage")
    assert made is not None and made.tariff == "nouveau" and len(pricing.products) == len(TERRACE.products) + 1


def test_parts_are_put_moved_copied_and_taken_away() -> None:
    first = HALL.lines[0]
    assert editing.move(HALL, "lines", first.key, down=True).lines[1] == first
    assert editing.move(HALL, "lines", first.key, down=False) == HALL
    assert first not in editing.remove(HALL, "lines", first.key).lines
    copied = editing.duplicate(HALL, "lines", first.key, label="%(label)s (copie)").lines[1]
    assert copied.label == f"{first.label} (copie)" and copied.key not in editing.keys_of(HALL)
    assert editing.put(HALL, "lines", replace(first, label="Autre")).lines[0].label == "Autre"
    assert not check(editing.duplicate(HALL, "lines", first.key, label="%(label)s (copie)"))


def test_the_form_is_asked_again_without_losing_what_names_a_row() -> None:
    form = Pricing(questions=SCHOOL.questions, groups=tuple(replace(group, name="") for group in SCHOOL.groups))
    taken = editing.take_over(SCHOOL, form, [question.key for question in form.questions])
    assert taken.groups == SCHOOL.groups and taken.questions == SCHOOL.questions
    new = editing.take_over(Pricing(), form, ["prenom", "repas"])
    assert [question.key for question in new.questions] == ["prenom", "repas"] and new.groups[0].name == "prenom"
