"""Next year's dispositif, made of this year's."""

import pytest
from django.core.exceptions import ValidationError

from obole.catalogue import operations as catalogue
from obole.catalogue import queries, rules
from obole.catalogue.models import Product, Scheme
from obole.cli.demo.dispositifs import canteen
from obole.configuration import operations
from obole.configuration.rules.years import next_name
from obole.trail.models import Record
from tests.world import NOON, WHO, later, make_town, make_type


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
    catalogue.publish_pricing(scheme_id=town.scheme.pk, described=rules.as_dict(canteen.PRICING), actor=WHO, at=NOON)
    make_type(town.regie, [], name="Autre", reminder_subject="Retard", reminder_body="{{ numero }}")
    other = make_type(town.regie, [town.scheme], name="Fêtes", reminder_subject="Retard", reminder_body="{{ numero }}")
    copy = operations.copy_scheme(scheme_id=town.scheme.pk, name="2027", with_types=True, actor=WHO, at=later())
    assert (copy.service, copy.enabled, town.scheme.enabled) == (town.scheme.service, False, True)
    assert copy.public_id != town.scheme.public_id
    form, pricing = queries.current_form(copy), queries.current_pricing(copy)
    assert form is not None and form.number == 1 and form.fields == town.form.fields
    assert pricing is not None and pricing.pricing == rules.as_dict(canteen.PRICING)
    named = ["name", "unit", "unit_price_cents", "minimum", "maximum", "entered_by", "nature", "position", "enabled"]
    was, now = (
        list(Product.objects.filter(scheme=one).order_by("position").values(*named)) for one in (town.scheme, copy)
    )
    assert now == was and len(now) == 2
    covering = copy.invoice_types.order_by("name").values_list("name", flat=True)
    assert list(covering) == ["Cantine et périscolaire", "Fêtes"]
    assert other.reminder_subject == "Retard" and town.scheme.invoice_types.count() == 2


@pytest.mark.django_db
def test_a_name_that_is_taken_copies_nothing() -> None:
    town = make_town()
    with pytest.raises(ValidationError):
        operations.copy_scheme(scheme_id=town.scheme.pk, name=town.scheme.name, with_types=True, actor=WHO, at=later())
    assert Scheme.objects.count() == 1 and Product.objects.count() == 2


@pytest.mark.django_db
def test_the_types_are_left_alone_unless_asked() -> None:
    town = make_town()
    copy = operations.copy_scheme(scheme_id=town.scheme.pk, name="2027", with_types=False, actor=WHO, at=later())
    assert not copy.invoice_types.exists()


@pytest.mark.django_db
def test_products_made_together_are_checked_and_recorded_as_one_by_one() -> None:
    town = make_town()
    first = Record.objects.filter(subject_kind="catalogue.product", subject_id=town.meal.pk).get()
    made = catalogue.create_products(
        scheme_id=town.scheme.pk, every=[{"name": " Dîner  tardif", "unit_price_cents": 1}, {"name": "Pain", "unit_price_cents": 2}],
        actor=WHO, at=later(),
    )  # fmt: skip
    assert [product.name for product in made] == ["Dîner tardif", "Pain"]
    for product in made:
        record = Record.objects.get(subject_kind="catalogue.product", subject_id=product.pk)
        assert (record.verb, record.actor, record.details["before"]) == (first.verb, WHO, first.details["before"])
        assert record.details["fields"] == "name, scheme, unit_price_cents"
    before = Product.objects.count()
    with pytest.raises(ValidationError):
        catalogue.create_products(
            scheme_id=town.scheme.pk, every=[{"name": "Eau", "unit_price_cents": 1}, {"name": "", "unit_price_cents": 1}],
            actor=WHO, at=later(),
        )  # fmt: skip
    assert Product.objects.count() == before
