"""The same news heard by eight at once is booked once; and what happens without the guard."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, models, transaction

from obole.gateways.base import Exchange, Outcome, Status
from obole.payments import operations as payments
from obole.payments.models import Attempt, Receipt
from obole.regies import ledger
from obole.regies.accounts import Account
from obole.regies.models import Entry, Regie, RegieQuerySet
from obole.trail.models import Record
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
        invoice_id=invoice.pk, email="usager@example.org", request_key=f"k{invoice.pk}", actor="usager", at=NOON
    )


def hear(attempt: Attempt, status: Status) -> Callable[[], Attempt]:
    outcome = Outcome(
        status=status,
        said=status,
        exchange=Exchange(request="?", response=status),
        facts=attempt.sent,
        amount_cents=5200,
    )
    return lambda: payments.hear_outcome(attempt_id=attempt.pk, outcome=outcome, actor="payfip", at=later(3))


def counts() -> tuple[int, int, int]:
    """Return how many postings, receipts and records one payment made."""
    return (
        Entry.objects.filter(cause_kind="receipt").count(),
        Receipt.objects.count(),
        Record.objects.filter(verb="attempt.pay").count(),
    )


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
        from_suspense = ledger.transfer(debit=Account.CASH, credit=Account.SUSPENSE, cents=cents)
        with transaction.atomic():
            return ledger.post(
                regie_id=regie.pk, cause=ledger.Cause(kind="test", key=key), postings=from_suspense, label=key, at=NOON
            )

    return act


def test_entries_posted_at_once_are_numbered_and_chained(transactional_db: None) -> None:
    regie, other = make_regie("AAA", "Première"), make_regie("BBB", "Seconde")
    acts = [post(one, f"{one.code}{n}") for n in range(10) for one in (regie, other)]

    given(at_once(*acts[:8]), Entry)
    given(at_once(*acts[8:16]), Entry)

    for one in (regie, other):
        assert sorted(Entry.objects.filter(regie=one).values_list("number", flat=True)) == list(range(1, 9))
    _check_chains()


def test_the_same_cause_posted_by_eight_is_posted_once(transactional_db: None) -> None:
    regie = make_regie("AAA", "Première")

    results = eight(post(regie, "once"))

    assert sum(isinstance(one, Entry) for one in results) == 1
    assert sum(isinstance(one, ledger.AlreadyPosted) for one in results) == EIGHT - 1
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

    broken = [one for one in results if isinstance(one, Exception)]
    assert len(broken) == (1 if guard == "none" else 0)
    assert all(isinstance(one, IntegrityError) for one in broken)


def _check_chains() -> None:
    for regie in Regie.objects.order_by("id"):
        heads = [""]
        for entry in Entry.objects.filter(regie=regie).order_by("number"):
            assert entry.previous_hash == heads[-1]
            heads.append(entry.hash)
        assert regie.entry_head == heads[-1]
        sums = regie.balances.order_by().aggregate(debit=models.Sum("debit"), credit=models.Sum("credit"))
        assert sums["debit"] == sums["credit"] == 100 * (len(heads) - 1)
