"""
A configuration that makes no sense is refused with the place and the way to mend it; one that makes sense can be
priced.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, strategies as st

from obole.pricing.checking import check_pricing, check_tariffs
from obole.pricing.engine.compiled_pricing import compile_pricing
from obole.pricing.model import formulas as f, parts as p, tariffs as t
from obole.pricing.model.problems import Refused
from tests.pricing import dispositifs as town
from tests.pricing.build import (
    a,
    brackets,
    call,
    choice,
    choices,
    d,
    day,
    fixed,
    line,
    n,
    number,
    price,
    product,
    tariff,
    version,
    when,
    yes_no,
)
from tests.spaces import plain

BASE = p.Pricing(
    questions=(
        number("qf", required=False),
        number("jours"),
        day("du"),
        day("au"),
        choice("lieu", "ici", "ailleurs"),
        yes_no("aide"),
        number("repas", group="enfants"),
    ),
    groups=(p.Group(key="enfants", label="Enfant"),),
    values=(p.Value(key="duree", label="Durée", of=call("days", "du", "au")),),
    tariffs=(fixed("prix", 100), fixed("autre", 100)),
    products=(product("prix"), product("autre")),
    lines=(line("prix", quantity=a("jours")), line("autre")),
)
FULL = t.Axis(label="QF", of=a("qf"), kind=t.AxisKind.BRACKETS, positions=brackets(400, 700), missing="t3")
PLACES = t.Axis(label="Lieu", of=a("lieu"), kind=t.AxisKind.CHOICES, positions=choices("ici", "ailleurs"))
TAXED = t.Vat(regime=t.Regime.TAXED, rate=Decimal(20))


def grid(*axes: t.Axis, cells: tuple[int | None, ...] = (1, 2, 3)) -> dict[str, Any]:
    return {"tariffs": (tariff("prix", t.Grid(axes=axes, cells=cells)), fixed("autre", 1))}


def priced(price_: t.Price, **more: Any) -> dict[str, Any]:
    return {"tariffs": (tariff("prix", price_, **more), fixed("autre", 1))}


def sold(**more: Any) -> dict[str, Any]:
    return {"products": (product("prix", **more), product("autre"))}


def billed(**more: Any) -> dict[str, Any]:
    return {"lines": (line("prix", **more), line("autre"))}


def named(of: f.Formula, **more: Any) -> dict[str, Any]:
    return {"values": (*BASE.values, p.Value(key="v", label="V", of=of, **more))}


def positions(*bounds: tuple[int | None, int | None]) -> tuple[t.Position, ...]:
    return tuple(
        t.Position(
            key=f"t{n}", label=f"{n}", low=None if low is None else d(low), high=None if high is None else d(high)
        )
        for n, (low, high) in enumerate(bounds)
    )


def axis(**more: Any) -> t.Axis:
    return replace(FULL, **more)


def test_the_base_is_right() -> None:
    assert check_pricing.check(BASE) == []
    for pricing in town.TOWN.values():
        assert check_pricing.check(pricing) == []


WRONG: list[tuple[dict[str, Any], str, str]] = [
    (
        grid(axis(positions=positions((None, 400), (401, None)), missing="")),
        "axes[0].positions[1]",
        "rien n’est prévu de 400 à 401",
    ),
    (
        grid(axis(positions=positions((None, 400), (399, None)), missing="")),
        "axes[0].positions[1]",
        "recouvre celle d’avant",
    ),
    (grid(axis(positions=positions((None, 400), (None, None)), missing="")), "axes[0].positions[1]", "sans borne"),
    (
        grid(axis(positions=positions((0, 400), (400, None)), missing="")),
        "axes[0].positions[0]",
        "rien n’est prévu jusqu’à 0",
    ),
    (
        grid(axis(positions=positions((None, 400), (400, 700)), missing="")),
        "price.axes[0]",
        "rien n’est prévu au-dessus de 700",
    ),
    (
        grid(axis(positions=positions((None, 400), (400, 400), (400, None)), missing="")),
        "positions[1]",
        "le bas de la tranche",
    ),
    (grid(axis(positions=(), missing="")), "price.axes[0]", "cet axe est vide"),
    (grid(axis(missing="nulle_part")), "price.axes[0]", "n’existe pas sur l’axe"),
    (grid(axis(positions=(*positions((None, 1)), *positions((1, None))), missing="")), "price.axes[0]", "la même clé"),
    (grid(axis(of=a("lieu"))), "axes[0].of", "un nombre est attendu ici, et c’est un texte"),
    (grid(axis(of=a("nulle_part"))), "axes[0].of", "« nulle_part » n’existe pas"),
    (
        grid(axis(special=(t.Position(key="x", label="extérieur"),)), cells=(1, 2, 3, 4)),
        "special[0]",
        "n’est jamais prise",
    ),
    (grid(), "versions[0].price", "de un à trois axes"),
    (grid(FULL, FULL, FULL, FULL, cells=(1,) * 81), "versions[0].price", "de un à trois axes"),
    (grid(FULL, cells=(1, 2)), "price.cells", "2 cases et ses axes en demandent 3"),
    (grid(FULL, cells=(1, -2, 3)), "cells[1]", "ce prix est négatif"),
    (grid(FULL, cells=(1, 2, 10**8)), "cells[2]", "dépasse 100"),
    (grid(replace(PLACES, positions=choices("ici", "ici")), cells=(1, 2)), "price.axes[0]", "une seule fois"),
    (
        grid(replace(PLACES, positions=choices("ici", "là")), cells=(1, 2)),
        "price.axes[0]",
        "« là » n’est pas un choix de « Lieu »",
    ),
    (grid(replace(PLACES, positions=choices("ici")), cells=(1,)), "price.axes[0]", "« ailleurs » n’a pas de place"),
    (
        grid(replace(PLACES, positions=positions((None, 1), (1, None))), cells=(1, 2)),
        "price.axes[0]",
        "ni bornes ni condition",
    ),
    (
        grid(replace(PLACES, shifts=(t.Shift(when=when("aide", "equals", True)),)), cells=(1, 2)),
        "price.axes[0]",
        "un décalage",
    ),
    (priced(t.Fixed(cents=-1)), "versions[0].price", "ce prix est négatif"),
    (priced(t.Fixed(cents=1), vat=t.Vat(regime=t.Regime.TAXED)), "versions[0].vat", "le taux doit être"),
    (priced(t.Fixed(cents=1), vat=t.Vat(regime=t.Regime.EXEMPT)), "versions[0].vat", "l’article"),
    (priced(t.Fixed(cents=1), vat=t.Vat(rate=d(10))), "versions[0].vat", "sans TVA"),
    (priced(t.Rate(base_label="QF", base=a("qf"))), "versions[0].price", "soit un taux, soit une table"),
    (
        priced(t.Rate(base_label="QF", base=a("qf"), percent=d(-1))),
        "versions[0].price",
        "le pourcentage doit être entre 0",
    ),
    (
        priced(t.Rate(base_label="QF", base=a("qf"), percent=d(1), floor=2, cap=1)),
        "price.floor",
        "le plancher est au-dessus du plafond",
    ),
    (
        priced(t.Rate(base_label="QF", base=a("qf"), percent=d(1), base_floor=2, base_cap=1)),
        "base_floor",
        "le plancher",
    ),
    (
        priced(t.Rate(base_label="QF", base=a("qf"), table=t.RateTable(axis=FULL, percents=(d(1),)))),
        "versions[0].price",
        "un taux pour chaque",
    ),
    (
        priced(t.Rate(base_label="QF", base=a("du"), percent=d(1))),
        "price.base",
        "un nombre est attendu ici, et c’est une date",
    ),
    (priced(t.Given(of=a("aide"))), "price.of", "un nombre est attendu ici"),
    (priced(t.Share(percent=d(-101), of=("x",))), "versions[0].price", "entre −100"),
    (priced(t.Share(percent=d(10), of=("autre",))), "lines[0]", "n’est pas une ligne au-dessus"),
    (priced(t.Share(percent=d(10), of=())), "lines[0]", "en nomme au moins une"),
    (priced(t.Limit(of=("prix",))), "versions[0].price", "ni plancher ni plafond"),
    ({"tariffs": (t.Tariff(key="prix", label="Prix", versions=()), fixed("autre", 1))}, "tariffs[0]", "aucune version"),
    (
        {"tariffs": (t.Tariff(key="prix", label="Prix", versions=(version(t.Fixed(cents=1)),) * 2), fixed("autre", 1))},
        "versions[1]",
        "le même jour",
    ),
    (
        {
            "tariffs": (
                replace(fixed("prix", 1), versions=(replace(version(t.Fixed(cents=1)), deliberation=" "),)),
                fixed("autre", 1),
            )
        },
        "versions[0]",
        "le numéro de la délibération manque",
    ),
    ({"tariffs": (fixed("prix", 1), fixed("prix", 1))}, "tariffs[1]", "sert deux fois"),
    ({"questions": (*BASE.questions, number("duree"))}, "duree", "sert deux fois"),
    (sold(tariff="rien"), "products[0]", "le tarif « rien » n’existe pas"),
    (sold(decimals=4), "products[0]", "de 0 à 3 décimales"),
    (sold(step=d(0)), "products[0]", "au-dessus de zéro"),
    (sold(step=d("0.5")), "products[0]", "trop de décimales"),
    (sold(minimum=d(-1)), "products[0]", "négatif"),
    (sold(minimum=d(3), maximum=d(2)), "products[0]", "le minimum est au-dessus du maximum"),
    (sold(round_to=7), "products[0]", "1, 5, 10, 50 ou 100"),
    (sold(unit="u" * 31), "products[0]", "au plus 30 caractères"),
    (billed(quantity=call("sum", *[1] * 31)), "lines[0].quantity", "prend de 1 à 30 termes"),
    ({"lines": tuple(line(f"l{number}", product="prix") for number in range(201))}, "lines", "200 au plus"),
    (billed(quantity=a("repas")), "lines[0].quantity", "se répond à chaque ligne"),
    (billed(quantity=a(f.ROW)), "lines[0].quantity", "n’a pas de sens ici"),
    (billed(quantity=a(f.PRODUCT)), "lines[0].quantity", "n’a pas de sens ici"),
    (billed(quantity=a("@autre")), "lines[0].quantity", "n’existe pas"),
    (billed(quantity=a("du")), "lines[0].quantity", "un nombre est attendu"),
    (billed(quantity=call("magie", 1)), "lines[0].quantity", "l’opération « magie » n’existe pas"),
    (billed(quantity=call("days", "du")), "lines[0].quantity", "prend 2 terme(s)"),
    (billed(quantity=call("days", "du", "jours")), "quantity.args[1]", "une date est attendu"),
    (billed(quantity=call("quotient", "jours", 0)), "lines[0].quantity", "au-dessus de zéro"),
    (billed(quantity=f.Rows(group="rien")), "lines[0].quantity", "le groupe « rien » n’existe pas"),
    (billed(quantity=f.Rows(group="enfants", of=a("lieu"))), "quantity.of", "un nombre est attendu"),
    (billed(quantity=f.Yearly(of=a("du"), steps=())), "lines[0].quantity", "aucun seuil"),
    (
        billed(
            quantity=f.Yearly(
                of=a("du"), steps=(f.Since("09-01", d(1)), f.Since("04-01", d(1)), f.Since("01-01", d(1)))
            )
        ),
        "lines[0].quantity",
        "ne se suivent pas",
    ),
    (billed(quantity=f.Weekdays(first=a("du"), last=a("au"), days=(1, 8))), "lines[0].quantity", "de 1 (lundi) à 7"),
    (
        billed(quantity=f.Either(when=when("aide", "equals", True), then=n(1), otherwise=a("du"))),
        "lines[0].quantity",
        "de même nature",
    ),
    (billed(when=when("lieu", "equals", "là-bas")), "lines[0].when.to[0]", "« là-bas » n’est pas un choix"),
    (billed(when=when("lieu", "above", "ici")), "lines[0].when", "ne se compare pas par ordre"),
    (billed(when=when("jours", "equals", "ici")), "lines[0].when.to[0]", "un nombre est attendu"),
    (billed(when=when("jours", "between", 1)), "lines[0].when", "attend 2 valeur(s)"),
    (billed(when=when("jours", "empty", 1)), "lines[0].when", "attend 0 valeur(s)"),
    (billed(when=f.All(())), "lines[0].when", "aucune condition"),
    (
        billed(when=f.Not(f.Season(of=a("jours"), first="10-01", last="04-30"))),
        "lines[0].when.of.of",
        "une date est attendu",
    ),
    (billed(per="rien"), "lines[0]", "le groupe « rien » n’existe pas"),
    (billed(product="rien"), "lines[0]", "le produit « rien » n’existe pas"),
    (billed(degression="rien"), "lines[0]", "la dégression « rien » n’existe pas"),
    (billed(on=a("jours")), "lines[0].on", "une date est attendu"),
    (billed(allowance=p.Allowance(label="x", free=a("du"))), "lines[0].allowance", "un nombre est attendu"),
    (billed(price_steps=(p.PercentStep(label="x", percent=d(-101)),)), "lines[0].price_steps[0]", "entre −100"),
    (
        billed(amount_steps=(p.FactorStep(label="x", top=a("du"), bottom=n(1)),)),
        "amount_steps[0].top",
        "un nombre est attendu",
    ),
    (named(a("v")), "values[1]", "dépend d’elle-même"),
    (
        named(call("sum", "v2", 1))
        | {
            "values": (
                p.Value(key="v", label="V", of=call("sum", "v2", 1)),
                p.Value(key="v2", label="V2", of=call("sum", "v", 1)),
            )
        },
        "values[1]",
        "dépend d’elle-même",
    ),
    (named(n(1), group="rien"), "values[1]", "le groupe « rien » n’existe pas"),
    (
        {"degressions": (p.Degression(key="x", label="X", order=p.Order.GIVEN, percents=()),)},
        "degressions[0]",
        "aucun pourcentage",
    ),
    ({"groups": (p.Group(key="enfants", label="E", name="jours"),)}, "groups[0]", "n’est pas dans le groupe"),
    ({"groups": (p.Group(key="enfants", label="E", most=0),)}, "groups[0]", "de 1 à 200 lignes"),
    ({"questions": (*BASE.questions, choice("liste"))}, "questions[7]", "au moins un choix"),
    ({"questions": (*BASE.questions, number("x", decimals=9))}, "questions[7]", "de 0 à 3 décimales"),
    ({"questions": (*BASE.questions, number("x", group="rien"))}, "questions[7]", "le groupe « rien » n’existe pas"),
    ({"questions": (*BASE.questions, replace(number("x"), minimum=d(2), maximum=d(1)))}, "questions[7]", "le minimum"),
    ({"cautions": (p.DepositRule(key="c", label="C", cents=-1),)}, "cautions[0]", "négatif"),
    ({"terms": p.Terms(acompte=d(100))}, "terms", "entre 0 et 100"),
    ({"terms": p.Terms(instalments=0)}, "terms", "en 1 à 12 fois"),
    ({"terms": p.Terms(acompte=d(30), instalments=3)}, "terms", "ne vont pas ensemble"),
    ({"terms": p.Terms(first=("rien",))}, "terms", "n’est pas une ligne"),
    ({"terms": p.Terms(carry_below=-1)}, "terms", "le seuil de report"),
    (priced(t.Fixed(cents=1), vat=TAXED, typed=t.Typed.NET) | {"terms": p.Terms(first=("prix",))}, "terms", "HT"),
]


@pytest.mark.parametrize(("change", "path", "said"), WRONG, ids=map(str, range(len(WRONG))))
def test_what_makes_no_sense_is_told_with_its_place(change: dict[str, Any], path: str, said: str) -> None:
    problems = check_pricing.check(replace(BASE, **change))
    told = [problem for problem in problems if said in plain(problem.message)]
    assert told, [(problem.path, problem.message) for problem in problems]
    assert any(item.path.endswith(path) for item in told), [item.path for item in told]
    assert len({(problem.path, problem.message) for problem in problems}) == len(problems)
    with pytest.raises(Refused):
        compile_pricing(replace(BASE, **change))


def test_a_rate_that_mixes_prices_with_and_without_tax_is_refused() -> None:
    mixed = replace(BASE, tariffs=(fixed("prix", 100, vat=TAXED), fixed("autre", 100, vat=TAXED, typed=t.Typed.NET)))
    assert [(item.path, "au 01/09/2026" in item.message) for item in check_pricing.check(mixed)] == [
        ("tariffs[1]", True)
    ]
    at_two_rates = replace(mixed, tariffs=(mixed.tariffs[0], fixed("autre", 100, vat=town.TEN, typed=t.Typed.NET)))
    assert price(at_two_rates, jours=1).total_cents == 100 + 110


def test_dates_of_its_own_do_not_let_a_line_mix_them_either() -> None:
    """On each day the votes agree; a line that takes the tariff of another day is still caught, when it is priced."""
    gross = version(t.Fixed(cents=100), vat=TAXED)
    net = version(t.Fixed(cents=100), vat=TAXED, typed=t.Typed.NET, effect=date(2027, 1, 1))
    tariffs = tuple(replace(fixed(key, 1), versions=(gross, net)) for key in ("prix", "autre"))
    mixed = replace(BASE, tariffs=tariffs, lines=(line("prix"), line("autre", on=a("du"))))
    assert check_pricing.check(mixed) == []
    with pytest.raises(Refused, match="HT"):
        price(mixed, jours=1, du="2027-01-01")


def test_a_share_of_lines_of_another_vat_is_refused() -> None:
    share = replace(
        BASE, tariffs=(fixed("prix", 100, vat=TAXED), tariff("autre", t.Share(percent=d(10), of=("prix",))))
    )
    with pytest.raises(Refused, match="un autre régime de TVA"):
        price(share, jours=1)


@given(
    st.lists(
        st.tuples(st.one_of(st.none(), st.integers(0, 6)), st.one_of(st.none(), st.integers(0, 6))),
        min_size=1,
        max_size=4,
    )
)
def test_brackets_pass_if_and_only_if_every_value_falls_in_exactly_one(
    bounds: list[tuple[int | None, int | None]],
) -> None:
    pricing = replace(BASE, **grid(axis(positions=positions(*bounds), missing=""), cells=(1,) * len(bounds)))
    values = [Decimal(half) / 2 for half in range(-4, 18)]

    def holds(low: int | None, high: int | None, value: Decimal) -> bool:
        return (low is None or value > low) and (high is None or value <= high)

    once = all(sum(holds(low, high, value) for low, high in bounds) == 1 for value in values)
    in_order = bounds == sorted(bounds, key=lambda bound: -1 if bound[0] is None else bound[0])
    empty = any(low is not None and high is not None and low >= high for low, high in bounds)
    assert (check_pricing.check(pricing) == []) is (once and in_order and not empty)


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=12, unique=True), st.data())
def test_every_value_falls_in_the_bracket_that_holds_it(highs: list[int], data: st.DataObject) -> None:
    cuts = sorted(highs)
    cells = tuple(range(1, len(cuts) + 2))
    pricing = replace(
        BASE,
        questions=(number("qf", decimals=2), *BASE.questions[1:]),
        **grid(axis(positions=brackets(*cuts), missing=""), cells=cells),
    )
    value = data.draw(
        st.one_of(
            st.sampled_from(cuts),
            st.integers(0, 10**6),
            st.sampled_from(cuts).map(lambda item: Decimal(item) + Decimal("0.01")),
        )
    )
    expected = 1 + sum(value > cut for cut in cuts)
    assert price(pricing, qf=value, jours=1).lines[0].unit_cents == expected


@pytest.mark.parametrize("guard", ["_check_brackets", "_check_choices", "_check_special"])
def test_the_guards_of_an_axis_are_what_refuses(guard: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its guard, the mistake passes: the tests above would be red."""
    wrong = {
        "_check_brackets": grid(axis(positions=positions((None, 400), (401, None)), missing=""), cells=(1, 2)),
        "_check_choices": grid(replace(PLACES, positions=choices("ici", "ici")), cells=(1, 2)),
        "_check_special": grid(axis(special=(t.Position(key="x", label="extérieur"),)), cells=(1, 2, 3, 4)),
    }[guard]
    assert check_pricing.check(replace(BASE, **wrong)) != []
    monkeypatch.setattr(check_tariffs, guard, lambda *_args: None)
    assert check_pricing.check(replace(BASE, **wrong)) == []


def test_a_day_without_a_tariff_is_told() -> None:
    with pytest.raises(Refused) as refused:
        price(BASE, on=date(2026, 8, 31), jours=1)
    problem = refused.value.problems[0]
    assert problem.path == "lines[0]"
    assert "aucun tarif « Prix » n’est en vigueur au 31/08/2026" in plain(problem.message)
    assert "01/09/2026 (délibération 2026-41)" in problem.message


def test_the_version_of_the_day_is_taken() -> None:
    versions = (version(t.Fixed(cents=200), effect=date(2027, 1, 1)), version(t.Fixed(cents=100)))
    dated = replace(BASE, tariffs=(replace(fixed("prix", 1), versions=versions), fixed("autre", 0)))
    for on, cents in ((date(2026, 9, 1), 100), (date(2026, 12, 31), 100), (date(2027, 1, 1), 200)):
        assert price(dated, on=on, jours=1).total_cents == cents
    by_answer = replace(dated, lines=(line("prix", on=a("du")), line("autre")))
    assert price(by_answer, on=date(2026, 9, 1), jours=1, du="2027-03-01").total_cents == 200
    with pytest.raises(Refused, match="la date qui choisit le tarif"):
        price(by_answer, jours=1)
