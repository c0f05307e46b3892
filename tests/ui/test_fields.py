"""Money and quantities typed by people: read exactly, or refused with a sentence that says how to mend it."""

from decimal import Decimal

import pytest
from django import forms
from django.core.exceptions import ValidationError
from hypothesis import given, strategies as st

from obole.lib import money
from obole.ui.forms import DayInput, EurosField, QuantityField


def refusal(field: forms.Field, text: str) -> str:
    """Return the sentence that refuses a text."""
    with pytest.raises(ValidationError) as caught:
        field.clean(text)
    [sentence] = caught.value.messages
    return sentence.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("text", "cents"),
    [("12,50", 1250), ("12.5", 1250), ("12", 1200), ("1 234,56 €", 123456), ("1\u202f234,56\u00a0€", 123456)],
)
def test_amounts_are_read_as_cents(text: str, cents: int) -> None:
    assert EurosField().clean(text) == cents


@pytest.mark.parametrize(
    "text", ["-5", "12,345", "1e400", "NaN", "Infinity", "１２", "douze", "12,", ",5", "1" * 500, "€"]
)
def test_anything_else_is_refused_as_an_amount(text: str) -> None:
    assert refusal(EurosField(), text) == "Saisissez un montant en euros, par exemple 12,50."


def test_amounts_may_have_limits() -> None:
    field = EurosField(minimum=100, maximum=100_000)

    assert field.clean("1") == 100
    assert refusal(field, "0,99") == "Saisissez un montant d’au moins 1,00 €."
    assert refusal(field, "1000,01") == "Saisissez un montant d’au plus 1 000,00 €."


def test_an_amount_may_be_left_out() -> None:
    assert EurosField(required=False).clean("") is None
    assert EurosField(required=False, minimum=100).clean(None) is None
    assert QuantityField(required=False, minimum=Decimal(1)).clean("") is None


@given(st.integers(0, 99_999_999_999))
def test_an_amount_that_is_shown_reads_back(cents: int) -> None:
    field = EurosField()

    assert field.clean(field.prepare_value(cents)) == cents
    assert not field.has_changed(cents, money.euros(cents))


@given(st.text())
def test_no_text_breaks_the_fields(text: str) -> None:
    for field in (EurosField(), QuantityField(decimals=2), QuantityField()):
        try:
            value = field.clean(text)
        except ValidationError:
            continue
        assert value >= 0


@pytest.mark.parametrize(("text", "value"), [("3", "3"), ("18,5", "18.5"), ("18.50", "18.5"), ("1 000", "1000")])
def test_quantities_are_read_exactly(text: str, value: str) -> None:
    assert QuantityField(decimals=1).clean(text) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("-3", "Saisissez un nombre positif, sans signe moins, par exemple 18,5."),
        ("\u22123,5", "Saisissez un nombre positif, sans signe moins, par exemple 18,5."),
        ("3,55", "Saisissez un nombre avec au plus 1 chiffre après la virgule, par exemple 18,5."),
        ("1," + "0" * 31 + "1", "Saisissez un nombre avec au plus 1 chiffre après la virgule, par exemple 18,5."),
        ("99999999", "Saisissez un nombre inférieur ou égal à 200."),
        ("200,1", "Saisissez un nombre inférieur ou égal à 200."),
        ("1,9", "Saisissez un nombre supérieur ou égal à 2."),
        ("1e400", "Saisissez un nombre en chiffres, par exemple 18,5."),
        ("NaN", "Saisissez un nombre en chiffres, par exemple 18,5."),
        ("１２", "Saisissez un nombre en chiffres, par exemple 18,5."),
        ("trois", "Saisissez un nombre en chiffres, par exemple 18,5."),
    ],
)
def test_each_wrong_quantity_has_its_sentence(text: str, sentence: str) -> None:
    field = QuantityField(decimals=1, minimum=Decimal(2), maximum=Decimal(200))

    assert refusal(field, text) == sentence


def test_a_whole_number_is_asked_for() -> None:
    assert refusal(QuantityField(), "3,5") == "Saisissez un nombre entier, sans virgule, par exemple 3."


def test_keyboards_of_phones_are_asked_for() -> None:
    assert EurosField().widget.attrs["inputmode"] == "decimal"
    assert QuantityField(decimals=2).widget.attrs["inputmode"] == "decimal"
    assert QuantityField().widget.attrs["inputmode"] == "numeric"


def test_a_day_is_read_from_the_calendar_and_from_the_keyboard() -> None:
    field = forms.DateField(widget=DayInput())

    assert field.clean("2026-11-25") == field.clean("25/11/2026")
