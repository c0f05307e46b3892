"""Pure calculations: how money spreads over natures, when the bank is asked again, which addresses it takes."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from obole.gateways.payfip.words import LIMITS
from obole.payments import rules
from tests.world import NOON

LINES = st.lists(st.tuples(st.sampled_from(["", "7067", "70323", "758"]), st.integers(0, 50_000)), min_size=1)


@given(lines=LINES, data=st.data())
def test_a_receipt_spreads_to_the_cent_and_never_over_a_line(lines: list[tuple[str, int]], data: st.DataObject) -> None:
    total = sum(cents for _nature, cents in lines)
    already = data.draw(st.integers(0, total))
    cents = data.draw(st.integers(0, total - already))

    spread = rules.spread_by_nature(lines, already_cents=already, cents=cents)

    assert sum(part for _nature, part in spread) == cents
    assert all(part > 0 for _nature, part in spread)
    assert len({nature for nature, _part in spread}) == len(spread)
    for nature, part in spread:
        assert part <= sum(amount for name, amount in lines if name == nature)


@given(lines=LINES, data=st.data())
def test_paying_in_parts_is_paying_at_once(lines: list[tuple[str, int]], data: st.DataObject) -> None:
    total = sum(cents for _nature, cents in lines)
    cut = data.draw(st.integers(0, total))
    whole = dict(rules.spread_by_nature(lines, already_cents=0, cents=total))
    parts: dict[str, int] = {}
    for already, cents in ((0, cut), (cut, total - cut)):
        for nature, part in rules.spread_by_nature(lines, already_cents=already, cents=cents):
            parts[nature] = parts.get(nature, 0) + part
    assert parts == whole


@given(lines=LINES, data=st.data())
def test_more_than_the_lines_hold_is_an_error(lines: list[tuple[str, int]], data: st.DataObject) -> None:
    total = sum(cents for _nature, cents in lines)
    already = data.draw(st.integers(0, total))
    with pytest.raises(ValueError, match="more than the lines hold"):
        rules.spread_by_nature(lines, already_cents=already, cents=total - already + 1)


@pytest.mark.parametrize(
    ("age", "wait"),
    [
        (timedelta(0), timedelta(minutes=2)),
        (timedelta(hours=1, minutes=59), timedelta(minutes=2)),
        (timedelta(hours=2), timedelta(minutes=30)),
        (timedelta(hours=23, minutes=59), timedelta(minutes=30)),
        (timedelta(days=1), timedelta(hours=6)),
        (timedelta(days=6, hours=23), timedelta(hours=6)),
        (timedelta(days=7), None),
        (timedelta(days=400), None),
        (timedelta(hours=-1), timedelta(minutes=2)),
    ],
)
def test_the_bank_is_asked_often_at_first_then_seldom_then_no_more(age: timedelta, wait: timedelta | None) -> None:
    asked = rules.next_poll_at(opened_at=NOON, at=NOON + age)
    assert asked == (None if wait is None else NOON + age + wait)


def test_an_attempt_that_stays_pending_is_asked_a_bounded_number_of_times() -> None:
    at, questions = NOON, 0
    while (following := rules.next_poll_at(opened_at=NOON, at=at)) is not None:
        assert following > at
        at, questions = following, questions + 1
    assert timedelta(days=7) <= at - NOON <= timedelta(days=7, hours=6)
    assert questions == 60 + 44 + 24


@pytest.mark.parametrize(
    ("cents", "taken"), [(-100, False), (0, False), (99, False), (100, True), (9_999_999, True), (10_000_000, False)]
)
def test_the_amounts_that_payfip_takes(cents: int, taken: bool) -> None:
    assert rules.is_payable(cents, LIMITS) is taken


@pytest.mark.parametrize("email", ["a@b.fr", "x" * 71 + "@test.org"])
def test_an_address_that_payfip_takes(email: str) -> None:
    assert rules.is_usable_email(email, LIMITS)


@pytest.mark.parametrize("email", ["a@b.f", "x" * 72 + "@test.org", "é@test.org", "a b", "a@@test.org"])
def test_an_address_that_payfip_refuses(email: str) -> None:
    assert not rules.is_usable_email(email, LIMITS)


@pytest.mark.parametrize(
    ("opened", "purged"),
    [
        ("2026-11-25T12:00+01:00", "2026-11-26T06:00+01:00"),
        ("2026-11-25T23:59+01:00", "2026-11-26T06:00+01:00"),
        ("2026-11-26T00:01+01:00", "2026-11-27T06:00+01:00"),
        ("2026-10-24T12:00+02:00", "2026-10-25T06:00+01:00"),
        ("2026-03-28T12:00+01:00", "2026-03-29T06:00+02:00"),
    ],
)
def test_a_payment_is_purged_the_morning_after_it_was_opened_in_paris(opened: str, purged: str) -> None:
    assert rules.purge_date(opened_at=datetime.fromisoformat(opened)) == datetime.fromisoformat(purged)
