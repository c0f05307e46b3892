"""
Processes that are killed while they settle: all or nothing, and after the sweep settled exactly once. F22, F23, F24.
"""

import signal
from typing import Any

import pytest

from obole.billing.models import Invoice
from obole.lib import actors
from obole.payments import operations as payments
from obole.payments.models import Attempt, Receipt
from obole.payments.operations import gateway_status
from obole.regies import ledger
from tests.books import check_books, count_everything
from tests.payfip_simulator.live import RunningSimulator
from tests.payments.steps import assert_paid_once, mails, pay, state_of, sweep
from tests.races.processes import Told, act, all_at_once
from tests.world import Town, later, make_invoice, run_tasks

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]
STATEMENTS = 40
"""More than the transaction that books a payment has: the last ones of the crowd live."""
FEWEST_STATEMENTS = 12


def paid_at_the_bank(town: Town, simulator: RunningSimulator) -> tuple[Invoice, Attempt]:
    invoice = make_invoice(town, meals=2)
    attempt = pay(invoice)
    simulator.pay(attempt.gateway_reference or "", "P", notify=False)
    return invoice, attempt


def assert_the_sweep_settles_once(invoice: Invoice, attempt: Attempt) -> None:
    """Start again after the crash: the tasks that were queued, then the clock, twice."""
    run_tasks()
    sweep(attempt, 6)
    sweep(attempt, 9)
    assert_paid_once(invoice, attempt)


def die(act_name: str, attempt: Attempt, **given: Any) -> Told:
    (told,) = all_at_once(act(act_name, attempt_id=attempt.pk, **given))
    return told


def test_f22_killed_between_the_bank_s_word_and_the_commit(payfip_town: Town, simulator: RunningSimulator) -> None:
    invoice, attempt = paid_at_the_bank(payfip_town, simulator)
    before = count_everything()

    assert die("dies_before_the_commit", attempt).signal == signal.SIGKILL

    assert (count_everything(), state_of(attempt), state_of(invoice)) == (before, "waiting", "due")
    check_books()
    assert_the_sweep_settles_once(invoice, attempt)


def test_neg_f22_without_the_sweep_the_payment_stays_unknown(
    payfip_town: Town, simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice, attempt = paid_at_the_bank(payfip_town, simulator)
    die("dies_before_the_commit", attempt)
    monkeypatch.setattr(payments, "sweep", lambda *, at: None)

    with pytest.raises(AssertionError):
        assert_the_sweep_settles_once(invoice, attempt)


def test_f23_killed_after_the_commit_before_the_mail(payfip_town: Town, simulator: RunningSimulator) -> None:
    invoice, attempt = paid_at_the_bank(payfip_town, simulator)

    assert die("dies_after_the_commit", attempt).signal == signal.SIGKILL

    assert (state_of(attempt), state_of(invoice), mails()) == ("paid", "paid", [])
    assert_the_sweep_settles_once(invoice, attempt)
    assert mails() == ["payment_receipt"]


def test_neg_f23_a_mail_that_is_not_queued_with_the_payment_is_lost(
    payfip_town: Town, simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were the receipt asked for after the commit, the crash between the two would lose it."""
    invoice, attempt = paid_at_the_bank(payfip_town, simulator)
    monkeypatch.setattr(gateway_status, "defer", lambda *_args, **_kwargs: None)
    payments.resolve_attempt(attempt_id=attempt.pk, actor=actors.PAYER_RETURN, at=later(3))

    assert state_of(invoice) == "paid"
    with pytest.raises(AssertionError):
        assert_the_sweep_settles_once(invoice, attempt)


def test_f24_killed_at_each_statement_of_the_transaction_that_settles(
    payfip_town: Town, simulator: RunningSimulator
) -> None:
    """One process, one payment and one death for each statement, from the first lock to the last row."""
    pairs = [paid_at_the_bank(payfip_town, simulator) for _n in range(STATEMENTS)]

    told = all_at_once(
        *[
            act("dies_at", statement=number, attempt_id=attempt.pk)
            for number, (_invoice, attempt) in enumerate(pairs, start=1)
        ]
    )

    killed = [item.signal == signal.SIGKILL for item in told]
    deaths = killed.index(False)
    assert FEWEST_STATEMENTS < deaths < STATEMENTS
    assert killed == [True] * deaths + [False] * (STATEMENTS - deaths)
    check_books()
    assert [state_of(attempt) for _invoice, attempt in pairs] == ["waiting"] * deaths + ["paid"] * (STATEMENTS - deaths)
    assert Receipt.objects.count() == STATEMENTS - deaths
    run_tasks()
    sweep(pairs[0][1], 6)
    sweep(pairs[0][1], 9)
    assert {(state_of(attempt), state_of(invoice)) for invoice, attempt in pairs} == {("paid", "paid")}
    assert (Receipt.objects.count(), mails().count("payment_receipt")) == (STATEMENTS, STATEMENTS)


def test_neg_f24_without_the_transaction_a_death_leaves_half_a_payment(
    payfip_town: Town, simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice, attempt = paid_at_the_bank(payfip_town, simulator)
    before = count_everything()
    hear = gateway_status.apply_gateway_status.__wrapped__  # type: ignore[attr-defined]
    monkeypatch.setattr("obole.payments.operations.polling.apply_gateway_status", hear)
    monkeypatch.setattr(gateway_status.billing, "settle_invoice", _dies)
    _lock_and_write_without_a_transaction(monkeypatch)

    with pytest.raises(KeyboardInterrupt):
        payments.resolve_attempt(attempt_id=attempt.pk, actor=actors.PAYER_RETURN, at=later(3))

    assert state_of(invoice) == "due"
    with pytest.raises(AssertionError):
        assert count_everything() == before


def _dies(**_values: object) -> None:
    raise KeyboardInterrupt


def _lock_and_write_without_a_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db.models import QuerySet  # noqa: PLC0415

    monkeypatch.setattr(QuerySet, "select_for_update", lambda queryset, **_options: queryset.all())
    monkeypatch.setattr(ledger, "require_transaction", lambda _what: None)
