"""Every change of the configuration is kept with who, when, before and after; never a secret, never undone."""

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import F

from obole.catalogue import operations as catalogue
from obole.catalogue.models import Scheme
from obole.configuration.queries import history
from obole.directory import operations as directory
from obole.regies import operations as regies
from obole.regies.models import Mandate, Regie
from tests.actors import somebody
from tests.world import WHO, later, make_invoice, make_town, make_type

pytestmark = pytest.mark.django_db


def told(**asked: Any) -> list[history.TrackedChange]:
    return history.describe_changes(history.changes(**asked).values_list("pgh_slug", flat=True))


def test_a_change_is_kept_with_who_when_before_and_after() -> None:
    town = make_town()
    catalogue.configure_scheme(
        scheme_id=town.scheme.pk,
        values={"position": 3, "name": "Déjeuner"},
        actor=somebody("claire@valbourg.example"),
        at=later(5),
    )
    first, *_rest = told(about=town.scheme)
    assert (first.model, first.pk, first.label, first.name) == (Scheme, town.scheme.pk, "update", "Déjeuner")
    assert (first.who, first.at) == ("claire@valbourg.example", later(5))
    assert sorted(first.changes) == [("name", "Inscription cantine 2026-2027", "Déjeuner"), ("position", 0, 3)]


def test_everything_that_an_administrator_sets_is_kept() -> None:
    town = make_town()
    make_type(town.regie, [], name="Autre")
    kept = {(item.model.__name__, item.label) for item in told()}
    assert kept == {
        ("Authority", "insert"),
        ("Agent", "insert"),
        ("Regie", "insert"),
        ("Mandate", "insert"),
        ("Service", "insert"),
        ("Scheme", "insert"),
        ("FormVersion", "insert"),
        ("PricingVersion", "insert"),
        ("InvoiceType", "insert"),
        ("CoveredScheme", "insert"),
    }
    assert {item.who for item in told()} == {WHO.name}


def test_a_bulk_update_and_a_hand_in_the_database_are_kept_too() -> None:
    town = make_town()
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pghistory.context_metadata', '', true)")
    Scheme.objects.filter(pk=town.scheme.pk).update(position=F("position") + 10)
    (found, *_rest) = told(about=town.scheme)
    assert (found.changes, found.who) == ([("position", 0, 10)], "")


def test_what_joins_two_things_is_told_by_their_names() -> None:
    town = make_town()
    regies.give_mandates(regie_id=town.regie.pk, agent_ids=[town.admin.pk], actor=WHO, at=later(2))
    come, gone = sorted(told(about=town.regie)[:2], key=lambda item: item.label, reverse=True)
    assert (come.label, come.name) == ("insert", f"Régie Enfance – {town.admin.name}")
    assert (gone.label, gone.name) == ("delete", f"Régie Enfance – {town.regisseur.name}")
    assert Mandate.objects.count() == 1
    other = catalogue.configure_service(service_id=None, values={"name": "Salles"}, actor=WHO, at=later(3))
    catalogue.configure_scheme(scheme_id=town.scheme.pk, values={"service": other}, actor=WHO, at=later(4))
    moved = told(about=town.scheme)[0]
    assert moved.changes == [("service_id", "Restauration scolaire", "Salles")]


def test_no_secret_no_password_and_nothing_that_use_makes_is_kept() -> None:
    town = make_town(gateway_settings={"mode": "W", "secret": "s3cr3t"})
    regies.configure_regie(
        regie_id=town.regie.pk,
        values={"gateway_settings": {"mode": "W", "secret": "n3w"}, "name": "Régie"},
        actor=WHO,
        at=later(),
    )
    before = history.changes().count()
    make_invoice(town)
    assert Regie.objects.get(pk=town.regie.pk).entry_count == 1
    assert history.changes().count() == before, "a payment is no change of the configuration"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_name LIKE '%event' AND"
            " table_schema = 'public'"
        )
        columns = cursor.fetchall()
        assert len(columns) > 100
        held = {column for _table, column in columns}
        assert not held & {"gateway_settings", "password", "entry_head", "entry_count"}
        for table in {table for table, column in columns if column == "pgh_label"}:
            cursor.execute(f"SELECT count(*) FROM {table} AS one WHERE one::text ~ 's3cr3t|n3w|argon|pbkdf2'")
            assert cursor.fetchone() == (0,), table


@pytest.mark.parametrize("act", ["UPDATE catalogue_schemeevent SET pgh_label = 'x'", "DELETE FROM regies_mandateevent"])
def test_the_history_only_grows(act: str) -> None:
    make_town()
    with (
        pytest.raises(DatabaseError, match="append_only|Cannot update or delete"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(act)


def test_a_refused_change_leaves_no_trace() -> None:
    make_town()
    before = history.changes().count()
    with pytest.raises(RuntimeError), transaction.atomic():
        directory.configure_authority(values={"name": "Autre"}, actor=WHO, at=later())
        raise RuntimeError
    assert history.changes().count() == before


def test_the_people_who_changed_something_are_known() -> None:
    town = make_town()
    catalogue.configure_scheme(
        scheme_id=town.scheme.pk, values={"position": 3}, actor=somebody("b@v.example"), at=later()
    )
    assert history.people() == ["b@v.example", WHO.name]
    assert Scheme.objects.get().position == 3
