"""Next year's dispositif, made of this year's."""

import pytest
from django.core.exceptions import ValidationError

from obole.catalogue import operations as catalogue, queries
from obole.catalogue.models import Scheme
from obole.configuration import operations
from obole.configuration.rules.next_year import next_name
from obole.pricing.text import codec
from obole_demo.dispositifs import canteen
from tests.world import NOON, WHO, later, make_town, make_type, steps


@pytest.mark.parametrize(
    ("name", "proposed"),
    [
        ("Inscription cantine 2026-2027", "Inscription cantine 2027-2028"),
        ("Cantine 2026 – 2027 (mercredi)", "Cantine 2027 – 2028 (mercredi)"),
        ("2026/2027", "2027/2028"),
        ("Forum 2026", "Forum 2027"),
        ("Terrasse", "Terrasse (copie)"),
        ("Lot 120267", "Lot 120267 (copie)"),
        ("Prise 2027", "Prise 2028 (copie 2)"),
        ("x" * 120, "x" * 112 + " (copie)"),
    ],
)
def test_next_year_s_name_is_proposed(name: str, proposed: str) -> None:
    assert next_name(name, {"Prise 2028", "Prise 2028 (copie)"}) == proposed


@pytest.mark.django_db
def test_a_dispositif_is_copied_whole_and_closed() -> None:
    town = make_town()
    catalogue.publish_pricing(scheme_id=town.scheme.pk, described=codec.as_dict(canteen.PRICING), actor=WHO, at=NOON)
    values = {"billed_on": "booked", "absence_reasons": "Grève : due"}
    catalogue.configure_scheme(scheme_id=town.scheme.pk, values=values, actor=WHO, at=NOON)
    own = steps(7, subject="Retard", body="{{ numero }}")
    make_type(town.regie, [], name="Autre", reminder_steps=own)
    other = make_type(town.regie, [town.scheme], name="Fêtes", reminder_steps=own)
    copy = operations.copy_scheme(scheme_id=town.scheme.pk, name="2027", with_types=True, actor=WHO, at=later())
    assert (copy.service, copy.enabled, town.scheme.enabled) == (town.scheme.service, False, True)
    assert (copy.billed_on, copy.absence_reasons) == ("booked", "Grève : due")
    assert copy.public_id != town.scheme.public_id
    form, pricing = queries.current_form(copy), queries.current_pricing(copy)
    assert form is not None and form.number == 1 and form.fields == town.form.fields
    assert pricing is not None and pricing.pricing == codec.as_dict(canteen.PRICING)
    covering = copy.invoice_types.order_by("name").values_list("name", flat=True)
    assert list(covering) == ["Cantine et périscolaire", "Fêtes"]
    assert other.steps[0].subject == "Retard" and town.scheme.invoice_types.count() == 2


@pytest.mark.django_db
def test_a_name_that_is_taken_copies_nothing() -> None:
    town = make_town()
    with pytest.raises(ValidationError):
        operations.copy_scheme(scheme_id=town.scheme.pk, name=town.scheme.name, with_types=True, actor=WHO, at=later())
    assert Scheme.objects.count() == 1


@pytest.mark.django_db
def test_the_types_are_left_alone_unless_asked() -> None:
    town = make_town()
    copy = operations.copy_scheme(scheme_id=town.scheme.pk, name="2027", with_types=False, actor=WHO, at=later())
    assert not copy.invoice_types.exists()
