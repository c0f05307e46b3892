"""The versions of a dispositif's pricing: what is refused, what makes one, and that none ever changes."""

import json
from typing import Any

import pgtrigger
import pytest
from django.db import DatabaseError, transaction
from pytest_django.fixtures import DjangoAssertNumQueries

from obole.audit_log.models import Record
from obole.catalogue import operations as catalogue, queries
from obole.catalogue.models import PricingVersion
from obole.pricing.model.parts import Pricing
from obole.pricing.model.problems import Refused
from obole.pricing.text import codec
from tests.pricing.build import price
from tests.pricing.dispositifs import HALL, SCHOOL, TOWN
from tests.world import NOON, WHO, Town, make_town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Town:
    return make_town(priced=False)


def described(pricing: Pricing) -> Any:
    """Return a pricing as a file holds it."""
    return json.loads(json.dumps(codec.as_dict(pricing)))


def publish(town: Town, pricing: Any = SCHOOL, **more: Any) -> PricingVersion:
    data = described(pricing) if isinstance(pricing, Pricing) else pricing
    return catalogue.publish_pricing(scheme_id=town.scheme.pk, described=data, actor=WHO, at=NOON, **more)


@pytest.mark.parametrize("name", TOWN)
def test_every_dispositif_comes_back_as_it_was(town: Town, name: str) -> None:
    version = publish(town, TOWN[name])
    version.refresh_from_db()
    assert codec.parse(version.pricing) == TOWN[name]
    assert queries.compiled_pricing_of(version).pricing == TOWN[name]


def test_a_pricing_published_again_makes_no_version(town: Town) -> None:
    first = publish(town)
    verbose = {**described(SCHOOL), "negative": False, "terms": {"instalments": 1}}
    again = publish(town, verbose)
    other = publish(town, HALL)
    back = publish(town, SCHOOL)
    assert (again.pk, first.number, other.number, back.number) == (first.pk, 1, 2, 3)
    notes = Record.objects.filter(verb="scheme.publish_pricing").order_by("id")
    assert [note.details for note in notes] == [{"version": 1}, {"version": 2}, {"version": 3}]
    assert queries.current_pricing(town.scheme) == back


@pytest.mark.parametrize(
    ("wrong", "paths"),
    [
        (None, [""]),
        ([], [""]),
        ({"questions": 3, "lignes": []}, ["", "questions"]),
        ({"tariffs": [{"key": "A", "label": "x", "versions": []}], "lines": [{}]}, ["tariffs[0].key", "lines[0]"]),
    ],
)
def test_everything_that_is_wrong_is_told_and_nothing_is_kept(town: Town, wrong: object, paths: list[str]) -> None:
    before = Record.objects.count()
    with pytest.raises(Refused) as refusal:
        publish(town, wrong)
    assert [path for path in paths if path not in {problem.path for problem in refusal.value.problems}] == []
    assert (PricingVersion.objects.count(), Record.objects.count()) == (0, before)


def test_a_pricing_that_makes_no_sense_is_refused(town: Town) -> None:
    data = described(SCHOOL)
    data["lines"][0]["product"] = "cantine"
    data["tariffs"][0]["versions"][0]["price"]["cells"].pop()
    with pytest.raises(Refused) as refusal:
        publish(town, data)
    assert len(refusal.value.problems) >= 2
    assert not PricingVersion.objects.exists()


def test_who_looked_at_an_older_version_publishes_nothing(town: Town) -> None:
    publish(town, replaces=0)
    with pytest.raises(catalogue.PricingMoved):
        publish(town, HALL, replaces=0)
    assert publish(town, HALL, replaces=1).number == 2
    assert publish(town, HALL, replaces=1).number == 2, "what is wanted is already so"


def test_a_published_pricing_never_changes(town: Town) -> None:
    publish(town)
    for act in (lambda: PricingVersion.objects.update(number=9), lambda: PricingVersion.objects.all().delete()):
        with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
            act()
    assert PricingVersion.objects.get().number == 1


def test_a_version_is_read_and_compiled_once(town: Town, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    publish(town)
    version = queries.current_pricing(town.scheme)
    assert version is not None
    with django_assert_num_queries(1):
        first = queries.compiled_pricing_of(version)
    with django_assert_num_queries(0):
        assert queries.compiled_pricing_of(version) is first
    with django_assert_num_queries(1):
        found = queries.current_pricing(town.scheme)
    assert found is not None and found.created_by == WHO
    answers = {"qf": "842", "resident": "yes", "enfants": [{"repas": "16"}]}
    assert first.price(first.read(answers), on=NOON.date()) == price(SCHOOL, NOON.date(), **answers)


def test_a_dispositif_without_a_pricing_has_none(town: Town) -> None:
    assert queries.current_pricing(town.scheme) is None
    assert list(queries.pricings_of(town.scheme)) == []


def test_neg_without_its_trigger_a_published_pricing_could_change(town: Town) -> None:
    publish(town)
    with pgtrigger.ignore("catalogue.PricingVersion:pricing_versions_stay"):
        PricingVersion.objects.update(number=9)
    assert PricingVersion.objects.get().number == 9
