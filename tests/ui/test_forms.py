"""Every form: a label for each control, an error at its field and in the summary that leads to it."""

import pytest
from django import forms

from obole.ui.forms import EurosField, FilterForm, QuantityField
from tests.ui.pages import squeezed


class Request(forms.Form):
    name = forms.CharField(label="Nom", help_text="Tel qu’il est écrit.")
    phone = forms.CharField(label="Téléphone", required=False, widget=forms.TextInput({"placeholder": "06…"}))
    amount = EurosField(label="Montant")
    surface = QuantityField(label="Surface", unit="m²")
    diet = forms.ChoiceField(label="Régime", choices=[("a", "Sans porc"), ("b", "Aucun")], widget=forms.RadioSelect)
    days = forms.MultipleChoiceField(
        label="Jours", choices=[("1", "lundi")], widget=forms.CheckboxSelectMultiple, required=False
    )
    paper = forms.FileField(label="Pièce", required=False)
    sure = forms.BooleanField(label="Je certifie")
    token = forms.CharField(widget=forms.HiddenInput)

    def clean(self) -> None:
        raise forms.ValidationError("Ce service est fermé.")


class Filters(FilterForm):
    payer = forms.CharField(label="Payeur", required=False)


@pytest.fixture
def blank() -> str:
    return squeezed(Request().render())


@pytest.fixture
def wrong() -> str:
    return squeezed(Request({"amount": "-3"}).render())


@pytest.mark.parametrize("name", ["name", "phone", "amount", "surface", "paper", "sure"])
def test_each_control_has_its_label(blank: str, name: str) -> None:
    assert blank.count(f'<label for="id_{name}">') == 1
    assert blank.count(f'id="id_{name}"') == 1


def test_several_controls_are_a_group_with_a_legend(blank: str) -> None:
    assert '<fieldset class="field"> <legend>Régime' in blank
    assert '<label for="id_diet_0">' in blank


def test_only_what_may_be_left_out_says_so(blank: str) -> None:
    assert blank.count("(facultatif)") == 2
    assert "*" not in blank


def test_filters_do_not_say_that_they_are_optional() -> None:
    assert "facultatif" not in Filters().render()


def test_no_placeholder_stands_for_a_label(blank: str) -> None:
    assert "placeholder" not in blank


def test_units_are_written(blank: str) -> None:
    assert '<span class="unit">€</span>' in blank
    assert '<span class="unit">m²</span>' in blank


def test_a_form_without_data_shows_no_error(blank: str) -> None:
    assert 'role="alert"' not in blank
    assert "aria-invalid" not in blank


def test_a_wrong_field_points_at_its_help_and_its_error(wrong: str) -> None:
    assert 'aria-invalid="true" aria-describedby="id_name_helptext id_name_error" id="id_name"' in wrong
    assert 'id="id_name_helptext"' in wrong
    assert '<div class="field-error" id="id_name_error">' in wrong


def test_a_wrong_group_points_at_its_error(wrong: str) -> None:
    assert '<fieldset class="field field-wrong" aria-describedby="id_diet_error">' in wrong
    assert 'type="radio" name="diet" value="a" required id="id_diet_0"' in wrong


def test_the_summary_takes_the_focus_and_leads_to_each_field(wrong: str) -> None:
    assert 'role="alert" tabindex="-1" autofocus' in wrong
    assert '<a href="#id_amount">Montant : Saisissez un montant en euros, par exemple 12,50.</a>' in wrong
    assert '<a href="#id_diet_0">Régime : ' in wrong
    assert "<li>Ce service est fermé.</li>" in wrong


def test_an_error_of_a_hidden_field_is_said_too(wrong: str) -> None:
    assert 'href="#id_token"' not in wrong
    assert wrong.count("Ce champ est obligatoire.") == 2 * 4 + 1


def test_what_was_typed_is_kept(wrong: str) -> None:
    assert 'name="amount" value="-3"' in wrong


def test_cents_are_shown_as_euros() -> None:
    assert 'value="12,50"' in Request(initial={"amount": 1250}).render()
