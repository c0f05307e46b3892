"""What was consumed: facts that only grow, of which the last counts."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from obole.audit_log.models import Record
from obole.consumption import operations, queries, rules
from obole.consumption.models import Consumption
from obole.consumption.operations import CannotRecord, ChangedMeanwhile, DayCount
from obole.consumption.rules import BadQuantity, Beneficiary
from obole.directory.rules import NotAllowed, Profile
from obole.dossiers.models import Dossier
from obole.pricing.model.parts import Question, QuestionKind
from tests.world import Town, canteen, later, make_agent, make_dossier, make_town

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 11, 23)
ALONE = Beneficiary(None, "")


@pytest.fixture
def town(db: None) -> Town:
    return make_town()


@pytest.fixture
def dossier(town: Town) -> Dossier:
    return make_dossier(town)


def count(quantity: str, *, day: int = 0, seen: str | None = None, row: int | None = None) -> DayCount:
    was = None if seen is None else Decimal(seen)
    return DayCount(Beneficiary(row, ""), MONDAY + timedelta(days=day), Decimal(quantity), was)


def record(town: Town, dossier: Dossier, *counted: DayCount, **more: Any) -> int:
    given = {"question": "repas", "actor": town.agent.actor, "at": later(), **more}
    return operations.record(dossier_id=dossier.pk, counted=list(counted), **given)


def of_the_week(dossier: Dossier, **more: Any) -> list[Decimal]:
    return list(queries.quantities([dossier.pk], "repas", MONDAY, MONDAY + timedelta(days=6), **more).values())


def test_the_last_fact_counts_and_the_others_stay(town: Town, dossier: Dossier) -> None:
    assert record(town, dossier, count("1"), count("2", day=1)) == 2
    before = queries.newest()
    assert record(town, dossier, count("0", seen="1")) == 1
    assert of_the_week(dossier) == [0, 2]
    assert of_the_week(dossier, until=before) == [1, 2], "what was known then"
    assert Consumption.objects.count() == 3
    assert queries.sums(dossier.pk, MONDAY, MONDAY + timedelta(days=6)) == {(None, "repas"): 2}
    written = Record.objects.filter(verb="consumption.record").order_by("id")
    assert [record.details["facts"] for record in written] == [2, 1]


def test_what_is_known_already_makes_no_fact(town: Town, dossier: Dossier) -> None:
    record(town, dossier, count("1"))
    assert record(town, dossier, count("1")) == 0
    assert record(town, dossier, count("1.000", seen="1")) == 0
    assert Consumption.objects.count() == 1


def test_what_somebody_wrote_meanwhile_is_told_and_not_covered(town: Town, dossier: Dossier) -> None:
    record(town, dossier, count("1"))
    with pytest.raises(ChangedMeanwhile, match="quelqu’un a saisi 1 entre-temps"):
        record(town, dossier, count("3", day=1), count("2"))
    assert of_the_week(dossier) == [1], "all of it, or nothing"


def test_each_child_and_each_thing_is_apart(town: Town, dossier: Dossier) -> None:
    record(town, dossier, count("1", row=0), count("2", row=1))
    record(town, dossier, count("5", row=0), question="soirs")
    assert queries.sums(dossier.pk, MONDAY, MONDAY) == {(0, "repas"): 1, (1, "repas"): 2, (0, "soirs"): 5}


def test_facts_are_neither_changed_nor_deleted_nor_emptied(town: Town, dossier: Dossier) -> None:
    record(town, dossier, count("1"))
    for act in (
        lambda: Consumption.objects.update(quantity=2),
        lambda: Consumption.objects.all().delete(),
        lambda: connection.cursor().execute("TRUNCATE consumption_consumption"),
    ):
        with pytest.raises(DatabaseError, match="Cannot|cannot|refuse|vid"), transaction.atomic():
            act()
    assert of_the_week(dossier) == [1]


def test_only_who_handles_the_prestation_counts(town: Town, dossier: Dossier) -> None:
    stranger = make_agent(Profile.REVIEWER, email="ailleurs@example.org", all_services=False)
    for actor in (stranger.actor, town.citizen.actor):
        with pytest.raises(NotAllowed):
            record(town, dossier, count("1"), actor=actor)
    assert not Consumption.objects.exists()


@pytest.mark.parametrize("state", ["submitted", "rejected", "closed"])
def test_a_dossier_that_is_not_open_counts_nothing(town: Town, dossier: Dossier, state: str) -> None:
    Dossier.objects.filter(pk=dossier.pk).update(state=state, decided_at=later())
    with pytest.raises(CannotRecord, match="ni en instruction ni accepté"):
        record(town, dossier, count("1"))


def test_a_day_of_another_century_is_refused(town: Town, dossier: Dossier) -> None:
    with pytest.raises(CannotRecord, match="plus d’un an"):
        record(town, dossier, count("1", day=900))


def question(decimals: int = 0) -> Question:
    return Question(key="repas", label="Repas", kind=QuestionKind.NUMBER, decimals=decimals)


@pytest.mark.parametrize(
    ("typed", "decimals", "kept"),
    [(" 1 ", 0, "1"), ("1,5", 1, "1.5"), ("1.50", 1, "1.5"), ("0", 0, "0"), ("10", 0, "10")],
)
def test_a_quantity_is_read_as_it_is_typed(typed: str, decimals: int, kept: str) -> None:
    assert rules.written(rules.read_quantity(typed, question(decimals))) == kept


@pytest.mark.parametrize("typed", ["", "un", "-1", "1,5", "1e9", "NaN", "Infinity", "1000000"])
def test_what_is_no_quantity_is_refused_with_a_sentence(typed: str) -> None:
    with pytest.raises(BadQuantity, match="Écrivez un nombre"):
        rules.read_quantity(typed, question())


def test_what_can_be_counted_is_what_a_price_multiplies() -> None:
    assert [one.key for one in rules.countable(canteen())] == ["repas", "majoration"]


def test_what_was_counted_takes_the_place_of_what_was_answered() -> None:
    answers = rules.with_consumption(canteen(), {"repas": "20", "x": "y"}, {(None, "repas"): Decimal("16")})
    assert answers == {"repas": "16", "x": "y"}
