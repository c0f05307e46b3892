"""What a person does about what the product cannot decide."""

import pytest

from obole.payments import operations as payments
from obole.payments.models import Anomaly
from obole.payments.operations.anomalies import NoteMissing
from obole.payments.operations.opening import AlreadyInProgress
from tests.payfip_simulator.live import RunningSimulator
from tests.payments.steps import come_back, pay, state_of
from tests.world import Town, later, make_invoice

pytestmark = pytest.mark.django_db(transaction=True)


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
    payments.close_anomaly(anomaly_id=anomaly.pk, note="La banque confirme un échec.", actor="regisseur", at=later(41))
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
        payments.close_anomaly(anomaly_id=anomaly.pk, note="  ", actor="regisseur", at=later(4))

    payments.close_anomaly(anomaly_id=anomaly.pk, note="vu", actor="regisseur", at=later(5))
    payments.close_anomaly(anomaly_id=anomaly.pk, note="revu", actor="autre", at=later(6))

    anomaly.refresh_from_db()
    assert (anomaly.note, anomaly.closed_by, anomaly.closed_at) == ("vu", "regisseur", later(5))
