"""What a person does about what the product cannot decide."""

import pytest

from obole.gateways.base import Exchange, Outcome, Status
from obole.lib import actors
from obole.payments import operations as payments
from obole.payments.models import Anomaly, Attempt
from obole.payments.operations.anomalies import NoteMissing
from obole.payments.operations.starting import AlreadyInProgress
from tests.actors import somebody
from tests.payfip_simulator.live import RunningSimulator
from tests.payments.steps import anomalies, come_back, pay, state_of, verbs
from tests.world import Town, later, make_invoice

pytestmark = pytest.mark.django_db

WHO = somebody("regisseur")


def test_closing_an_unknown_answer_lets_the_invoice_be_tried_again_and_goes_on_watching(
    payfip_town: Town, simulator: RunningSimulator
) -> None:
    invoice = make_invoice(payfip_town)
    first = pay(invoice)
    simulator.pay(first.gateway_reference or "", "P", notify=False)
    simulator.control(unknown_result="Y")
    come_back(first, 3)
    simulator.control(unknown_result="")
    with pytest.raises(AlreadyInProgress):
        pay(invoice, 40)

    anomaly = Anomaly.objects.get()
    payments.close_anomaly(
        anomaly_id=anomaly.pk, note="La banque confirme un échec.", actor=somebody("regisseur"), at=later(41)
    )
    second = pay(invoice, 42)

    assert (state_of(first), state_of(second)) == ("waiting", "waiting")
    come_back(first, 44)
    assert (state_of(first), state_of(invoice)) == ("paid", "paid")


def test_an_anomaly_is_closed_with_a_sentence_and_once(payfip_town: Town, simulator: RunningSimulator) -> None:
    attempt = pay(make_invoice(payfip_town))
    simulator.pay(attempt.gateway_reference or "", "P", notify=False)
    simulator.control(unknown_result="Y")
    come_back(attempt, 3)
    anomaly = Anomaly.objects.get()
    with pytest.raises(NoteMissing):
        payments.close_anomaly(anomaly_id=anomaly.pk, note="  ", actor=somebody("regisseur"), at=later(4))

    payments.close_anomaly(anomaly_id=anomaly.pk, note="vu", actor=somebody("regisseur"), at=later(5))
    payments.close_anomaly(anomaly_id=anomaly.pk, note="revu", actor=somebody("autre"), at=later(6))

    anomaly.refresh_from_db()
    assert (anomaly.note, anomaly.closed_by.name, anomaly.closed_at) == ("vu", "regisseur", later(5))


def hear_unknown(attempt: Attempt, said: str, minutes: float = 0, days: int = 0) -> None:
    outcome = Outcome(
        status=Status.UNKNOWN, said=said, exchange=Exchange(request="?", response=said), facts={}, amount_cents=None
    )
    at = later(minutes, days)
    payments.apply_gateway_status(attempt_id=attempt.pk, outcome=outcome, actor=actors.gateway("payfip"), at=at)


def close(anomaly: Anomaly, minutes: float) -> None:
    payments.close_anomaly(anomaly_id=anomaly.pk, note="La banque ne sait pas.", actor=WHO, at=later(minutes))


def test_another_unknown_answer_asks_again_whoever_closed_the_first(town: Town) -> None:
    attempt = pay(make_invoice(town))
    hear_unknown(attempt, "Q9", 3)
    asked = Anomaly.objects.get()
    close(asked, 10)

    hear_unknown(attempt, "Q9", 12)
    asked.refresh_from_db()
    assert asked.closed_at == later(10), "the same word was already decided"

    hear_unknown(attempt, "W", 14)
    asked.refresh_from_db()
    assert (asked.closed_at, asked.details, asked.outcome) == (None, "W", "")
    assert verbs(attempt)[-1] == "anomaly.reopen"
    close(asked, 20)


def test_an_attempt_of_which_the_bank_says_only_unknown_words_ends_after_seven_days(town: Town) -> None:
    attempt = pay(make_invoice(town))
    hear_unknown(attempt, "W", 3)
    close(Anomaly.objects.get(), 10)

    hear_unknown(attempt, "W", days=8)

    assert (state_of(attempt), attempt.next_ask_at) == ("expired", None)
    assert anomalies() == ["unknown", "no_answer"]
    assert Anomaly.objects.get(closed_at=None).kind == "no_answer"
