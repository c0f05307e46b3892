"""What each kind of price makes of its answers."""

from dataclasses import replace
from typing import Any

import pytest

from obole.pricing.model import parts as p, tariffs as t
from obole.pricing.model.problems import Refused
from tests.pricing.build import a, amounts, call, d, line, number, price, product, shop, tariff, yes_no


def priced(tariff_price: t.Price, *questions: p.Question, **answers: Any) -> list[int]:
    pricing = replace(shop(1), questions=questions, tariffs=(tariff("p0", tariff_price),), lines=(line("p0"),))
    return amounts(price(pricing, **answers))


def test_an_axis_may_be_a_yes_or_no() -> None:
    positions = (t.Position(key="a", label="résident", value="yes"), t.Position(key="b", label="extérieur", value="no"))
    grid = t.Grid(
        axes=(t.Axis(label="Résident", of=a("r"), kind=t.AxisKind.CHOICES, positions=positions),), cells=(100, 200)
    )
    assert [priced(grid, yes_no("r"), r=item) for item in ("oui", "non")] == [[100], [200]]
    with pytest.raises(Refused, match="il manque «.Résident.»"):
        priced(grid, yes_no("r"))


def test_a_choice_that_was_not_voted_is_refused() -> None:
    positions = (t.Position(key="a", label="ici", value="ici"),)
    grid = t.Grid(
        axes=(t.Axis(label="Lieu", of=a("lieu"), kind=t.AxisKind.CHOICES, positions=positions),), cells=(100,)
    )
    lieu = p.Question(key="lieu", label="Lieu", kind=p.QuestionKind.TEXT)
    assert priced(grid, lieu, lieu="ici") == [100]
    with pytest.raises(Refused, match="aucun prix n’est voté pour «.là.»"):
        priced(grid, lieu, lieu="là")


def test_a_base_or_an_amount_that_is_missing_is_told_unless_the_vote_says_the_price() -> None:
    qf = number("qf", required=False)
    with pytest.raises(Refused, match="il manque «.QF.»"):
        priced(t.Rate(base_label="QF", base=a("qf"), percent=d(1)), qf)
    assert priced(t.Rate(base_label="QF", base=a("qf"), percent=d(1), missing=450), qf) == [450]
    with pytest.raises(Refused, match="il manque le montant"):
        priced(t.Given(of=a("qf")), qf)


@pytest.mark.parametrize(("euros", "cents"), [("0", 500), ("7,50", 750), ("99", 2000)])
def test_a_given_price_is_kept_between_its_bounds(euros: str, cents: int) -> None:
    assert priced(t.Given(of=a("x"), floor=500, cap=2000), number("x", decimals=2), x=euros) == [cents]


def test_a_given_price_below_zero_is_refused() -> None:
    with pytest.raises(Refused, match="sous zéro"):
        priced(t.Given(of=call("difference", "x", 5)), number("x"), x=1)


def test_a_price_may_be_rounded_as_the_vote_says() -> None:
    pricing = replace(
        shop(1), tariffs=(tariff("p0", t.Rate(base_label="QF", base=a("q0"), percent=d("0.36"))),), lines=(line("p0"),)
    )
    for round_to, cents in ((1, 303), (5, 305), (10, 300), (50, 300), (100, 300)):
        assert price(replace(pricing, products=(product("p0", round_to=round_to),)), q0=842).total_cents == cents
