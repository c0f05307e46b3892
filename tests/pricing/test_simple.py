"""The simplest pricings: what they bill, what they ask, and what is told of their prices."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from obole.pricing import wording
from obole.pricing.checking import check_pricing
from obole.pricing.engine.compiled_pricing import compile_pricing
from obole.pricing.model.formulas import Answer, Compare, Comparison
from obole.pricing.model.parts import AskedOf, Pricing
from obole.pricing.model.problems import Refused
from obole.pricing.model.results import Result
from obole.pricing.simple import Counted, FlatPrice, Sold, Vote, flat_prices, with_amount, with_quantity
from obole.pricing.text import codec

DAY = date(2026, 11, 25)
VOTE = Vote(deliberation="2026-41", voted_on=date(2026, 6, 18), effect=date(2026, 9, 1))
MEAL = Sold(label="Repas", cents=325, unit="repas", nature="7067")
TERRACE = Sold(label="Terrasse", cents=3380, unit="m²")
SHOP = with_amount(
    with_quantity(
        with_quantity(Pricing(), MEAL, Counted(maximum=Decimal(31))),
        TERRACE,
        Counted(asked_of=AskedOf.AGENT, minimum=Decimal(1), decimals=2),
    ),
    Sold(label="Frais fixes", cents=1060),
)


def price(pricing: Pricing, answers: dict[str, Any], *, on: date = DAY) -> Result:
    compiled = compile_pricing(pricing)
    return compiled.price(compiled.read(answers), on=on)


def test_it_is_a_pricing_like_any_other() -> None:
    assert check_pricing.check(SHOP) == []
    assert codec.parse(codec.as_dict(SHOP)) == SHOP
    result = price(SHOP, {"repas": "16", "terrasse": "18,5"})
    assert [(line.label, line.quantity, line.amount_cents) for line in result.lines] == [
        ("Repas", 16, 5200),
        ("Terrasse", Decimal("18.5"), 62530),
        ("Frais fixes", 1, 1060),
    ]
    assert (result.lines[0].unit, result.lines[0].nature, wording.short(result.lines[1])) == ("repas", "7067", "")


@pytest.mark.parametrize("wrong", ["32", "-1", "1,5"])
def test_a_quantity_keeps_to_its_bounds(wrong: str) -> None:
    with pytest.raises(Refused):
        price(SHOP, {"repas": wrong, "terrasse": "1"})


def test_no_answer_is_none_unless_there_must_be_some() -> None:
    assert [line.label for line in price(SHOP, {"terrasse": "1"}).lines] == ["Terrasse", "Frais fixes"]
    with pytest.raises(Refused, match="Terrasse"):
        price(SHOP, {"repas": "1"})


def test_two_things_of_one_name_stay_two() -> None:
    twice = with_amount(with_amount(Pricing(), MEAL), replace(MEAL, cents=1))
    assert [line.key for line in twice.lines] == ["repas", "repas_2"] and check_pricing.check(twice) == []


def test_a_price_without_a_deliberation_is_told_without() -> None:
    voted = with_amount(Pricing(), replace(MEAL, vote=VOTE))
    assert "délibération n° 2026-41 du 18/06/2026" in wording.long(price(voted, {}).lines[0])[0]
    assert (
        wording.long(price(SHOP, {"terrasse": "1"}, on=date(2001, 1, 1)).lines[0])[0] == "Tarif «\u00a0Terrasse\u00a0»."
    )
    forgotten = with_amount(Pricing(), replace(MEAL, vote=replace(VOTE, deliberation="")))
    assert "délibération manque" in check_pricing.check(forgotten)[0].message


def test_prices_that_no_answer_changes_are_told_at_once() -> None:
    counted = {question.key: question for question in SHOP.questions}
    assert flat_prices(SHOP, on=DAY) == [
        FlatPrice("Repas", "repas", 325, counted["repas"]),
        FlatPrice("Terrasse", "m²", 3380, counted["terrasse"]),
        FlatPrice("Frais fixes", "", 1060),
    ]
    resident = Compare(of=Answer("repas"), is_=Comparison.FILLED)
    assert flat_prices(with_amount(SHOP, MEAL, when=resident), on=DAY) == [], "one depends on an answer"
    later = with_amount(Pricing(), replace(MEAL, vote=VOTE))
    assert flat_prices(later, on=date(2026, 8, 31)) == [] != flat_prices(later, on=date(2026, 9, 1))
