"""
A period closed while entries arrive holds every entry of its days, or refuses it; and what happens without the lock.
"""

from datetime import timedelta
from typing import Any

import pytest

from obole.books import verification
from obole.books.verification import BooksDiffer
from obole.lib import dates
from obole.payments import operations as payments
from obole.payments.models import Receipt
from obole.regies import ledger, operations, queries
from obole.regies.models import Entry, Regie, RegieQuerySet
from tests.races.crowd import Meeting, at_once, without_lock
from tests.world import NOON, WHO, make_regie

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

YESTERDAY = NOON - timedelta(days=1)


@pytest.fixture
def regie(transactional_db: None) -> Regie:
    return make_regie("ENF", "Régie Enfance")


def post(regie: Regie, key: str) -> Any:
    money = payments.Money(cents=100, means=Receipt.Means.CASH)
    return payments.take_unmatched(regie_id=regie.pk, money=money, request_key=key, actor=WHO, at=YESTERDAY)


def close(regie: Regie) -> Any:
    return operations.close_period(regie_id=regie.pk, until=dates.day_of(YESTERDAY), actor=WHO, at=NOON)


def test_seven_entries_and_a_closing_at_once(regie: Regie) -> None:
    at_once(*[lambda key=str(n): post(regie, key) for n in range(7)], lambda: close(regie))  # type: ignore[misc]

    closing = queries.closings(regie).get()
    assert closing.totals.get("cash", [0, 0]) == [100 * Entry.objects.count(), 0]
    verification.verify()


@pytest.mark.parametrize("guard", ["lock", "none"])
def test_neg_without_the_lock_of_the_regie_an_entry_slips_in(
    regie: Regie, monkeypatch: pytest.MonkeyPatch, guard: str
) -> None:
    meeting = Meeting(guard)
    add, total = ledger._add, queries.sums_of_period

    def slowly_add(*args: Any, **kwargs: Any) -> None:
        add(*args, **kwargs)
        meeting.wait()

    def slowly_total(*args: Any, **kwargs: Any) -> Any:
        found = total(*args, **kwargs)
        meeting.wait()
        return found

    monkeypatch.setattr(ledger, "_add", slowly_add)
    monkeypatch.setattr(queries, "sums_of_period", slowly_total)
    if guard == "none":
        monkeypatch.setattr(RegieQuerySet, "locked", without_lock)

    at_once(lambda: post(regie, "1"), lambda: close(regie))

    monkeypatch.setattr(queries, "sums_of_period", total)
    if guard == "lock":
        verification.verify()
    else:
        with pytest.raises(BooksDiffer, match="what was closed"):
            verification.verify()
