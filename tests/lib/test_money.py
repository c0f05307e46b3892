"""Amounts: whole cents, one rounding, one way to write them and one to read them."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given, strategies as st

from obole.lib import money


@given(cents=st.integers(0, 99_999_999_999))
def test_what_is_written_is_read_back(cents: int) -> None:
    assert money.parse(money.euros(cents)) == money.parse(money.plain(cents)) == cents


@pytest.mark.parametrize(
    ("cents", "text"),
    [
        (0, "0,00"),
        (5, "0,05"),
        (-5, "−0,05"),
        (15888, "158,88"),
        (123456, "1\u202f234,56"),
        (-10_000_000_00, "−10\u202f000\u202f000,00"),
    ],
)
def test_an_amount_is_written_as_the_french_expect(cents: int, text: str) -> None:
    assert money.plain(cents) == text
    assert money.euros(cents) == f"{text}\u00a0€"


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("12", 1200),
        ("12,5", 1250),
        ("12.50", 1250),
        ("0,01", 1),
        ("1 234,56 €", 123456),
        ("1\u202f234,56\u00a0€", 123456),
        (" 7 ", 700),
    ],
)
def test_what_people_type_is_read(text: str, cents: int) -> None:
    assert money.parse(text) == cents


@pytest.mark.parametrize(
    "text",
    [
        "",
        "€",
        "-1",
        "−1",
        "+1",
        "1,234",
        "1,2,3",
        "1e3",
        "1e400",
        "NaN",
        "inf",
        "１２",
        "१२",
        "12€50",
        "€12",
        "0x10",
        "1_0",
        "9" * 10,
        ",5",
        "5,",
        "1;2",
        "\x00",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(money.NotAnAmount):
        money.parse(text)


@given(text=st.text(max_size=12))
def test_any_text_is_an_amount_or_a_named_error(text: str) -> None:
    for read in (money.parse, lambda typed: money.parse_quantity(typed, decimals=3)):
        try:
            assert read(text) >= 0
        except money.NotAnAmount as error:
            assert error.args == (text,)


@given(thousandths=st.integers(0, 999_999_999), price=st.integers(0, 10_000_000))
def test_a_product_is_rounded_half_up_once(thousandths: int, price: int) -> None:
    quantity = Decimal(thousandths) / 1000
    exact = Decimal(thousandths) * price / 1000
    cents = money.times(quantity, price)
    assert cents == exact.quantize(Decimal(1), rounding=ROUND_HALF_UP)
    assert abs(cents - exact) <= Decimal("0.5")


@pytest.mark.parametrize(
    ("quantity", "price", "cents"), [("16", 293, 4688), ("0.5", 1, 1), ("0.499", 1, 0), ("1.5", 1, 2), ("2.5", 1, 3)]
)
def test_examples_of_rounding(quantity: str, price: int, cents: int) -> None:
    assert money.times(Decimal(quantity), price) == cents


@pytest.mark.parametrize(
    ("text", "decimals", "value"),
    [
        ("3", 0, "3"),
        ("18,5", 1, "18.5"),
        ("18.50", 1, "18.5"),
        ("0", 0, "0"),
        ("3,000", 0, "3"),
        ("1 000", 0, "1000"),
        ("100", 0, "100"),
    ],
)
def test_a_quantity_is_read(text: str, decimals: int, value: str) -> None:
    assert money.parse_quantity(text, decimals=decimals) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "decimals"),
    [
        ("-1", 0),
        ("1,5", 0),
        ("1,55", 1),
        ("", 0),
        ("abc", 3),
        ("1e2", 0),
        ("١", 0),
        ("12345678", 0),
        ("1," + "0" * 40 + "1", 3),
    ],
)
def test_a_quantity_that_is_none_is_refused(text: str, decimals: int) -> None:
    with pytest.raises(money.NotAnAmount):
        money.parse_quantity(text, decimals=decimals)


@pytest.mark.parametrize(
    ("value", "text"), [("16", "16"), ("16.000", "16"), ("18.50", "18,5"), ("100", "100"), ("0.000", "0")]
)
def test_a_quantity_is_written_without_needless_decimals(value: str, text: str) -> None:
    assert money.quantity(Decimal(value)) == text
