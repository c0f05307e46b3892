"""How the news of a payment comes, in which order, how often, and forged: F01 to F06, F09 to F13."""

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings as hypothesis_settings, strategies as st
from procrastinate.contrib.django.models import ProcrastinateJob

from obole.gateways import registry
from obole.payments import operations as payments, rules
from obole.payments.models import Attempt
from obole.payments.operations import polling
from obole.portal import payment_flow
from obole.regies.models import Regie
from tests.books import count_everything
from tests.faults.steps import (
    RED,
    assert_booked_once,
    believe_the_doorbell,
    nothing_differs,
    nothing_is_final,
    return_page,
    ring_now,
)
from tests.payfip_simulator.live import RunningSimulator
from tests.payments.conftest import payfip_settings
from tests.payments.steps import assert_nothing_received, come_back, held, pay, state_of, sweep
from tests.portal.conftest import Clock
from tests.world import Town, make_invoice, make_regie, make_type, run_tasks

pytestmark = pytest.mark.django_db
UNKNOWN = "f3c2a1e0-8d7b-11f0-9a44-0242ac120002"


@pytest.fixture
def attempt(payfip_town: Town, clock: Clock) -> Attempt:
    """Return an attempt that is waiting at the bank."""
    return pay(make_invoice(payfip_town))


@pytest.fixture
def paid(attempt: Attempt, simulator: RunningSimulator) -> Attempt:
    """Return an attempt that the bank was paid for, and that nobody told us of."""
    simulator.pay(attempt.gateway_reference or "", "P", notify=False)
    return attempt


def f01(paid: Attempt) -> None:
    ring_now(idop=paid.gateway_reference)
    assert state_of(paid) == "paid"
    assert "Paiement reçu" in return_page(paid)
    ring_now(idop=paid.gateway_reference)
    assert_booked_once(paid)


def test_f01_a_notification_before_the_return_settles_once_and_the_return_shows_it(paid: Attempt) -> None:
    f01(paid)


