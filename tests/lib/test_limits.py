"""A limit by key and stretch of time, in little memory."""

from datetime import UTC, datetime, timedelta

import pytest

from obole.lib.limits import Limit

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def let_through(limit: Limit, key: str, times: int, at: datetime = NOON) -> int:
    return sum(limit.allows(key, at=at) for _n in range(times))


def test_each_key_has_its_own_count_in_each_stretch() -> None:
    limit = Limit(most=3, every=timedelta(minutes=1))
    assert (let_through(limit, "a", 10), let_through(limit, "b", 2), let_through(limit, "b", 2)) == (3, 2, 1)
    assert let_through(limit, "a", 1, NOON + timedelta(seconds=59)) == 0
    assert let_through(limit, "a", 10, NOON + timedelta(seconds=60)) == 3


@pytest.mark.parametrize("keys", [1, 5])
def test_more_keys_than_it_keeps_are_over_the_limit_and_the_known_ones_keep_theirs(keys: int) -> None:
    limit = Limit(most=2, every=timedelta(minutes=1), keys=keys)
    assert [let_through(limit, str(n), 1) for n in range(8)] == [1] * keys + [0] * (8 - keys)
    assert let_through(limit, "0", 5) == 1


def test_a_clock_that_goes_back_begins_another_stretch() -> None:
    limit = Limit(most=1, every=timedelta(minutes=1))
    assert [let_through(limit, "a", 2, NOON + timedelta(minutes=n)) for n in (0, -5, 0)] == [1, 1, 1]
