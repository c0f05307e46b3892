"""Amounts, days and sizes as French readers expect them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from obole.ui.templatetags import ui

NOW = datetime(2026, 11, 25, 13, 5, tzinfo=UTC)
JUST_BEFORE_MIDNIGHT_IN_LONDON = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def test_amounts() -> None:
    assert plain(ui.euros(123456)) == "1 234,56 €"
    assert plain(ui.plain_euros(-500)) == "\u22125,00"


def test_days_are_those_of_paris() -> None:
    assert ui.day(JUST_BEFORE_MIDNIGHT_IN_LONDON) == "25/11/2026"
    assert ui.day(date(2026, 11, 24)) == "24/11/2026"
    assert ui.long_day(JUST_BEFORE_MIDNIGHT_IN_LONDON) == "25 novembre 2026"


def test_instants() -> None:
    assert plain(ui.clock(NOW)) == "14 h 05"
    assert plain(ui.moment(NOW)) == "25/11/2026 14 h 05"


def test_quantities() -> None:
    assert ui.quantity(Decimal("18.50")) == "18,5"
    assert plain(ui.counted(Decimal(40), "couvert")) == "40 couverts"
    assert ui.counted(None, "couvert") == ""


@pytest.mark.parametrize(
    "write", [ui.euros, ui.plain_euros, ui.quantity, ui.day, ui.long_day, ui.clock, ui.moment, ui.ago, ui.filesize_fr]
)
def test_nothing_is_written_for_nothing(write: Any) -> None:
    assert write(None) == ""


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (NOW, "à l’instant"),
        (NOW - timedelta(minutes=1), "il y a 1 minute"),
        (NOW - timedelta(minutes=40), "il y a 40 minutes"),
        (NOW - timedelta(hours=13), "aujourd’hui"),
        (NOW + timedelta(hours=2), "dans 2 heures"),
        (NOW - timedelta(hours=14, minutes=6), "hier"),
        (NOW - timedelta(days=3), "il y a 3 jours"),
        (date(2026, 11, 25), "aujourd’hui"),
        (date(2026, 11, 26), "demain"),
        (date(2026, 12, 15), "dans 20 jours"),
        (date(2026, 6, 25), "il y a 5 mois"),
        (date(2024, 11, 1), "il y a 2 ans"),
    ],
)
def test_how_far_away_in_time(value: date, words: str) -> None:
    assert ui.ago(value, NOW) == words


@pytest.mark.parametrize(
    ("size", "words"), [(512, "512 octets"), (48_200, "48 ko"), (999_999, "1,0 Mo"), (1_234_567, "1,2 Mo")]
)
def test_sizes_of_files(size: int, words: str) -> None:
    assert plain(ui.filesize_fr(size)) == words
