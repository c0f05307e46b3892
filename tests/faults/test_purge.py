"""A payment that the bank does not know, or does not know any more: F34."""

import pytest

from obole.payments import rules
from obole.payments.models import Anomaly, Attempt, BankExchange, Receipt
from obole.payments.operations import gateway_status
from tests.faults.steps import RED, only_waiting_is_paid
from tests.payfip_simulator.live import RunningSimulator
from tests.payments.steps import anomalies, assert_nothing_received, come_back, pay, state_of
from tests.world import Town, later, make_invoice, run_tasks

pytestmark = pytest.mark.django_db


def f34(attempt: Attempt, simulator: RunningSimulator) -> None:
    """Opened at noon in Paris: at 05:59 the next day the bank may still learn of it, at 06:00 the night has passed."""
    simulator.control(answer_detail="P1")
    for minutes in (1, 5, 29):
        come_back(attempt, minutes)
        assert (state_of(attempt), attempt.next_ask_at) == ("waiting", later(minutes + 2))
    assert anomalies() == []
    for minutes in (31, 33, 60, 17 * 60 + 59):
        come_back(attempt, minutes)
        assert (state_of(attempt), anomalies()) == ("waiting", ["unknown"])
    assert Anomaly.objects.get().details.startswith("P1 – paiement que la banque n’a jamais connu")
    assert attempt.released_at == later(29), "by the régie's delay, as any payment without a result"
    come_back(attempt, 18 * 60)
    assert (state_of(attempt), attempt.next_ask_at, attempt.ended_at) == ("expired", None, later(18 * 60))
    assert_nothing_received(attempt.invoice)
    simulator.control(answer_detail="normal")
    simulator.pay(attempt.gateway_reference or "", "P", notify=False)
    come_back(attempt, 18 * 60 + 10)
    run_tasks()
    assert (state_of(attempt), state_of(attempt.invoice), anomalies()) == ("paid", "paid", ["unknown"])
    assert Receipt.objects.get().invoice_id == attempt.invoice_id


def test_f34_unknown_to_the_bank_is_looked_at_by_a_person_and_is_no_end_before_the_night(
    payfip_town: Town, simulator: RunningSimulator
) -> None:
    f34(pay(make_invoice(payfip_town)), simulator)


def f34_purged(attempt: Attempt, simulator: RunningSimulator) -> None:
    """Abandoned before the bank's page: known in the day, forgotten in the night. Nobody has anything to look at."""
    come_back(attempt, 5)
    simulator.control(answer_detail="P1")
    for hours in (14, 15, 17):
        come_back(attempt, hours * 60)
        assert (state_of(attempt), anomalies()) == ("waiting", [])
    assert BankExchange.objects.filter(attempt=attempt, kind="ask").count() == 2, "each of its words once"
    come_back(attempt, 18 * 60)
    assert (state_of(attempt), anomalies()) == ("expired", [])


def test_f34_what_the_bank_knew_in_the_day_and_forgot_in_the_night_calls_nobody(
    payfip_town: Town, simulator: RunningSimulator
) -> None:
    f34_purged(pay(make_invoice(payfip_town)), simulator)


def test_neg_f34_without_the_look_at_what_was_known_every_abandoned_payment_calls_a_person(
    payfip_town: Town, simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = pay(make_invoice(payfip_town))
    monkeypatch.setattr(gateway_status, "_was_known", lambda _attempt: False)
    with pytest.raises(RED):
        f34_purged(attempt, simulator)


@pytest.mark.parametrize("guard", ["half an hour", "night", "late truth"])
def test_neg_f34_without_the_doubt_the_night_or_the_late_truth_a_payment_is_lost(
    payfip_town: Town, simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch, guard: str
) -> None:
    attempt = pay(make_invoice(payfip_town))
    if guard == "half an hour":
        monkeypatch.setattr(rules, "PURGE_DOUBT", later(0) - later(0))
    elif guard == "night":
        monkeypatch.setattr(rules, "purge_date", lambda *, opened_at: opened_at + rules.PURGE_DOUBT)
    else:
        only_waiting_is_paid(monkeypatch)
    with pytest.raises(RED):
        f34(attempt, simulator)
