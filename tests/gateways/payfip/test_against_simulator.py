"""The gateway against the project's PayFiP simulator: two programs that share no code."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from obole.gateways.base import Gateway, Outcome, Rejected, Status, Unreachable, differences
from obole.gateways.registry import build
from tests.gateways.payfip.bank import CLIENT, an_order
from tests.payfip_simulator.live import RunningSimulator, start_simulator

SLACK = 2.0
"""Seconds that a busy machine may add."""


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSimulator]:
    with start_simulator() as simulator:
        yield simulator


@pytest.fixture
def simulator(running: RunningSimulator, monkeypatch: pytest.MonkeyPatch) -> RunningSimulator:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    running.reset(payments=True)
    return running


def gateway(simulator: RunningSimulator, *, timeout: float = 10, client: str = CLIENT) -> Gateway:
    settings = {
        "client_number": client,
        "mode": "T",
        "service_url": simulator.soap_url,
        "payment_page_url": simulator.page_url,
    }
    return build("payfip", settings, timeout=timeout)


def compare(simulator: RunningSimulator, outcome: Outcome, reference: str) -> tuple[str, ...]:
    sent = {**gateway(simulator).sent_facts(an_order()), "gateway_reference": reference}
    return differences(sent, outcome.facts)


@pytest.mark.parametrize(
    ("letter", "status", "authorised"),
    [
        ("P", Status.PAID_BY_CARD, True),
        ("V", Status.PAID_BY_DEBIT, True),
        ("R", Status.REFUSED, False),
        ("Z", Status.REFUSED, False),
        ("A", Status.ABANDONED, False),
    ],
)
def test_from_the_start_to_the_result(
    simulator: RunningSimulator, letter: str, status: Status, authorised: bool
) -> None:
    redirect = gateway(simulator).start(an_order())
    reference = redirect.gateway_reference
    assert redirect.url == f"{simulator.page_url}?idop={reference}"
    assert gateway(simulator).ask(reference).status is Status.PENDING

    simulator.pay(reference, letter, notify=False)
    outcome = gateway(simulator).ask(reference)

    assert (outcome.status, outcome.said, outcome.amount_cents) == (status, letter, 4250)
    assert bool(outcome.authorisation) is authorised
    assert outcome.bank_time is not None
    assert compare(simulator, outcome, reference) == ()


def test_a_payment_that_the_bank_does_not_know(simulator: RunningSimulator) -> None:
    outcome = gateway(simulator).ask("00000000-8d7b-11f0-9a44-0242ac120002")

    assert (outcome.status, outcome.said) == (Status.MISSING, "P1")


def test_abandoned_then_paid(simulator: RunningSimulator) -> None:
    reference = gateway(simulator).start(an_order()).gateway_reference
    simulator.pay(reference, "A", notify=False)
    assert gateway(simulator).ask(reference).status is Status.ABANDONED

    simulator.pay(reference, "P", notify=False)

    assert gateway(simulator).ask(reference).status is Status.PAID_BY_CARD


@pytest.mark.parametrize(
    ("switches", "names"),
    [
        ({"amount_delta_cents": 1}, ("amount",)),
        ({"altered_fields": ["refdet"]}, ("reference",)),
        ({"altered_fields": ["numcli"]}, ("client",)),
        ({"altered_fields": ["exer"]}, ("year",)),
        ({"altered_fields": ["saisie"]}, ("mode",)),
        ({"detail_override": {"exer": "26"}}, ()),
        ({"detail_override": {"refdet": None}}, ("reference",)),
        ({"response_idop_element": "idop"}, ()),
        ({"shuffle_children": True}, ()),
        ({"strict_order": True}, ()),
    ],
)
def test_what_the_bank_alters_is_seen(
    simulator: RunningSimulator, switches: dict[str, Any], names: tuple[str, ...]
) -> None:
    simulator.control(**switches)
    reference = gateway(simulator).start(an_order()).gateway_reference
    simulator.pay(reference, "P", notify=False)

    outcome = gateway(simulator).ask(reference)

    assert outcome.status is Status.PAID_BY_CARD
    assert compare(simulator, outcome, reference) == names


def test_a_letter_that_nobody_knows(simulator: RunningSimulator) -> None:
    reference = gateway(simulator).start(an_order()).gateway_reference
    simulator.pay(reference, "P", notify=False)
    simulator.control(unknown_result="Y")

    outcome = gateway(simulator).ask(reference)

    assert (outcome.status, outcome.said) == (Status.UNKNOWN, "Y")


@pytest.mark.parametrize("incident", ["html_502", "html_503", "html_200", "empty", "malformed", "drop"])
def test_an_incident_tells_nothing_and_loses_nothing(simulator: RunningSimulator, incident: str) -> None:
    reference = gateway(simulator).start(an_order()).gateway_reference
    simulator.pay(reference, "P", notify=False)
    simulator.control(answer_creer=incident, answer_detail=incident)

    with pytest.raises(Unreachable):
        gateway(simulator).start(an_order())
    with pytest.raises(Unreachable):
        gateway(simulator).ask(reference)

    simulator.reset()
    assert gateway(simulator).ask(reference).status is Status.PAID_BY_CARD


def test_a_bank_that_accepts_then_hangs(simulator: RunningSimulator) -> None:
    simulator.control(hang_creer_seconds=5)
    began = time.monotonic()

    with pytest.raises(Unreachable):
        gateway(simulator, timeout=0.5).start(an_order())

    assert time.monotonic() - began < 0.5 + SLACK
    assert len(simulator.payments(refdet="CANTINE2026001")) == 1


@pytest.mark.parametrize(("client", "code"), [("999999", "T2"), ("000404", "T4")])
def test_a_client_that_cannot_use_the_service(simulator: RunningSimulator, client: str, code: str) -> None:
    with pytest.raises(Rejected) as caught:
        gateway(simulator, client=client).start(an_order())

    assert caught.value.code == code


def test_who_we_are(simulator: RunningSimulator) -> None:
    identity = gateway(simulator).identify()

    assert (identity.client, len(identity.labels)) == (CLIENT, 3)
