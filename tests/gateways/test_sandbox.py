"""The table of the sandbox, and that it keeps nothing."""

import pytest

from obole.gateways.base import GatewayError, Rejected, Status, Unreachable
from obole.gateways.sandbox.gateway import Sandbox
from tests.gateways.payfip.bank import an_order

SANDBOX = Sandbox({}, timeout=1)

ENDINGS = {1: Status.REFUSED, 2: Status.ABANDONED, 3: Status.PENDING, 4: Status.MISSING, 8: Status.UNKNOWN}
DEAD_ENDS = {5, 6, 7}


@pytest.mark.parametrize("ending", sorted(set(range(100)) - DEAD_ENDS))
def test_the_last_two_digits_decide(ending: int) -> None:
    reference = SANDBOX.start(an_order(amount_cents=1200 + ending)).gateway_reference

    expected = Status.PAID_BY_DEBIT if ending == 10 else ENDINGS.get(ending, Status.PAID_BY_CARD)
    assert Sandbox({}, timeout=1).ask(reference).status is expected


@pytest.mark.parametrize(("ending", "error"), [(6, Unreachable), (7, Rejected)])
def test_a_start_that_fails(ending: int, error: type[GatewayError]) -> None:
    with pytest.raises(error) as caught:
        SANDBOX.start(an_order(amount_cents=1200 + ending))

    assert SANDBOX.explain(caught.value.code) or error is Unreachable


def test_two_payments_have_two_references() -> None:
    assert SANDBOX.start(an_order()).gateway_reference != SANDBOX.start(an_order()).gateway_reference


@pytest.mark.parametrize(
    ("return_url", "mark"), [("https://ville.example/r", "?"), ("https://ville.example/r?a=1", "&")]
)
def test_the_payer_comes_straight_back(return_url: str, mark: str) -> None:
    redirect = SANDBOX.start(an_order(return_url=return_url))

    assert redirect.url == f"{return_url}{mark}idop={redirect.gateway_reference}"


@pytest.mark.parametrize("mode", ["T", "W"])
def test_the_mode_travels_with_the_payment(mode: str) -> None:
    sandbox = Sandbox({"mode": mode}, timeout=1)

    outcome = SANDBOX.ask(sandbox.start(an_order()).gateway_reference)

    assert outcome.facts["mode"] == sandbox.sent_facts(an_order())["mode"] == mode


def test_training_is_the_default() -> None:
    assert SANDBOX.sent_facts(an_order())["mode"] == "T"


def test_a_reference_with_dashes_comes_back_whole() -> None:
    outcome = SANDBOX.ask(SANDBOX.start(an_order(reference="A-B-C")).gateway_reference)

    assert outcome.facts["reference"] == "A-B-C"


@pytest.mark.parametrize("reference", ["", "SBX", "SBX-1-2-3", "SBX-a-b-c-d-e", "XXX-0123abcd-T-1200-2026-R"])
def test_a_reference_of_another_bank(reference: str) -> None:
    with pytest.raises(Unreachable):
        SANDBOX.ask(reference)
