"""Reservations, absences and enrolments: facts that are added, and what is due of them."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError
from pytest_django.fixtures import DjangoAssertNumQueries

from obole.audit_log.models import Record
from obole.catalogue.models import BilledOn
from obole.consumption import operations, queries
from obole.consumption.models import Absence, Booking, Consumption, Enrolment
from obole.consumption.operations import CannotPlan, CannotRecord, recording
from obole.consumption.rules import Cell
from obole.consumption.rules.file_lines import Said
from obole.consumption.rules.planning import Stay
from obole.directory.models import Authority
from obole.directory.rules import NotAllowed, Profile
from obole.dossiers.models import Dossier
from tests.consumption.attendance import check, confirm, left, make_family, make_school
from tests.consumption.planned import MONDAY, book, enrol, plan_by, say_absent
from tests.consumption.test_consumption import count, record
from tests.world import Town, later, make_agent, make_dossier, make_town

pytestmark = pytest.mark.django_db
NOVEMBER = date(2026, 11, 1), date(2026, 11, 30)
SCHOOL_DAYS = 17
"""Mondays, Tuesdays, Thursdays and Fridays of November 2026; the 11th is a Wednesday."""


@pytest.fixture
def town(db: None) -> Town:
    return plan_by(make_town())


@pytest.fixture
def dossier(town: Town) -> Dossier:
    return make_dossier(town)


def due(dossier: Dossier, first: date = NOVEMBER[0], last: date = NOVEMBER[1]) -> dict[Any, int]:
    return {thing: int(quantity) for thing, quantity in queries.sums(dossier.pk, first, last).items()}


def test_a_month_is_due_as_it_was_reserved(town: Town, dossier: Dossier) -> None:
    book(town, dossier)
    assert due(dossier) == {(None, "repas"): SCHOOL_DAYS}
    book(town, dossier, first=date(2026, 11, 16), quantities="1000000")
    assert due(dossier) == {(None, "repas"): 8 + 3}
    assert due(dossier, date(2026, 10, 1), date(2026, 10, 31)) == {}
    verbs = Record.objects.filter(verb__startswith="consumption.").order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["consumption.book"] * 2


def test_a_fact_wins_over_the_plan(town: Town, dossier: Dossier) -> None:
    book(town, dossier)
    record(town, dossier, count("0"), count("3", day=1), count("1", day=2))
    assert due(dossier) == {(None, "repas"): SCHOOL_DAYS - 1 + 2 + 1}


def test_an_excused_absence_is_deducted_and_cancelling_it_makes_it_due_again(town: Town, dossier: Dossier) -> None:
    book(town, dossier)
    absence = say_absent(town, dossier, days=5)
    assert due(dossier) == {(None, "repas"): SCHOOL_DAYS - 3}, "its first day stays due"
    done = [operations.cancel_absence(absence_id=absence.pk, actor=town.agent.actor, at=later()) for _twice in range(2)]
    assert done[0] == done[1]
    assert due(dossier) == {(None, "repas"): SCHOOL_DAYS}
    say_absent(town, dossier, days=5, reason="Sans prévenir")
    assert due(dossier) == {(None, "repas"): SCHOOL_DAYS}
    assert [one.reason for one in queries.standing_absences(dossier)] == ["Sans prévenir"]


def test_a_reason_that_changes_leaves_the_absences_of_before(town: Town, dossier: Dossier) -> None:
    book(town, dossier)
    say_absent(town, dossier, days=1, reason="Grève")
    type(town.scheme).objects.filter(pk=town.scheme.pk).update(absence_reasons="Grève : due")
    assert due(dossier) == {(None, "repas"): SCHOOL_DAYS - 1}


def test_what_is_only_counted_is_due_as_before_and_nothing_is_reserved_there(town: Town, dossier: Dossier) -> None:
    plan_by(town, BilledOn.COUNTED)
    with pytest.raises(CannotPlan, match="facture ce qui est compté"):
        book(town, dossier)
    record(town, dossier, count("2"))
    assert due(dossier) == {(None, "repas"): 2}


def test_a_dispositif_that_counts_again_keeps_what_was_reserved_until_it_ends(town: Town, dossier: Dossier) -> None:
    book(town, dossier)
    plan_by(town, BilledOn.COUNTED)
    assert due(dossier) == {(None, "repas"): SCHOOL_DAYS}, "months that were billed do not move"
    book(town, dossier, first=date(2026, 11, 16), quantities="0000000")
    assert due(dossier) == {(None, "repas"): 8}


def test_school_holidays_are_reserved_where_the_dispositif_says_so(town: Town, dossier: Dossier) -> None:
    christmas = date(2026, 12, 21), date(2026, 12, 27)
    type(town.scheme).objects.update(billed_on=BilledOn.BOOKED)
    with_zone("B")
    book(town, dossier)
    assert due(dossier, *christmas) == {(None, "repas"): 0}
    plan_by(town, BilledOn.BOOKED_ALL_YEAR)
    assert due(dossier, *christmas) == {(None, "repas"): 0}, "as it was said when it was taken"
    book(town, dossier)
    assert due(dossier, *christmas) == {(None, "repas"): 3}, "Christmas is a Friday"


def with_zone(zone: str) -> None:
    Authority.objects.update(school_zone=zone)


@pytest.mark.parametrize(
    ("days", "field", "said"),
    [
        ((date(2026, 11, 9), date(2026, 11, 2)), "last", "avant le premier"),
        ((date(2028, 11, 9), None), "first", "plus d’un an"),
        ((date(2026, 11, 9), date(2029, 11, 9)), "last", "plus d’un an"),
    ],
)
def test_days_that_cannot_be_are_refused_at_their_field(
    town: Town, dossier: Dossier, days: tuple[date, date | None], field: str, said: str
) -> None:
    with pytest.raises(CannotPlan, match=said) as refused:
        book(town, dossier, first=days[0], last=days[1])
    assert refused.value.field == field and not Booking.objects.exists()


def test_two_absences_of_the_same_days_are_not_kept(town: Town, dossier: Dossier) -> None:
    book(town, dossier)
    say_absent(town, dossier, days=3, question="repas")
    with pytest.raises(CannotPlan, match="déjà notée du 02/11/2026 au 04/11/2026"):
        say_absent(town, dossier, first=date(2026, 11, 4), days=9)
    say_absent(town, dossier, first=date(2026, 11, 5), days=1)
    assert Absence.objects.count() == 2


def test_an_absence_from_nothing_and_a_reason_that_is_not_there_are_refused(town: Town, dossier: Dossier) -> None:
    with pytest.raises(CannotPlan, match="Rien n’est réservé"):
        say_absent(town, dossier)
    book(town, dossier)
    with pytest.raises(CannotPlan, match="motif de la liste") as refused:
        say_absent(town, dossier, reason="Vacances")
    assert refused.value.field == "reason"


def test_after_a_departure_nothing_is_reserved_due_nor_counted(town: Town, dossier: Dossier) -> None:
    book(town, dossier)
    enrol(town, dossier, Stay(None, date(2026, 11, 13)))
    assert due(dossier) == {(None, "repas"): 8}
    assert due(dossier, date(2026, 12, 1), date(2026, 12, 31)) == {(None, "repas"): 0, (None, ""): 0}
    with pytest.raises(CannotPlan, match="départ est noté le 13/11/2026"):
        book(town, dossier, first=date(2026, 11, 16))
    with pytest.raises(CannotRecord, match="hors de l’inscription"):
        record(town, dossier, count("1"))
    assert record(town, dossier, count("0")) == 1, "nothing may always be said"
    enrol(town, dossier, Stay())
    assert due(dossier)[None, "repas"] == SCHOOL_DAYS - 1, "a correction of the correction"


def test_a_departure_before_what_was_counted_is_refused_with_the_days(town: Town, dossier: Dossier) -> None:
    record(town, dossier, count("1"), count("0", day=1))
    with pytest.raises(CannotPlan, match=r"compté hors de ces jours \(23/11/2026\)") as refused:
        enrol(town, dossier, Stay(None, date(2026, 11, 20)))
    assert refused.value.field == "last"
    enrol(town, dossier, Stay(None, date(2026, 11, 23)))
    with pytest.raises(CannotPlan, match="déjà ce qui est noté"):
        enrol(town, dossier, Stay(None, date(2026, 11, 23)))


def test_a_file_leaves_the_days_out_of_the_enrolment(town: Town) -> None:
    make_school(town)
    family = make_family(town, "Martin", "Léa", "Hugo")
    enrol(town, family, Stay(date(2026, 11, 10), date(2026, 11, 20)), row=0)
    said = "Nom;Prénom;Jour;Repas\n" + "".join(
        f"Martin;{name};{day}/11/2026;1\n" for name in ("Léa", "Hugo") for day in ("09", "10", "20", "23")
    )
    file = check(town, said)
    assert left(file) == [(2, "enrolment"), (5, "enrolment")], "before anybody confirms"
    assert left(confirm(town, file)) == [(2, "enrolment"), (5, "enrolment")]
    assert Consumption.objects.count() == 6


def test_a_child_who_leaves_while_a_file_waits_is_left_when_it_is_written(town: Town) -> None:
    make_school(town)
    family = make_family(town, "Martin", "Léa")
    file = check(town, "Nom;Prénom;Jour;Repas\nMartin;Léa;20/11/2026;1\n")
    enrol(town, family, Stay(None, date(2026, 11, 13)), row=0)
    file.confirmed_by = town.agent.actor
    said = Said(2, 4, "repas", Cell(family.pk, 0, date(2026, 11, 20)), Decimal(1))
    done = recording.record_many([said], source=file, at=later())
    assert [wrong.reason for wrong in done.left] == ["enrolment"] and not done.facts


def test_what_was_planned_meanwhile_is_told_and_not_covered(town: Town, dossier: Dossier) -> None:
    book(town, dossier)
    for act in (book, say_absent, lambda *at, **seen: enrol(*at, Stay(None, MONDAY), **seen)):
        with pytest.raises(CannotPlan, match="entre-temps"):
            act(town, dossier, seen=0)
    assert queries.plan_version(dossier.pk) == 1


@pytest.mark.parametrize("state", ["submitted", "rejected", "closed"])
def test_a_dossier_that_is_not_open_reserves_nothing(town: Town, dossier: Dossier, state: str) -> None:
    book(town, dossier)
    Dossier.objects.filter(pk=dossier.pk).update(state=state, decided_at=later())
    for act in (book, say_absent):
        with pytest.raises(CannotPlan, match="ni en instruction ni accepté"):
            act(town, dossier)
    if state == "closed":
        enrol(town, dossier, Stay(None, date(2026, 11, 13)))
        assert due(dossier) == {(None, "repas"): 8}


def test_only_who_handles_the_prestation_plans(town: Town, dossier: Dossier) -> None:
    book(town, dossier)
    absence = say_absent(town, dossier)
    stranger = make_agent(Profile.REVIEWER, email="ailleurs@example.org", all_services=False)
    acts: list[Callable[..., Any]] = [
        lambda actor: book(town, dossier, actor=actor),
        lambda actor: say_absent(town, dossier, actor=actor),
        lambda actor: enrol(town, dossier, Stay(None, MONDAY), actor=actor),
        lambda actor: operations.cancel_absence(absence_id=absence.pk, actor=actor, at=later()),
    ]
    for act in acts:
        for actor in (stranger.actor, town.citizen.actor):
            with pytest.raises(NotAllowed):
                act(actor)
    assert queries.plan_version(dossier.pk) == 2


@pytest.mark.parametrize("table", [Booking, Absence, Enrolment])
def test_nothing_of_it_is_changed_nor_deleted_nor_emptied(town: Town, dossier: Dossier, table: Any) -> None:
    book(town, dossier)
    say_absent(town, dossier)
    enrol(town, dossier, Stay(None, date(2026, 12, 1)))
    for act in (
        lambda: table.objects.update(last=date(2027, 1, 1)),
        lambda: table.objects.all().delete(),
        lambda: connection.cursor().execute(f"TRUNCATE {table._meta.db_table}"),
    ):
        with pytest.raises(DatabaseError, match="Cannot|cannot|refuse|vid"), transaction.atomic():
            act()
    assert queries.plan_version(dossier.pk) == 3


def test_many_dossiers_are_read_with_as_many_queries_as_one(
    town: Town, dossier: Dossier, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    others = [make_dossier(town, citizen=town.citizen) for _n in range(5)]
    with django_assert_num_queries(2):
        assert queries.sums_of([one.pk for one in others], *NOVEMBER) == {}
    for one in (dossier, *others):
        book(town, one)
        say_absent(town, one)
        enrol(town, one, Stay(None, date(2026, 12, 1)))
    for ids in ([dossier.pk], [dossier.pk, *(one.pk for one in others)]):
        with django_assert_num_queries(3):
            assert len(queries.sums_of(ids, *NOVEMBER)) == len(ids)
