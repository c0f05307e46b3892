"""The simulated time: Paris, its two odd nights, the purge, the year."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from payfip_simulator.bank import Bank
from payfip_simulator.clock import UUID_EPOCH, IdopMaker, as_paris_words, purge_line
from tests.payfip_simulator.caller import Caller


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ("2015-11-19T16:35:13", ("19112015", "1735")),
        ("2026-07-14T22:30:00", ("15072026", "0030")),
        ("2026-12-31T23:30:00", ("01012027", "0030")),
        # 25 October 2026: half past two comes twice.
        ("2026-10-25T00:30:00", ("25102026", "0230")),
        ("2026-10-25T01:30:00", ("25102026", "0230")),
        # 29 March 2026: half past two does not come.
        ("2026-03-29T00:59:00", ("29032026", "0159")),
        ("2026-03-29T01:00:00", ("29032026", "0300")),
    ],
)
def test_instants_are_written_in_paris(at: str, words: tuple[str, str]) -> None:
    assert as_paris_words(datetime.fromisoformat(at).replace(tzinfo=UTC)) == words


@pytest.mark.parametrize(
    ("now", "line"),
    [
        ("2026-11-25T01:59:00", "2026-11-23T23:00:00"),
        ("2026-11-25T02:00:00", "2026-11-24T23:00:00"),
        ("2026-11-25T22:59:00", "2026-11-24T23:00:00"),
        ("2026-07-01T01:00:00", "2026-06-30T22:00:00"),
    ],
)
def test_the_purge_comes_at_three(now: str, line: str) -> None:
    found = purge_line(datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert found == datetime.fromisoformat(line).replace(tzinfo=UTC)


def test_a_result_survives_the_night_but_not_the_year(bank: Bank, caller: Caller) -> None:
    idop = caller.new_idop()
    bank.settle(idop, "A")
    bank.advance(2 * 86_400)
    assert caller.detail(idop).fields["resultrans"] == "A"
    bank.advance(368 * 86_400)
    assert caller.detail(idop).code == "P1"


def test_the_detail_keeps_the_time_of_the_result(bank: Bank, caller: Caller) -> None:
    bank.change({"clock": "2026-10-25T00:30:00+00:00"})
    idop = caller.new_idop()
    bank.settle(idop, "P")
    bank.change({"clock": "2026-10-25T09:00:00+00:00"})
    fields = caller.detail(idop).fields
    assert (fields["dattrans"], fields["heurtrans"]) == ("25102026", "0230")


def test_the_clock_stands_or_runs(bank: Bank) -> None:
    bank.change({"clock": "2026-10-25T00:30:00+02:00"})
    assert bank.now() == bank.now() == datetime(2026, 10, 24, 22, 30, tzinfo=UTC)
    bank.advance(60)
    assert bank.now() == datetime(2026, 10, 24, 22, 31, tzinfo=UTC)
    bank.change({"clock": "", "clock_offset_seconds": 3600})
    assert abs(bank.now() - datetime.now(tz=UTC) - timedelta(hours=1)) < timedelta(seconds=5)


def test_idops_never_repeat_even_when_the_clock_stands_or_goes_back() -> None:
    maker = IdopMaker()
    now = datetime(2026, 11, 25, tzinfo=UTC)
    back = now - timedelta(days=1)
    made = [maker.make(at) for at in (now, now, now, back, back, now, back, now, now)]
    assert len(set(made)) == len(made)
    for idop, at in zip(made, (now, now, now, back, back, now, back, now, now), strict=True):
        parsed = uuid.UUID(idop)
        assert parsed.version == 1
        assert parsed.variant == uuid.RFC_4122
        assert abs(UUID_EPOCH + timedelta(microseconds=parsed.time // 10) - at) < timedelta(milliseconds=1)
