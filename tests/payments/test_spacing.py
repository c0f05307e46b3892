"""Whoever rings, the bank is asked about a payment at once, then more and more seldom."""

import pytest

from tests.payfip_simulator.live import RunningSimulator
from tests.payments.steps import pay, ring, state_of, sweep
from tests.world import Town, make_invoice

pytestmark = pytest.mark.django_db
SECOND = 1 / 60


def test_a_storm_of_forged_rings_makes_few_questions(payfip_town: Town, simulator: RunningSimulator) -> None:
    """One live idop made the town ring the DGFiP as fast as its worker goes: 49 questions for 149 rings in 20 s."""
    attempt = pay(make_invoice(payfip_town))
    for n in range(40):
        ring(attempt, 1 + n * SECOND / 2)
    assert simulator.payment(attempt.gateway_reference)["detail_calls"] == 1
    for n in range(60):
        ring(attempt, 2 + n * SECOND * 5)
        if n % 12 == 0:
            sweep(attempt, 2 + n * SECOND * 5)
    assert simulator.payment(attempt.gateway_reference)["detail_calls"] <= 10, (
        "five minutes of rings, with the worker's own questions"
    )
    assert state_of(attempt) == "waiting"


def test_a_ring_that_came_too_early_is_answered_by_the_sweep(payfip_town: Town, simulator: RunningSimulator) -> None:
    attempt = pay(make_invoice(payfip_town))
    ring(attempt, 1)
    simulator.pay(attempt.gateway_reference)
    ring(attempt, 1 + SECOND)
    assert state_of(attempt) == "waiting"
    sweep(attempt, 2)
    assert state_of(attempt) == "paid"
