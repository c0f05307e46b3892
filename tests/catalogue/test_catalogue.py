"""Prestations, forms and prices: what may be published, and what stays."""

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

from obole.audit_log.models import Record
from obole.catalogue import operations as catalogue, queries
from obole.catalogue.fields import FieldKind, FormField
from obole.catalogue.forms import editing
from obole.catalogue.models import FormVersion, Scheme
from tests.world import NOON, WHO, Town, make_town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Town:
    return make_town()


def publish(town: Town, *fields: FormField) -> FormVersion:
    return catalogue.publish_form(scheme_id=town.scheme.pk, fields=fields, actor=WHO, at=NOON)


@pytest.mark.parametrize(
    "fields",
    [
        [FormField(key="a", label="A"), FormField(key="a", label="B")],
        [FormField(key="a", label="A", kind="magic")],
        [FormField(key="a", label="A", kind=FieldKind.CHOICE)],
    ],
)
def test_a_form_that_cannot_be_filled_is_refused(town: Town, fields: list[FormField]) -> None:
    before = Record.objects.count()
    with pytest.raises(ValidationError):
        publish(town, *fields)
    assert (FormVersion.objects.count(), Record.objects.count()) == (1, before)


def test_a_form_published_again_unchanged_makes_no_version(town: Town) -> None:
    field = FormField(key="a", label="A", kind=FieldKind.CHOICE, choices=("x", "y"))
    first, again = publish(town, field), publish(town, field)
    assert (first.number, again.pk) == (2, first.pk)
    assert queries.current_form(town.scheme) == first
    assert first.form_fields == (field,)


def test_a_published_form_never_changes(town: Town) -> None:
    for act in (lambda: FormVersion.objects.update(number=9), lambda: FormVersion.objects.all().delete()):
        with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
            act()
    assert FormVersion.objects.get().number == 1


@pytest.mark.parametrize(
    ("label", "taken", "key"),
    [
        ("Prénom de l’enfant", set(), "prenom_de_l_enfant"),
        ("Âge", {"age"}, "age_2"),
        ("Âge", {"age", "age_2"}, "age_3"),
        ("«  »", set(), "champ"),
        ("x" * 90, set(), "x" * 30),
        ("2e enfant", set(), "q_2e_enfant"),
    ],
)
def test_a_new_field_has_a_key_of_its_own(label: str, taken: set[str], key: str) -> None:
    assert editing.new_key(label, taken) == key


def test_only_open_dispositifs_of_offered_prestations_are_shown(town: Town) -> None:
    assert list(Scheme.objects.open()) == [town.scheme]
    service = queries.open_services()[0]
    assert service.open_schemes == [town.scheme]  # type: ignore[attr-defined]
    catalogue.configure_service(service_id=service.pk, values={"enabled": False}, actor=WHO, at=NOON)
    assert (list(Scheme.objects.open()), list(queries.open_services())) == ([], [])