def test_neg_f01_a_booked_payment_that_is_heard_again_breaks(paid: Attempt, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing_is_final(monkeypatch)
    with pytest.raises(RED):
        f01(paid)


def test_f02_a_return_before_any_notification_asks_the_bank_itself(paid: Attempt) -> None:
    assert "Paiement reçu" in return_page(paid)
    assert_booked_once(paid)


@pytest.mark.parametrize("how", ["no result yet", "silence"])
def test_f02_a_return_that_learns_nothing_waits_and_never_says_failed(
    attempt: Attempt, simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    if how == "silence":
        monkeypatch.setattr(payment_flow, "RETURN_SECONDS", 0.3)
        simulator.control(hang_detail_seconds=2)
    page = return_page(attempt)
    assert "ne payez pas une seconde fois" in page and 'http-equiv="refresh"' in page
    assert "refus" not in page and "abandonn" not in page
    assert_nothing_received(attempt.invoice)


def test_neg_f02_a_return_that_does_not_ask_shows_nothing(paid: Attempt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payment_flow.payments, "resolve_attempt", lambda **_values: paid)
    with pytest.raises(RED):
        assert "Paiement reçu" in return_page(paid)


def f03(paid: Attempt) -> None:
    ring_now(idop=paid.gateway_reference)
    assert_booked_once(paid)


def test_f03_a_closed_tab_is_settled_by_the_notification_and_mailed(paid: Attempt) -> None:
    f03(paid)


def test_neg_f03_a_ring_that_queues_no_question_settles_nothing(paid: Attempt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "defer_once", lambda *_args, **_values: False)
    with pytest.raises(RED):
        f03(paid)


def test_f04_without_any_notification_the_return_settles(paid: Attempt, simulator: RunningSimulator) -> None:
    """The bank of these tests never notifies unless a test rings: the whole suite is right without it."""
    return_page(paid)
    assert simulator.payment(paid.gateway_reference or "")["notifications"] == []
    assert_booked_once(paid)


def test_neg_f04_a_return_that_believes_the_state_it_finds_settles_nothing(
    paid: Attempt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payment_flow.payments, "resolve_attempt", lambda **_values: paid)
    return_page(paid)
    with pytest.raises(RED):
        assert_booked_once(paid)


def f05(paid: Attempt) -> None:
    for minutes in range(1, 20, 2):
        sweep(paid, minutes)
    assert_booked_once(paid)
    assert paid.ended_at is not None and paid.ended_at - paid.opened_at < timedelta(minutes=20)


def test_f05_with_neither_the_sweep_settles_within_twenty_minutes(
    payfip_town: Town, simulator: RunningSimulator
) -> None:
    attempt = pay(make_invoice(payfip_town))
    simulator.pay(attempt.gateway_reference or "", "P", notify=False)
    f05(attempt)


def test_neg_f05_a_lazy_sweep_is_too_late(
    payfip_town: Town, simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lazily(*, opened_at: datetime, at: datetime) -> datetime:
        return at + timedelta(hours=1)

    monkeypatch.setattr(rules, "next_poll_at", lazily)
    attempt = pay(make_invoice(payfip_town))
    simulator.pay(attempt.gateway_reference or "", "P", notify=False)
    with pytest.raises(RED):
        f05(attempt)


def f06(paid: Attempt) -> None:
    for _ring in range(10):
        ring_now(idop=paid.gateway_reference)
    assert_booked_once(paid)


def test_f06_ten_notifications_one_after_the_other_book_one_payment(paid: Attempt) -> None:
    f06(paid)


def test_neg_f06_without_the_guard_the_second_notification_breaks(
    paid: Attempt, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing_is_final(monkeypatch)
    with pytest.raises(RED):
        f06(paid)


def f09(simulator: RunningSimulator, caplog: pytest.LogCaptureFixture) -> None:
    run_tasks()
    asked, before = simulator.calls(), count_everything()
    with caplog.at_level(logging.DEBUG):
        for _ring in range(5):
            ring_now(idop=UNKNOWN)
    assert (simulator.calls(), count_everything()) == (asked, before)
    assert not ProcrastinateJob.objects.filter(task_name="payments.resolve").exists()
    assert UNKNOWN not in " ".join(record.getMessage() for record in caplog.records if record.name.startswith("obole"))


def test_f09_an_unknown_payment_gets_the_same_answer_and_asks_the_bank_nothing(
    attempt: Attempt, simulator: RunningSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    f09(simulator, caplog)


def test_neg_f09_a_product_that_asks_before_it_looks_is_an_amplifier(
    attempt: Attempt, simulator: RunningSimulator, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask_first(*, gateway_reference: str, **_values: Any) -> bool:
        registry.build("payfip", attempt.regie.gateway_settings, timeout=5).ask(gateway_reference)
        return False

    monkeypatch.setattr(payments, "record_notification", ask_first)
    with pytest.raises(RED):
        f09(simulator, caplog)


def f10(attempt: Attempt) -> None:
    ring_now(idop=attempt.gateway_reference)
    assert state_of(attempt) == "waiting"
    assert_nothing_received(attempt.invoice)


@pytest.mark.parametrize(("result", "state"), [("A", "abandoned"), ("R", "refused")])
def test_f10_a_forged_notification_moves_nothing_but_what_the_bank_says(
    attempt: Attempt, clock: Clock, simulator: RunningSimulator, result: str, state: str
) -> None:
    f10(attempt)
    simulator.pay(attempt.gateway_reference or "", result, notify=False)
    # Whoever rings again within half a minute is answered by the sweep that follows.
    ring_now(idop=attempt.gateway_reference)
    clock.at += timedelta(seconds=31)
    payments.sweep(at=clock.at)
    run_tasks()
    assert state_of(attempt) == state
    assert_nothing_received(attempt.invoice)


def test_neg_f10_a_product_that_believes_the_doorbell_is_robbed(
    attempt: Attempt, monkeypatch: pytest.MonkeyPatch
) -> None:
    believe_the_doorbell(monkeypatch)
    with pytest.raises(RED):
        f10(attempt)


CLAIMS = st.dictionaries(
    st.sampled_from(["resultrans", "montant", "refdet", "numcli", "numauto", "saisie", "etat", "x"])
    | st.text(max_size=9),
    st.sampled_from(["P", "V", "5200", "W", "paid"]) | st.text(max_size=20),
    max_size=6,
)


@hypothesis_settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(claims=CLAIMS)
def test_f11_whatever_else_a_notification_claims_is_ignored(attempt: Attempt, claims: dict[str, str]) -> None:
    harmless = {name: value for name, value in claims.items() if name.lower() != "idop"}
    ring_now(**{**harmless, "idop": attempt.gateway_reference})
    assert state_of(attempt) == "waiting"
    assert_nothing_received(attempt.invoice)


def test_neg_f11_a_claim_that_is_believed_is_money(attempt: Attempt, monkeypatch: pytest.MonkeyPatch) -> None:
    believe_the_doorbell(monkeypatch)
    ring_now(idop=attempt.gateway_reference, resultrans="P")
    with pytest.raises(RED):
        assert_nothing_received(attempt.invoice)


def other_regie(town: Town, simulator: RunningSimulator) -> tuple[Regie, Attempt]:
    """Return a second régie, with its own client number at the bank, and an attempt to pay it."""
    regie = make_regie(
        "SPO", "Régie Sport", gateway="payfip", gateway_settings=payfip_settings(simulator, client_number="006270")
    )
    sport = make_type(regie, [town.scheme], name="Sport")
    return regie, pay(make_invoice(replace(town, type=sport)))


def f12(attempt: Attempt, simulator: RunningSimulator, town: Town) -> None:
    other, theirs = other_regie(town, simulator)
    simulator.pay(theirs.gateway_reference or "", "P", notify=False)
    # Their payment, announced as if it were ours: only the stored reference counts.
    ring_now(idop=theirs.gateway_reference, numcli="006382", refdet=attempt.reference)
    assert (state_of(theirs), state_of(attempt)) == ("paid", "waiting")
    assert (held(other, "revenue_due"), held(town.regie, "revenue_due", "suspense")) == ((5200,), (0, 0))
    # And the bank's answer with another régie's client number is money for nobody's invoice.
    simulator.pay(attempt.gateway_reference or "", "P", notify=False)
    simulator.control(detail_override={"numcli": "006270"})
    come_back(attempt, 5)
    assert (state_of(attempt.invoice), held(town.regie, "suspense")) == ("due", (5200,))


def test_f12_a_payment_of_another_regie_credits_the_other_regie(
    attempt: Attempt, simulator: RunningSimulator, payfip_town: Town
) -> None:
    f12(attempt, simulator, payfip_town)


def test_neg_f12_without_the_comparison_another_regie_s_money_settles(
    attempt: Attempt, simulator: RunningSimulator, payfip_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing_differs(monkeypatch)
    with pytest.raises(RED):
        f12(attempt, simulator, payfip_town)


def f13(attempt: Attempt, simulator: RunningSimulator, town: Town) -> None:
    """
    A small paid reference, replayed on the large invoice: by the notification, by the return, then in the database
    itself.
    """
    small = pay(make_invoice(town, meals=1))
    simulator.pay(small.gateway_reference or "", "P", notify=False)
    ring_now(idop=small.gateway_reference, refdet=attempt.reference)
    assert "Paiement reçu" not in return_page(attempt)
    assert (state_of(small), state_of(attempt), state_of(attempt.invoice)) == ("paid", "waiting", "due")
    stolen = simulator.payment(small.gateway_reference or "")["idop"]
    Attempt.objects.filter(pk=small.pk).update(gateway_reference=UNKNOWN)
    Attempt.objects.filter(pk=attempt.pk).update(gateway_reference=stolen)
    come_back(attempt, 5)
    assert (state_of(attempt.invoice), attempt.invoice.received_cents) == ("due", 0)


def test_f13_a_small_payment_replayed_on_a_large_invoice_does_not_settle_it(
    attempt: Attempt, simulator: RunningSimulator, payfip_town: Town
) -> None:
    f13(attempt, simulator, payfip_town)


def test_neg_f13_without_the_comparison_the_replay_counts(
    attempt: Attempt, simulator: RunningSimulator, payfip_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing_differs(monkeypatch)
    with pytest.raises(RED):
        f13(attempt, simulator, payfip_town)
