"""Numbers as people, spreadsheets and attackers write them; one rounding rule."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, strategies as st

from obole.pricing.model import numbers
from obole.pricing.model.numbers import NotANumber, Rounding

HOSTILE: list[Any] = [
    "",
    " ",
    "NaN",
    "nan",
    "Infinity",
    "-inf",
    "1e400",
    "1e2",
    "1E2",
    "0x10",
    "1_000",
    "１２",
    "٣",
    "²",
    "½",
    "Ⅷ",
    "一",
    "1,2,3",
    "1.2.3",
    "1.234,56",
    "1,234.56",
    "12 34",
    "1 2",
    "1  000",
    "1 0000",
    "--1",
    "+-1",
    "1-",
    "1€2",
    "€",
    "$1",
    "1%",
    "=1+1",
    "@SUM(1)",
    "1\x00",
    "\u202e12",
    "1\u200b2",
    "12\n13",
    "a",
    "un",
    "9" * 10,
    "9" * 5000,
    "0." + "1" * 5000,
    "1'000",
    True,
    False,
    None,
    1.5,
    float("nan"),
    float("inf"),
    [],
    {},
    object(),
    b"1",
    Decimal("NaN"),
    Decimal("sNaN"),
    Decimal("Infinity"),
    Decimal("1e400"),
    Decimal("1e-400"),
    10**10,
    10**5000,
    "1,0001",
    Decimal("1.0001"),
    Fraction(1, 3),
]


@pytest.mark.parametrize("raw", HOSTILE, ids=map(str, range(len(HOSTILE))))
def test_what_is_no_number_is_refused_with_a_sentence(raw: Any) -> None:
    for read in (lambda: numbers.read(raw, decimals=3, signed=True), lambda: numbers.read_cents(raw)):
        with pytest.raises(NotANumber) as refused:
            read()
        assert str(refused.value.text) % refused.value.values


@pytest.mark.parametrize("raw", ["-1", "\u22121", -1, Decimal("-0.5")])
def test_a_sign_is_refused_unless_it_may_be(raw: Any) -> None:
    with pytest.raises(NotANumber, match="négatif"):
        numbers.read(raw, decimals=1)
    assert numbers.read(raw, decimals=1, signed=True) < 0


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("12", 12),
        ("012", 12),
        ("12,5", Fraction(25, 2)),
        ("12.5", Fraction(25, 2)),
        ("1 234,5", Fraction(2469, 2)),
        ("1\u202f234", 1234),
        ("1\u00a0234\u00a0567", 1234567),
        ("1\u2009234", 1234),
        (" 7 ", 7),
        ("7,000000000", 7),
        ("-0", 0),
        (7, 7),
        (Decimal("7.10"), Fraction(71, 10)),
        (Decimal("1E+3"), 1000),
        ("+4", 4),
    ],
)
def test_a_number(raw: Any, number: Fraction) -> None:
    assert numbers.read(raw, decimals=2) == number


@pytest.mark.parametrize(
    ("raw", "cents"), [("12", 1200), ("12,50 €", 1250), ("12,5€", 1250), ("1 234,56\u00a0€", 123456), ("0", 0)]
)
def test_an_amount(raw: str, cents: int) -> None:
    assert numbers.read_cents(raw) == cents


@given(st.fractions(-(10**9), 10**9, max_denominator=10**4))
def test_half_up_is_the_rounding_of_the_house(value: Fraction) -> None:
    rounded = numbers.half_up(value)
    assert abs(rounded - value) <= Fraction(1, 2)
    assert numbers.half_up(-value) == -rounded
    if abs(rounded - value) == Fraction(1, 2):
        assert abs(rounded) > abs(value)


@given(st.decimals(-(10**6), 10**6, places=4))
def test_half_up_agrees_with_decimal(value: Decimal) -> None:
    assert numbers.half_up(Fraction(value)) == int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


@given(st.fractions(0, 10**6, max_denominator=10**3), st.sampled_from([Fraction(1, 4), 1, 5, Fraction(1, 100)]))
def test_a_step_is_reached_on_the_side_that_was_asked(value: Fraction, step: Fraction) -> None:
    up, down, near = (numbers.to_step(value, step, item) for item in (Rounding.UP, Rounding.DOWN, Rounding.NEAREST))
    assert down <= value <= up < value + step
    assert near in {up, down}
    assert up - down in {0, step}


@given(st.decimals(-(10**8), 10**8, places=6))
def test_what_is_written_is_read_again(value: Decimal) -> None:
    assert numbers.read(
        numbers.format_number(numbers.as_fraction(value)), decimals=6, signed=True
    ) == numbers.as_fraction(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1234567, "1\u202f234\u202f567"),
        (Fraction(25, 2), "12,5"),
        (Fraction(-1, 3), "≈\u00a0\u22120,333333"),
        (0, "0"),
        (Fraction(1, 10**7), "≈\u00a00"),
    ],
)
def test_a_number_is_written_in_french(value: Fraction, text: str) -> None:
    assert numbers.format_number(value) == text
