"""A count by coin and note: what it comes to, and what is no count."""

from typing import Any

import pytest
from hypothesis import given, strategies as st

from obole.cash_desk import rules
from obole.cash_desk.rules import BadCount

COUNTS = st.dictionaries(st.sampled_from(rules.VALUES), st.integers(0, rules.MOST))


def test_the_coins_and_notes_of_the_euro() -> None:
    assert [value for value in rules.VALUES if value >= 500] == [50000, 20000, 10000, 5000, 2000, 1000, 500]
    assert [value for value in rules.VALUES if value < 500] == [200, 100, 50, 20, 10, 5, 2, 1]


@given(COUNTS)
def test_a_count_comes_to_the_sum_of_its_coins(counted: dict[int, int]) -> None:
    count = rules.as_count(counted)
    assert rules.is_count(count)
    assert rules.total(count) == sum(value * number for value, number in counted.items())
    assert sum(item.cents for item in rules.counted_values(count)) == rules.total(count)
    assert [item.value for item in rules.counted_values(count)] == sorted(map(int, count), reverse=True)


@given(st.dictionaries(st.integers(-5, 70_000), st.integers(-3, rules.MOST + 3), min_size=1))
def test_what_no_cashier_counts_is_refused(counted: dict[int, int]) -> None:
    is_right = all(value in rules.VALUES and 0 <= number <= rules.MOST for value, number in counted.items())
    if is_right:
        assert rules.total(rules.as_count(counted)) >= 0
        return
    with pytest.raises(BadCount):
        rules.as_count(counted)


@pytest.mark.parametrize("odd", [{"500": True}, {"500": "3"}, {"501": 1}, {"x": 1}, [], None, {"500": 0}, {"500": 1.0}])
def test_what_is_kept_is_a_count(odd: Any) -> None:
    assert not rules.is_count(odd)


@given(st.integers(-50_000, 50_000), st.integers(-20_000, 20_000))
def test_a_lack_never_takes_more_than_the_takings(difference: int, takings: int) -> None:
    booked = rules.booked_cents(difference=difference, takings=takings)
    assert booked == difference if difference >= 0 else difference <= booked <= 0
    assert max(0, takings) + booked >= 0
