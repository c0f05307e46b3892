"""What is planned of each day: week patterns, closed days, absences, departures; calculations alone."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from obole.catalogue.rules import absence_reasons
from obole.catalogue.rules.absence_reasons import AbsenceReason, BadReasons
from obole.consumption import rules
from obole.consumption.rules.planning import Away, OpenDays, Plan, PlannedDay, Reserved, Stay, planned, with_plan
from obole.lib.open_days import Calendar
from tests.pricing.dispositifs import SCHOOL

MONDAY = date(2026, 11, 2)
EVERY_MEAL = tuple(Decimal(n) for n in (1, 1, 0, 1, 1, 0, 0))
EVERY_DAY = (Decimal(1),) * 7
MEALS = Reserved(0, "repas", date(2026, 9, 1), None, EVERY_MEAL)
SICK = Away(0, "", MONDAY, MONDAY + timedelta(days=4), "Maladie", is_excused=True, waiting_days=1)


def town(zone: str = "B") -> OpenDays:
    return OpenDays(Calendar(offices=True, school_zone=zone, week_ends=False))


def shown(plan: Plan, first: date, last: date, zone: str = "B") -> dict[str, str]:
    """Return what is due of each planned day: « 02/11 »: « 1 »."""
    found = planned(plan, first, last, days=town(zone))
    return {f"{day:%d/%m}": f"{one.due:f}" for (_row, _question, day), one in sorted(found.items())}


def test_a_week_comes_again_on_its_days() -> None:
    assert shown(Plan([MEALS]), date(2026, 11, 2), date(2026, 11, 15)) == dict.fromkeys(
        # Wednesday the 11th is a public holiday, and nothing is reserved on Wednesdays.
        ("02/11", "03/11", "05/11", "06/11", "09/11", "10/11", "12/11", "13/11"),
        "1",
    )


def test_nothing_is_planned_on_a_public_holiday_nor_in_the_school_holidays_of_the_zone() -> None:
    every = Plan([replace(MEALS, quantities=EVERY_DAY)])
    assert "11/11" not in shown(every, date(2026, 11, 9), date(2026, 11, 15))
    assert {"14/11", "15/11"} <= set(shown(every, date(2026, 11, 9), date(2026, 11, 15))), "a week-end as it says"
    # Zone B is on holiday from 20/02/2027.
    assert shown(every, date(2027, 2, 22), date(2027, 2, 26)) == {}
    assert len(shown(every, date(2027, 2, 22), date(2027, 2, 26), zone="")) == 5
    all_year = Plan([replace(MEALS, quantities=EVERY_DAY, all_year=True)])
    assert len(shown(all_year, date(2027, 2, 22), date(2027, 2, 26))) == 5
    assert "11/11" not in shown(all_year, date(2026, 11, 9), date(2026, 11, 15))


def test_zones_differ() -> None:
    every = Plan([MEALS])
    open_in = {zone: set(shown(every, date(2027, 2, 1), date(2027, 3, 15), zone)) for zone in "ABC"}
    assert len({frozenset(days) for days in open_in.values()}) == 3


@pytest.mark.parametrize("sunday", [date(2026, 10, 25), date(2027, 3, 28)])
def test_a_week_in_which_clocks_change_has_seven_days(sunday: date) -> None:
    every = Plan([Reserved(None, "repas", sunday - timedelta(days=30), None, EVERY_DAY, all_year=True)])
    found = planned(every, sunday - timedelta(days=3), sunday + timedelta(days=3), days=town())
    days = [day for _row, _question, day in found]
    # Easter Monday follows the Sunday of 2027.
    closed = 1 if sunday.year == 2027 else 0
    assert len(days) == 7 - closed and sunday in days
    assert all(after - before <= timedelta(days=2) for before, after in pairwise(days))


def test_a_later_reservation_takes_the_place_of_the_one_before_from_its_first_day() -> None:
    fewer = replace(MEALS, first=date(2026, 11, 10), quantities=(Decimal(0), Decimal(2), *EVERY_DAY[:5]))
    plan = Plan([MEALS, fewer])
    assert shown(plan, date(2026, 11, 9), date(2026, 11, 10)) == {"09/11": "1", "10/11": "2"}
    ended = Plan([MEALS, replace(fewer, last=date(2026, 11, 13))])
    assert shown(ended, date(2026, 11, 16), date(2026, 11, 20)) == {}, "the one before does not come back"
    corrected = Plan([MEALS, fewer, replace(MEALS, first=date(2026, 11, 10))])
    assert shown(corrected, date(2026, 11, 9), date(2026, 11, 10)) == {"09/11": "1", "10/11": "1"}


def test_one_that_begins_later_leaves_the_one_before_until_then_whatever_their_order() -> None:
    from_january = replace(MEALS, first=date(2027, 1, 4), quantities=(Decimal(0),) * 7)
    plan = Plan([from_january, replace(MEALS, first=date(2026, 11, 1))])
    assert shown(plan, date(2027, 1, 4), date(2027, 1, 4)) == {"04/01": "1"}, "what is said last counts"


def test_an_excused_absence_is_not_due_but_for_its_first_days() -> None:
    plan = Plan([MEALS], [SICK])
    week = MONDAY, MONDAY + timedelta(days=6)
    assert shown(plan, *week) == {"02/11": "1", "03/11": "0", "05/11": "0", "06/11": "0"}
    plan.away = [replace(SICK, waiting_days=0)]
    assert set(shown(plan, *week).values()) == {"0"}
    plan.away = [replace(SICK, is_excused=False)]
    assert set(shown(plan, *week).values()) == {"1"}
    found = planned(plan, MONDAY, MONDAY, days=town())
    assert found == {(0, "repas", MONDAY): PlannedDay(Decimal(1), Decimal(1), "Maladie")}


def test_the_days_that_stay_due_are_days_that_were_reserved_be_they_of_the_month_before() -> None:
    from_saturday = replace(SICK, first=date(2026, 11, 7), last=date(2026, 11, 10))
    plan = Plan([MEALS], [from_saturday])
    assert shown(plan, date(2026, 11, 9), date(2026, 11, 10)) == {"09/11": "1", "10/11": "0"}
    over_the_month = Plan([MEALS], [replace(SICK, first=date(2026, 11, 30), last=date(2026, 12, 4))])
    december = shown(over_the_month, date(2026, 12, 1), date(2026, 12, 4))
    assert december == {"01/12": "0", "03/12": "0", "04/12": "0"}


def test_an_absence_is_of_one_child_and_of_one_thing_or_of_all() -> None:
    evenings, brother = replace(MEALS, question="soirs"), replace(MEALS, row=1)
    plan = Plan([MEALS, evenings, brother], [replace(SICK, question="repas", waiting_days=0)])
    sums = with_plan({}, plan, MONDAY, MONDAY, days=town())
    assert sums == {(0, "repas"): 0, (0, "soirs"): 1, (1, "repas"): 1}
    plan.away = [replace(SICK, waiting_days=0)]
    assert with_plan({}, plan, MONDAY, MONDAY, days=town())[0, "soirs"] == 0


def test_what_was_counted_wins_over_the_plan_be_it_nothing() -> None:
    tuesday, wednesday = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
    counted = {(0, "repas", MONDAY): Decimal(0), (0, "repas", tuesday): Decimal(3), (0, "repas", wednesday): Decimal(1)}
    plan = Plan([MEALS], [replace(SICK, waiting_days=0)])
    assert with_plan(counted, plan, MONDAY, wednesday, days=town()) == {(0, "repas"): 4}


def test_nothing_is_planned_out_of_the_enrolment() -> None:
    plan = Plan([MEALS], stays={0: Stay(date(2026, 11, 3), date(2026, 11, 5))})
    assert shown(plan, MONDAY, MONDAY + timedelta(days=13)) == {"03/11": "1", "05/11": "1"}
    plan.stays[0] = Stay()
    assert len(shown(plan, MONDAY, MONDAY + timedelta(days=6))) == 4, "who comes back is planned again"


def test_what_was_reserved_has_a_sum_even_of_nothing() -> None:
    ended = Plan([replace(MEALS, last=date(2026, 10, 30))])
    assert with_plan({}, ended, MONDAY, MONDAY, days=town()) == {(0, "repas"): 0}
    later = Plan([replace(MEALS, first=date(2026, 12, 1))])
    assert with_plan({}, later, MONDAY, MONDAY, days=town()) == {}


def test_who_left_before_answers_for_nothing_any_more() -> None:
    gone = Plan(stays={0: Stay(None, date(2026, 10, 31)), 1: Stay(None, MONDAY)})
    sums = with_plan({}, gone, MONDAY, MONDAY, days=None)
    assert sums == {(0, ""): 0}
    answers = {"enfants": [{"prenom": "Léa", "repas": "16", "soirs": "4"}, {"prenom": "Hugo", "repas": "12"}]}
    first, second = rules.with_consumption(SCHOOL, answers, sums)["enfants"]
    assert (first["repas"], first["soirs"], second["repas"]) == ("0", "0", "12")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Sans prévenir : due", AbsenceReason("Sans prévenir", is_excused=False)),
        ("Grève: Excusée", AbsenceReason("Grève", is_excused=True)),
        ("Maladie\u00a0: excusée, carence 2 jours", AbsenceReason("Maladie", is_excused=True, waiting_days=2)),
        ("PAI : dehors : excusée , carence 1 jour", AbsenceReason("PAI : dehors", is_excused=True, waiting_days=1)),
    ],
)
def test_a_reason_is_a_line(line: str, reason: AbsenceReason) -> None:
    assert absence_reasons.parse(f"\n{line}\r\n") == [reason]


def test_the_reasons_of_a_new_dispositif_can_be_read() -> None:
    assert [(one.is_excused, one.waiting_days) for one in absence_reasons.parse(absence_reasons.DEFAULT)] == [
        (True, 1),
        (True, 0),
        (True, 0),
        (False, 0),
    ]


@pytest.mark.parametrize(
    "text", ["Maladie", "Maladie : peut-être", "Maladie : due, carence 2 jours", ": due", "x" * 61 + " : due"]
)
def test_a_line_that_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(BadReasons, match="Ligne 2"):
        absence_reasons.parse(f"Grève : excusée\n{text}")


def test_a_reason_is_said_once() -> None:
    with pytest.raises(BadReasons, match="même motif"):
        absence_reasons.parse("Grève : excusée\ngrève : due")
