"""The same news heard by eight at once is booked once; and what happens without the guard."""

from collections.abc import Callable
from threading import Event
from typing import Any

import pytest
from django.db import IntegrityError, models, transaction

from obole.audit_log.models import Record
from obole.books import verification
from obole.gateways.base import Exchange, Outcome, Status
from obole.lib import actors
from obole.payments import operations as payments
from obole.payments.models import Attempt, Receipt
from obole.regies import ledger
from obole.regies.accounts import Account
from obole.regies.models import Entry, Regie, RegieQuerySet
from tests.actors import somebody
from tests.books import check_books
from tests.races.crowd import EIGHT, Meeting, at_once, eight, given, without_lock
from tests.world import NOON, Town, later, make_invoice, make_regie, make_town

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]


@pytest.fixture
def town(transactional_db: None) -> Town:
    return make_town()


def waiting_attempt(town: Town, *, meals: int = 16) -> Attempt:
    invoice = make_invoice(town, meals=meals)
    return payments.start_payment(
        invoice_id=invoice.pk,
        email="usager@example.org",
        request_key=f"k{invoice.pk}",
        actor=somebody("usager"),
        at=NOON,
    )


def hear(attempt: Attempt, status: Status) -> Callable[[], Attempt]:
    outcome = Outcome(
        status=status,
        said=status,
        exchange=Exchange(request="?", response=status),
        facts=attempt.sent,
        amount_cents=5200,
    )
    return lambda: payments.apply_gateway_status(
        attempt_id=attempt.pk, outcome=outcome, actor=actors.gateway("payfip"), at=later(3)
    )


def counts() -> tuple[int, int, int]:
    """Return how many postings, receipts and records one payment made."""
    return (
        Entry.objects.filter(cause_kind="receipt").count(),
        Receipt.objects.count(),
        Record.objects.filter(verb="attempt.pay").count(),
    )


def test_the_books_are_right_whenever_they_are_verified(town: Town) -> None:
    """Payments are booked without end meanwhile: each verification reads them all at one instant."""
    attempts = [waiting_attempt(town) for _n in range(40)]
    over = Event()

    def book() -> int:
        try:
            return sum(hear(attempt, Status.PAID_BY_CARD)().state == "paid" for attempt in attempts)
        finally:
            over.set()

    def look() -> int:
        turns = 0
        while not over.is_set():
            verification.verify()
            turns += 1
        return turns

    booked, *looks = at_once(book, look, look)
    assert booked == len(attempts)
    assert all(isinstance(turns, int) and turns > 3 for turns in looks), looks


def test_news_of_all_kinds_at_once_end_paid(town: Town) -> None:
    attempt = waiting_attempt(town)
    news = [Status.PAID_BY_CARD, Status.REFUSED, Status.ABANDONED, Status.PENDING] * 2

    given(at_once(*[hear(attempt, status) for status in news]), Attempt)

    attempt.refresh_from_db()
    assert attempt.state == "paid"
    assert counts() == (1, 1, 1)
    check_books()


def post(regie: Regie, key: str, cents: int = 100) -> Callable[[], Entry]:
    def act() -> Entry:
        from_suspense = ledger.transfer_postings(debit=Account.CASH, credit=Account.SUSPENSE, cents=cents)
        with transaction.atomic():
            return ledger.post(
                regie_id=regie.pk, cause=ledger.Cause(kind="test", key=key), postings=from_suspense, label=key, at=NOON
            )

    return act


def test_entries_posted_at_once_are_numbered_and_chained(transactional_db: None) -> None:
    regie, other = make_regie("AAA", "Première"), make_regie("BBB", "Seconde")
    acts = [post(item, f"{item.code}{n}") for n in range(10) for item in (regie, other)]

    given(at_once(*acts[:8]), Entry)
    given(at_once(*acts[8:16]), Entry)

    for item in (regie, other):
        assert sorted(Entry.objects.filter(regie=item).values_list("number", flat=True)) == list(range(1, 9))
    _check_chains()


def test_the_same_cause_posted_by_eight_is_posted_once(transactional_db: None) -> None:
    regie = make_regie("AAA", "Première")

    results = eight(post(regie, "once"))

    assert sum(isinstance(result, Entry) for result in results) == 1
    assert sum(isinstance(result, ledger.AlreadyPosted) for result in results) == EIGHT - 1
    _check_chains()


@pytest.mark.parametrize("guard", ["lock", "none"])
def test_neg_without_the_lock_of_the_regie_entries_collide(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch, guard: str
) -> None:
    regie, meeting = make_regie("AAA", "Première"), Meeting(guard)
    chain = ledger.chain_hash

    def slowly(*args: Any) -> str:
        meeting.wait()
        return chain(*args)

    monkeypatch.setattr(ledger, "chain_hash", slowly)
    if guard == "none":
        monkeypatch.setattr(RegieQuerySet, "locked", without_lock)

    results = at_once(post(regie, "one"), post(regie, "two"))

    broken = [result for result in results if isinstance(result, Exception)]
    assert len(broken) == (1 if guard == "none" else 0)
    assert all(isinstance(item, IntegrityError) for item in broken)


def _check_chains() -> None:
    for regie in Regie.objects.order_by("id"):
        heads = [""]
        for entry in Entry.objects.filter(regie=regie).order_by("number"):
            assert entry.previous_hash == heads[-1]
            heads.append(entry.hash)
        assert regie.entry_head == heads[-1]
        sums = regie.balances.order_by().aggregate(debit=models.Sum("debit"), credit=models.Sum("credit"))
        assert sums["debit"] == sums["credit"] == 100 * (len(heads) - 1)
