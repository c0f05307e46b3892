"""Days on which nobody is written to: week-ends, holidays of each territory, school holidays of each zone."""

from datetime import date

import pytest

from obole.lib.open_days import EVERY_DAY, Calendar, SchoolZone, Territory


@pytest.mark.parametrize(
    ("day", "territory", "why"),
    [
        (date(2027, 3, 26), "", ""),
        (date(2027, 3, 26), "57", "vendredi saint"),
        (date(2028, 12, 26), "", ""),
        (date(2028, 12, 26), "57", "saint-étienne"),
        (date(2027, 12, 20), "974", "abolition de l'esclavage"),
        (date(2027, 12, 20), "971", ""),
        (date(2027, 5, 27), "971", "abolition de l'esclavage"),
        (date(2027, 7, 14), "974", "fête nationale"),
        (date(2027, 3, 27), "57", "samedi"),
    ],
)
def test_each_territory_has_its_holidays(day: date, territory: str, why: str) -> None:
    assert Calendar(offices=True, territory=territory).why_closed(day).replace("’", "'") == why


@pytest.mark.parametrize(
    ("day", "zones"),
    [
        (date(2027, 2, 8), "C"),
        (date(2027, 2, 15), "AC"),
        (date(2027, 2, 22), "AB"),
        (date(2027, 3, 1), "B"),
        (date(2027, 3, 8), ""),
        (date(2026, 10, 20), "ABC"),
    ],
)
def test_each_zone_has_its_school_holidays(day: date, zones: str) -> None:
    closed = [zone for zone in "ABC" if not Calendar(school_zone=zone).is_open(day)]
    assert closed == list(zones)
    assert EVERY_DAY.is_open(day)


def test_a_day_of_summer_waits_for_september() -> None:
    assert Calendar(school_zone="A").first_open(date(2027, 7, 10)).month == 9
    both = Calendar(offices=True, school_zone="B").first_open(date(2027, 12, 18))
    assert both == date(2028, 1, 3)


def test_nobody_waits_for_ever() -> None:
    assert Calendar(offices=True, school_zone="A").first_open(date(2100, 1, 2)) == date(2100, 1, 2)


@pytest.mark.parametrize("territory", Territory.values)
@pytest.mark.parametrize("zone", SchoolZone.values)
def test_every_choice_is_known_to_the_library(territory: str, zone: str) -> None:
    calendar = Calendar(offices=True, territory=territory, school_zone=zone)
    assert calendar.why_closed(date(2026, 12, 25))
    assert calendar.is_open(date(2026, 11, 25))
