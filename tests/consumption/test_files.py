"""Files of attendance: every line is counted once, or left with its reason, whatever happens meanwhile."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError, IntegrityError

from obole.catalogue import operations as catalogue
from obole.catalogue.fields import FieldKind, FormField
from obole.consumption import operations, queries
from obole.consumption.models import AttendanceFile, AttendanceLayout, Consumption, FileRemark
from obole.consumption.operations import CannotRecord, DayCount, running
from obole.consumption.operations.running import Turn, run_shares
from obole.consumption.rules import Beneficiary
from obole.consumption.rules.layouts import Layout
from obole.directory import operations as directory
from obole.directory.rules import NotAllowed, Profile
from obole.dossiers import operations as dossiers
from obole.lib import stored_files
from obole.lib.states import ForbiddenTransition
from obole.personal_data import operations as personal_data
from tests.consumption.attendance import (
    COLUMNS,
    HEAD,
    LAYOUT,
    check,
    confirm,
    counts,
    facts,
    keep,
    left,
    make_family,
    make_school,
    send,
)
from tests.locks import one_order
from tests.world import WHO, Town, later, make_agent, make_town, run_tasks

pytestmark = pytest.mark.django_db
TWO_DAYS = f"{HEAD}LEROY;léa;23/11/2026;1\nLeroy;Hugo;2026-11-23;x\nLeroy;Léa;24/11/2026;1\n"


@pytest.fixture
def town(db: None, time_machine: Any) -> Town:
    time_machine.move_to(later(), tick=False)
    town = make_town()
    make_school(town)
    return town


def test_a_file_is_looked_at_confirmed_and_counted(town: Town) -> None:
    family = make_family(town, "Leroy", "Léa", "Hugo")
    file = check(town, TWO_DAYS)
    assert (file.state, counts(file)) == ("checked", (3, 0, 0, 0))
    assert not Consumption.objects.exists(), "nothing is written before somebody confirms"
    assert AttendanceLayout.objects.get().layout["columns"] == COLUMNS
    file = confirm(town, file)
    assert (file.state, file.written_count, file.line_done) == ("done", 3, 3)
    assert facts() == [
        (family.pk, 0, "repas", "2026-11-23", "1"),
        (family.pk, 1, "repas", "2026-11-23", "1"),
        (family.pk, 0, "repas", "2026-11-24", "1"),
    ]
    assert set(Consumption.objects.values_list("source", "recorded_by__id")) == {(file.pk, town.agent.actor.id)}


def test_the_same_file_again_changes_nothing_and_says_so(town: Town) -> None:
    make_family(town, "Leroy", "Léa", "Hugo")
    first = keep(town, TWO_DAYS)
    again = check(town, TWO_DAYS)
    assert counts(again) == (0, 0, 3, 0) and queries.twin_of(again) == first
    assert confirm(town, again).written_count == 0
    assert Consumption.objects.count() == 3


def test_the_same_file_with_two_corrections_shows_them_and_writes_them_alone(town: Town) -> None:
    family = make_family(town, "Leroy", "Léa", "Hugo")
    keep(town, TWO_DAYS)
    mended = check(town, TWO_DAYS.replace("24/11/2026;1", "24/11/2026;2").replace("2026-11-23;x", "2026-11-23;non"))
    assert counts(mended) == (0, 2, 1, 0)
    told = queries.corrections(mended).values_list("line", "before", "after")
    assert list(told) == [(3, 1, 0), (4, 1, 2)]
    assert confirm(town, mended).written_count == 2
    known = queries.quantities([family.pk], "repas", date(2026, 11, 1), date(2026, 11, 30))
    assert sorted(known.values()) == [0, 1, 2]


def test_a_column_for_each_day_and_marks_of_presence(town: Town) -> None:
    family = make_family(town, "Leroy", "Léa", "Hugo")
    said = 'Cantine Jules-Ferry\n\nEnfant\tlun. 23/11\tmar. 24/11\n"Léa LEROY"\tX\t\nHugo Leroy\tabsent\t✓\n'
    file = keep(town, said, layout=Layout({"full_name": "Enfant"}, "repas"))
    assert counts(file) == (2, 0, 1, 0), "an absence where nothing was counted changes nothing"
    assert [(row, day) for _pk, row, _key, day, _quantity in facts()] == [(0, "2026-11-23"), (1, "2026-11-24")]
    assert facts()[0][0] == family.pk


def test_each_line_is_a_presence_where_no_column_counts_and_names_its_thing(town: Town) -> None:
    make_family(town, "Leroy", "Léa")
    columns = {"first_name": "Prénom", "day": "Jour", "thing": "Accueil"}
    said = "Prénom,Jour,Accueil\nLéa,23/11/2026,Repas\nLéa,23/11/2026,SOIRS\nLéa,23/11/2026,Piscine\n"
    file = keep(town, said, layout=Layout(columns, "repas"))
    assert left(file) == [(4, "thing")]
    assert [key for _pk, _row, key, _day, _quantity in facts()] == ["repas", "soirs"]


ANOMALIES = {
    "unknown": "Leroi;Léa;23/11/2026;1",
    "nameless": ";;23/11/2026;1",
    "several": "Martin;Zoé;23/11/2026;1",
    "ended": "Petit;Tom;23/11/2026;1",
    "bad_day": "Leroy;Léa;31/11/2026;1",
    "far": "Leroy;Léa;23/11/2024;1",
    "future": "Leroy;Léa;27/11/2026;1",
    "closed": "Leroy;Léa;22/11/2026;1",
    "quantity": "Leroy;Léa;23/11/2026;beaucoup",
}


@pytest.mark.parametrize("reason", ANOMALIES)
def test_what_is_wrong_is_left_with_its_reason_and_the_rest_is_written(town: Town, reason: str) -> None:
    make_family(town, "Leroy", "Léa", "Hugo")
    make_family(town, "Martin", "Zoé")
    make_family(town, "Martin", "Zoé")
    ended = make_family(town, "Petit", "Tom")
    dossiers.reject(dossier_id=ended.pk, reason="Parti", actor=WHO, at=later())
    file = check(town, f"{HEAD}{ANOMALIES[reason]}\nLeroy;Hugo;24/11/2026;1\n")
    assert (left(file), counts(file)) == ([(2, reason)], (1, 0, 0, 1))
    with pytest.raises(CannotRecord):
        operations.confirm(file_id=file.pk, revision=0, actor=town.agent.actor, at=later())
    assert confirm(town, file).written_count == 1


def test_a_public_holiday_is_counted_where_somebody_says_so(town: Town) -> None:
    make_family(town, "Leroy", "Léa")
    said = f"{HEAD}Leroy;Léa;11/11/2026;1\nLeroy;Léa;21/11/2026;1\n"
    assert left(check(town, said)) == [(2, "closed")], "a Saturday is a day like others"
    assert left(check(town, said, layout=Layout(COLUMNS, "repas", closed_too=True))) == []


def test_two_lines_that_say_the_same_day_are_both_left(town: Town) -> None:
    make_family(town, "Leroy", "Léa", "Hugo")
    said = f"{HEAD}Leroy;Léa;23/11/2026;1\nLeroy;Hugo;23/11/2026;1\nLEROY;LEA;23.11.26;2\n"
    file = keep(town, said)
    assert left(file) == [(2, "double"), (4, "double")] and file.written_count == 1


def test_a_day_has_twenty_four_hours(town: Town) -> None:
    family = make_family(town, "Leroy", "Léa")
    said = f"{HEAD}Leroy;Léa;23/11/2026;49\nLeroy;Léa;24/11/2026;48\nLeroy;Léa;25/11/2026;-1\n"
    file = keep(town, said, layout=Layout(COLUMNS, "soirs"))
    assert left(file) == [(2, "quantity"), (4, "quantity")], "half hours: 48 at most"
    assert facts() == [(family.pk, 0, "soirs", "2026-11-24", "48")]


def test_a_number_of_dossier_tells_namesakes_apart(town: Town) -> None:
    make_family(town, "Martin", "Zoé")
    second = make_family(town, "Martin", "Zoé", "Tom")
    columns = {**COLUMNS, "reference": "Dossier"}
    said = f"{HEAD.strip()};Dossier\n;Zoé;23/11/2026;1;{second.reference}\n;Zoé;24/11/2026;1;{second.number}\n"
    said += f";Léa;23/11/2026;1;{second.reference}\n;;25/11/2026;1;DOS-999999\n;;25/11/2026;1;n° 12 bis\n"
    file = keep(town, said, layout=Layout(columns, "repas"))
    assert left(file) == [(4, "unknown"), (5, "unknown"), (6, "unknown")]
    assert [pk for pk, *_rest in facts()] == [second.pk, second.pk]


def test_a_day_outside_the_period_that_a_dossier_asks_for_is_left(town: Town) -> None:
    stay = FormField(key="sejour", label="Séjour", kind=FieldKind.PERIOD, required=False)
    fields = [*town.form.form_fields, stay]
    town.form = catalogue.publish_form(scheme_id=town.scheme.pk, fields=fields, actor=WHO, at=later())
    make_family(town, "Leroy", "Léa", sejour={"from": "2026-11-23", "to": "2026-11-23"})
    file = keep(town, f"{HEAD}Leroy;Léa;23/11/2026;1\nLeroy;Léa;24/11/2026;1\n")
    assert left(file) == [(3, "outside")] and file.written_count == 1


def test_a_worker_that_dies_between_two_shares_counts_nothing_twice(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_family(town, "Leroy", "Léa", "Hugo")
    monkeypatch.setattr(running, "SHARE", 1)
    file = check(town, TWO_DAYS)
    operations.confirm(file_id=file.pk, revision=1, actor=town.agent.actor, at=later())
    monkeypatch.setattr(running, "AT_ONCE", 1)
    assert run_shares(file_id=file.pk, at=later()), "there is more"
    file.refresh_from_db()
    assert (file.written_count, file.last_line, file.state) == (1, 2, "writing")
    assert run_shares(file_id=file.pk, at=later()) and run_shares(file_id=file.pk, at=later())
    assert not run_shares(file_id=file.pk, at=later()), "run again after the end"
    file.refresh_from_db()
    assert (file.state, file.written_count, Consumption.objects.count()) == ("done", 3, 3)


def test_a_share_that_another_worker_did_meanwhile_is_done_once(town: Town) -> None:
    make_family(town, "Leroy", "Léa", "Hugo")
    file = check(town, TWO_DAYS)
    operations.confirm(file_id=file.pk, revision=1, actor=town.agent.actor, at=later())
    file.refresh_from_db()
    reader = running._reader(file)
    share = running._read(reader, list(reader.table.rows()), set(), is_check=False)
    assert share is not None
    done = [running._write_share(turn=Turn(file.pk, 1, "writing", 0), share=share, at=later()) for _turn in range(2)]
    assert done == [True, False]
    assert Consumption.objects.count() == 3


def test_the_database_refuses_that_a_file_counts_something_twice(town: Town) -> None:
    make_family(town, "Leroy", "Léa", "Hugo")
    keep(town, TWO_DAYS)
    fact = Consumption.objects.order_by("id")[0]
    fact.pk = None
    with pytest.raises(IntegrityError, match="consumption_once_a_file"), transaction.atomic():
        fact.save(force_insert=True)


def test_what_somebody_typed_meanwhile_is_left_and_told(town: Town) -> None:
    family = make_family(town, "Leroy", "Léa", "Hugo")
    file = check(town, TWO_DAYS)
    typed = [
        DayCount(Beneficiary(0, ""), date(2026, 11, 23), Decimal(2)),
        DayCount(Beneficiary(1, ""), date(2026, 11, 23), Decimal(1)),
    ]
    operations.record(dossier_id=family.pk, question="repas", counted=typed, actor=town.admin.actor, at=later())
    file = confirm(town, file)
    assert (left(file), file.written_count, file.left_count) == ([(2, "meanwhile")], 1, 1)
    known = queries.quantities([family.pk], "repas", date(2026, 11, 23), date(2026, 11, 24))
    assert sorted(known.values()) == [1, 1, 2], "what was typed stands"


def test_a_dossier_that_ends_meanwhile_is_left_and_a_family_that_is_merged_is_not(town: Town) -> None:
    ended, kept = make_family(town, "Leroy", "Léa", "Hugo"), make_family(town, "Petit", "Tom")
    file = check(town, f"{TWO_DAYS}Petit;Tom;23/11/2026;1\n")
    dossiers.reject(dossier_id=ended.pk, reason="Parti", actor=WHO, at=later())
    values = {"first_name": "Maud", "last_name": "Petit"}
    into = directory.register_citizen(values=values, user_id=None, actor=WHO, at=later())
    merged = {"kept_id": into.pk, "merged_id": kept.citizen_id, "reason": "Doublon"}
    personal_data.merge_citizens(**merged, actor=town.admin.actor, at=later())
    file = confirm(town, file)
    assert left(file) == [(2, "ended"), (3, "ended"), (4, "ended")]
    assert [pk for pk, *_rest in facts()] == [kept.pk]


def test_a_dossier_that_ends_between_the_reading_and_the_writing_of_a_share_is_left(town: Town) -> None:
    family = make_family(town, "Leroy", "Léa", "Hugo")
    file = check(town, TWO_DAYS)
    operations.confirm(file_id=file.pk, revision=1, actor=town.agent.actor, at=later())
    file.refresh_from_db()
    reader = running._reader(file)
    share = running._read(reader, list(reader.table.rows()), set(), is_check=False)
    assert share is not None
    dossiers.reject(dossier_id=family.pk, reason="Parti", actor=WHO, at=later())
    assert running._write_share(turn=Turn(file.pk, 1, "writing", 0), share=share, at=later())
    assert left(file) == [(2, "ended"), (3, "ended"), (4, "ended")] and not Consumption.objects.exists()


def test_who_asks_again_after_a_refusal_is_found_where_they_are_now(town: Town) -> None:
    refused = make_family(town, "Leroy", "Léa")
    dossiers.reject(dossier_id=refused.pk, reason="Incomplet", actor=WHO, at=later())
    again = make_family(town, "Leroy", "Léa")
    keep(town, f"{HEAD}Leroy;Léa;23/11/2026;1\n")
    assert [pk for pk, *_rest in facts()] == [again.pk]


def test_who_confirmed_and_lost_the_prestation_meanwhile_writes_nothing_more(town: Town) -> None:
    make_family(town, "Leroy", "Léa", "Hugo")
    file = check(town, TWO_DAYS)
    operations.confirm(file_id=file.pk, revision=1, actor=town.agent.actor, at=later())
    type(town.agent).objects.filter(pk=town.agent.pk).update(all_services=False)
    run_tasks()
    file.refresh_from_db()
    assert file.state == "stopped" and "ne gère plus" in file.problem and not Consumption.objects.exists()


def test_a_worker_that_comes_late_with_other_columns_counts_nothing(town: Town) -> None:
    make_family(town, "Leroy", "Léa", "Hugo")
    file = check(town, TWO_DAYS)
    late = running._reader(file)
    share = running._read(late, list(late.table.rows()), set(), is_check=True)
    operations.check(file_id=file.pk, layout=Layout(COLUMNS, "soirs"), actor=town.agent.actor, at=later())
    assert share is not None
    assert not running._check_share(turn=Turn(file.pk, 1, "checking", 0), share=share, at=later())
    file.refresh_from_db()
    assert counts(file) == (0, 0, 0, 0)


def test_two_agents_confirm_at_once_and_it_is_written_once(town: Town) -> None:
    make_family(town, "Leroy", "Léa", "Hugo")
    file = check(town, TWO_DAYS)
    operations.confirm(file_id=file.pk, revision=1, actor=town.agent.actor, at=later())
    with pytest.raises(ForbiddenTransition):
        operations.confirm(file_id=file.pk, revision=1, actor=town.admin.actor, at=later())
    run_tasks()
    assert Consumption.objects.count() == 3


def test_only_who_handles_the_prestation_works_on_its_files(town: Town) -> None:
    stranger = make_agent(Profile.REVIEWER, email="ailleurs@example.org", all_services=False).actor
    make_family(town, "Leroy", "Léa", "Hugo")
    file = check(town, TWO_DAYS)
    for act in (
        lambda: operations.check(file_id=file.pk, layout=LAYOUT, actor=stranger, at=later()),
        lambda: operations.confirm(file_id=file.pk, revision=1, actor=stranger, at=later()),
        lambda: operations.stop(file_id=file.pk, actor=stranger, at=later()),
    ):
        with pytest.raises(NotAllowed):
            act()
    file.refresh_from_db()
    assert file.state == "checked"


def test_a_file_that_is_stopped_writes_nothing_more_and_keeps_what_is_written(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_family(town, "Leroy", "Léa", "Hugo")
    file = check(town, TWO_DAYS)
    operations.confirm(file_id=file.pk, revision=1, actor=town.agent.actor, at=later())
    monkeypatch.setattr(running, "SHARE", 1)
    monkeypatch.setattr(running, "AT_ONCE", 1)
    run_shares(file_id=file.pk, at=later())
    operations.stop(file_id=file.pk, actor=town.agent.actor, at=later())
    run_tasks()
    file.refresh_from_db()
    assert (file.state, file.written_count, Consumption.objects.count()) == ("stopped", 1, 1)


def test_names_are_erased_with_the_file_after_a_while_and_the_facts_stay(town: Town) -> None:
    make_family(town, "Leroy", "Léa", "Hugo")
    file = keep(town, f"{TWO_DAYS}Inconnu;Bob;23/11/2026;1\n")
    waiting = check(town, f"{HEAD}Leroy;Léa;25/11/2026;1\n")
    columns = [field.column for field in FileRemark._meta.concrete_fields]
    assert columns == ["id", "file_id", "line", "column", "reason", "day", "before", "after"], "none of them names"
    assert personal_data.purge(at=later(days=89))["attendance"] == 0
    assert personal_data.purge(at=later(days=91))["attendance"] == 2
    assert personal_data.purge(at=later(days=91))["attendance"] == 0
    for one in (file, waiting):
        one.refresh_from_db()
    assert (file.name, file.digest, file.state, waiting.state) == ("", "", "done", "stopped")
    orphans = {orphan.digest for orphan in stored_files.orphans(at=later(days=125))}
    assert {file.fingerprint, waiting.fingerprint} <= orphans, "the night after removes them from the disk"
    assert len(file.fingerprint) == 64 and not FileRemark.objects.exists()
    assert Consumption.objects.count() == 3


def test_a_file_that_is_gone_is_given_up_with_a_sentence(town: Town) -> None:
    file = send(town, TWO_DAYS)
    AttendanceFile.objects.filter(pk=file.pk).update(digest="0" * 64)
    operations.check(file_id=file.pk, layout=LAYOUT, actor=town.agent.actor, at=later())
    run_tasks()
    file.refresh_from_db()
    assert file.state == "stopped" and "n’est plus là" in file.problem


def test_files_are_neither_deleted_nor_emptied(town: Town) -> None:
    send(town, TWO_DAYS)
    for act in (
        lambda: AttendanceFile.objects.all().delete(),
        lambda: connection.cursor().execute("TRUNCATE consumption_attendancefile CASCADE"),
    ):
        with pytest.raises(DatabaseError, match="Cannot|cannot|refuse|vid"), transaction.atomic():
            act()


def test_rows_are_taken_in_the_house_s_order(town: Town) -> None:
    make_family(town, "Leroy", "Léa", "Hugo")
    make_family(town, "Petit", "Tom")
    with one_order():
        keep(town, f"{TWO_DAYS}Petit;Tom;23/11/2026;1\n")


def test_a_share_costs_the_same_however_many_lines(
    town: Town, django_assert_max_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    costs = []
    for times in (1, 12):
        for _n in range(times):
            make_family(town, f"F{town.scheme.dossiers.count()}", "Léa")
        names = [dossier.citizen.last_name for dossier in town.scheme.dossiers.select_related("citizen").order_by("id")]
        said = HEAD + "".join(f"{name};Léa;2{times % 5}/11/2026;1\n" for name in names)
        file = check(town, said, layout=Layout(COLUMNS, "repas", closed_too=True))
        operations.confirm(file_id=file.pk, revision=1, actor=town.agent.actor, at=later())
        with django_assert_max_num_queries(40) as counted:
            run_tasks()
        file.refresh_from_db()
        assert file.written_count == len(names)
        costs.append(len(counted))
    assert costs[0] == costs[1]
