"""The days that a period says: they decide whose tariffs apply."""

from datetime import date

import pytest

from obole.billing.rules.periods import Days, days_of


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("décembre 2026", (2026, 12, 1), (2026, 12, 31)),
        ("  Décembre   2026 ", (2026, 12, 1), (2026, 12, 31)),
        ("DÉC. 2026", (2026, 12, 1), (2026, 12, 31)),
        ("févr. 2028", (2028, 2, 1), (2028, 2, 29)),
        ("août 2026", (2026, 8, 1), (2026, 8, 31)),
        ("mars 2026", (2026, 3, 1), (2026, 3, 31)),
        ("11/2026", (2026, 11, 1), (2026, 11, 30)),
        ("01-2027", (2027, 1, 1), (2027, 1, 31)),
        ("T4 2026", (2026, 10, 1), (2026, 12, 31)),
        ("1er trimestre 2027", (2027, 1, 1), (2027, 3, 31)),
        ("2e trimestre 2027", (2027, 4, 1), (2027, 6, 30)),
        ("année 2026", (2026, 1, 1), (2026, 12, 31)),
        ("2026", (2026, 1, 1), (2026, 12, 31)),
        ("2026-2027", (2026, 9, 1), (2027, 8, 31)),
        ("année scolaire 2026/2027", (2026, 9, 1), (2027, 8, 31)),
    ],
)
def test_what_agents_write(period: str, first: tuple[int, int, int], last: tuple[int, int, int]) -> None:
    assert days_of(period) == Days(date(*first), date(*last))


@pytest.mark.parametrize(
    "period", ["", "stage de printemps", "jui 2026", "ma 2026", "13/2026", "2026-2028", "T5 2026", "décembre", "x 2026"]
)
def test_what_says_no_day(period: str) -> None:
    assert days_of(period) is None
