"""Days in Paris, folded names, single lines, opaque tokens, log lines that cannot be forged."""

import json
import logging
import sys
import unicodedata
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, strategies as st

from obole.lib import dates, texts
from obole.lib.logs import JsonFormatter


@pytest.mark.parametrize(
    ("at", "day", "clock"),
    [
        (datetime(2026, 12, 31, 22, 59, tzinfo=UTC), date(2026, 12, 31), "23\u00a0h\u00a059"),
        (datetime(2026, 12, 31, 23, 0, tzinfo=UTC), date(2027, 1, 1), "0\u00a0h\u00a000"),
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), date(2026, 3, 29), "1\u00a0h\u00a059"),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), date(2026, 3, 29), "3\u00a0h\u00a000"),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), date(2026, 10, 25), "2\u00a0h\u00a030"),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), date(2026, 10, 25), "2\u00a0h\u00a030"),
    ],
)
def test_a_moment_has_its_day_and_its_hour_in_paris(at: datetime, day: date, clock: str) -> None:
    assert (dates.day_of(at), dates.format_time(at)) == (day, clock)


INSTANTS = st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@given(at=INSTANTS, term=st.integers(0, 365))
def test_the_last_day_to_pay_is_so_many_days_after_the_day_of_issue(at: datetime, term: int) -> None:
    assert (dates.due_date(at, term_days=term) - dates.day_of(at)).days == term


def test_dates_are_written_in_french_whatever_the_language() -> None:
    assert [dates.format_long(date(2026, month, 2)) for month in (2, 8, 12)] == [
        "2 février 2026",
        "2 août 2026",
        "2 décembre 2026",
    ]
    assert (dates.format_long(date(2026, 12, 1)), dates.format_short(date(2026, 12, 1))) == (
        "1er décembre 2026",
        "01/12/2026",
    )


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Œuvrard Éloïse", "oeuvrard eloise"),
        ("O’Brien-Lefèvre", "o brien lefevre"),
        ("STRAẞE straße", "stra e strasse"),
        ("ﬁn", "fin"),
        ("  a\t b ", "a b"),
        ("Æther", "aether"),
        ("", ""),
        ("李", ""),
        ("e\u0301", "e"),
    ],
)
def test_names_are_folded_for_sorting(text: str, folded: str) -> None:
    assert texts.fold(text) == folded


@given(text=st.text())
def test_what_is_folded_is_plain_and_stays_as_it_is(text: str) -> None:
    folded = texts.fold(text)
    assert folded.isascii()
    assert folded == folded.lower().strip()
    assert all(letter.isalnum() or letter == " " for letter in folded)
    assert texts.fold(folded) == folded


@given(text=st.text())
def test_a_clean_line_is_one_line_that_shows_all_that_it_holds(text: str) -> None:
    line = texts.clean_line(text)
    assert len(line.splitlines()) <= 1
    assert not {unicodedata.category(letter) for letter in line} & {"Cc", "Cf", "Cs", "Co", "Cn"}
    assert texts.clean_line(line) == line
    assert "\x00" not in line


def test_tokens_are_long_and_never_the_same() -> None:
    made = {texts.token() for _n in range(500)}
    assert len(made) == 500
    assert {len(token) for token in made} == {22}


@given(message=st.text(max_size=200))
def test_a_log_line_is_one_line_of_json(message: str) -> None:
    record = logging.LogRecord("obole", logging.INFO, "f", 1, "%s", (message,), None)
    line = JsonFormatter().format(record)
    assert "\n" not in line
    assert json.loads(line)["message"] == message


def test_a_traceback_stays_in_its_line() -> None:
    try:
        raise ValueError("line\nfeed")
    except ValueError:
        record = logging.LogRecord("obole", logging.ERROR, "f", 1, "x", (), sys.exc_info())
    line = JsonFormatter().format(record)
    assert "\n" not in line
    assert "line\nfeed" in json.loads(line)["trace"]


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 11, 25), 1, date(2026, 12, 25)),
        (date(2026, 11, 25), 2, date(2027, 1, 25)),
        (date(2026, 12, 31), 0, date(2026, 12, 31)),
        (date(2027, 1, 31), 1, date(2027, 2, 28)),
        (date(2027, 1, 31), 2, date(2027, 3, 31)),
        (date(2028, 1, 30), 1, date(2028, 2, 29)),
        (date(2026, 12, 31), 11, date(2027, 11, 30)),
        (date(2026, 1, 15), 36, date(2029, 1, 15)),
    ],
)
def test_months_later_is_the_same_day_or_the_last_of_the_month(day: date, months: int, later: date) -> None:
    assert dates.months_later(day, months) == later
