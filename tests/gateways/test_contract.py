"""What every gateway must do, whatever the bank. A new one only has to say here how to make its bank answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from obole.gateways.base import BadCallback, BadSettings, Gateway, Order, Rejected, Status, Unreachable, differences
from obole.gateways.registry import GATEWAYS, UnknownGateway, build, check_settings, explain, settings_fields
from obole.gateways.sandbox.gateway import Sandbox
from tests.gateways.payfip import bank as payfip_bank
from tests.gateways.payfip.bank import Bank, Reply, an_order, is_start, recording


@dataclass
class Scene:
    """A gateway, and the order after which its bank will answer ``ask`` in the way that a test wants."""

    gateway: Gateway
    order_that_ends: Callable[[str], Order]


PAYFIP_ENDINGS = {
    "paid": "paid.xml",
    "debit": "debit.xml",
    "refused": "refused.xml",
    "abandoned": "abandoned.xml",
    "pending": "p5.xml",
    "missing": "p1.xml",
    "silent": "unavailable.xml",
    "unknown": "unknown_letter.xml",
    "altered": "altered_amount.xml",
    "rejected": "a2.xml",
    "silent at start": "unavailable.xml",
}
SANDBOX_ENDINGS = {
    "paid": 50,
    "debit": 10,
    "refused": 1,
    "abandoned": 2,
    "pending": 3,
    "missing": 4,
    "silent": 5,
    "unknown": 8,
    "altered": 9,
    "rejected": 7,
    "silent at start": 6,
}


def payfip_scene(bank: Bank) -> Scene:
    def order_that_ends(ending: str) -> Order:
        start = "created.xml"
        if ending in {"rejected", "silent at start"}:
            start = PAYFIP_ENDINGS[ending]
        bank.reply = lambda question: Reply(recording(start if is_start(question) else PAYFIP_ENDINGS[ending]))
        return an_order()

    return Scene(payfip_bank.payfip(bank), order_that_ends)


def sandbox_scene(bank: Bank) -> Scene:
    return Scene(Sandbox({}, timeout=1), lambda ending: an_order(amount_cents=4200 + SANDBOX_ENDINGS[ending]))


SCENES = {"payfip": payfip_scene, "sandbox": sandbox_scene}
RIGHT_SETTINGS: Mapping[str, Mapping[str, str]] = {"payfip": {"client_number": "006382"}, "sandbox": {}}


@pytest.fixture(params=sorted(GATEWAYS))
def kind(request: pytest.FixtureRequest) -> str:
    assert request.param in SCENES, "say in SCENES how to make this bank answer"
    return str(request.param)


@pytest.fixture
def scene(kind: str, bank: Bank) -> Scene:
    return SCENES[kind](bank)


def test_the_registry_knows_a_gateway_by_its_kind(kind: str) -> None:
    gateway = build(kind, RIGHT_SETTINGS[kind], timeout=1)

    assert gateway.kind == kind
    assert gateway.name
    assert 0 < gateway.limits.min_cents < gateway.limits.max_cents <= 10_000_000
    assert gateway.limits.window_minutes > 0


@pytest.mark.parametrize(
    ("ending", "status"),
    [
        ("paid", Status.PAID_BY_CARD),
        ("debit", Status.PAID_BY_DEBIT),
        ("refused", Status.REFUSED),
        ("abandoned", Status.ABANDONED),
    ],
)
def test_a_result_gives_back_what_was_sent(scene: Scene, ending: str, status: Status) -> None:
    order = scene.order_that_ends(ending)
    redirect = scene.gateway.start(order)

    outcome = scene.gateway.ask(redirect.gateway_reference)

    sent = {**scene.gateway.sent_facts(order), "gateway_reference": redirect.gateway_reference}
    assert outcome.status is status
    assert outcome.amount_cents == order.amount_cents
    assert set(sent) == {"reference", "amount", "client", "year", "mode", "gateway_reference"}
    assert differences(sent, outcome.facts) == ()
    assert outcome.said
    assert outcome.exchange.request
    assert outcome.exchange.response


@pytest.mark.parametrize(("ending", "status"), [("pending", Status.PENDING), ("missing", Status.MISSING)])
def test_no_result_has_no_facts(scene: Scene, ending: str, status: Status) -> None:
    redirect = scene.gateway.start(scene.order_that_ends(ending))

    outcome = scene.gateway.ask(redirect.gateway_reference)

    assert (outcome.status, outcome.amount_cents, dict(outcome.facts)) == (status, None, {})


def test_a_word_that_we_do_not_know_is_for_a_person(scene: Scene) -> None:
    redirect = scene.gateway.start(scene.order_that_ends("unknown"))

    outcome = scene.gateway.ask(redirect.gateway_reference)

    assert outcome.status is Status.UNKNOWN
    assert outcome.said


def test_another_amount_is_a_difference(scene: Scene) -> None:
    order = scene.order_that_ends("altered")
    redirect = scene.gateway.start(order)

    outcome = scene.gateway.ask(redirect.gateway_reference)

    assert differences(scene.gateway.sent_facts(order), outcome.facts) == ("amount",)
    assert outcome.amount_cents not in {None, order.amount_cents}


def test_a_silent_bank_tells_nothing(scene: Scene) -> None:
    redirect = scene.gateway.start(scene.order_that_ends("silent"))

    with pytest.raises(Unreachable) as caught:
        scene.gateway.ask(redirect.gateway_reference)
    assert redirect.gateway_reference in caught.value.exchange.request


@pytest.mark.parametrize(("ending", "error"), [("rejected", Rejected), ("silent at start", Unreachable)])
def test_a_start_that_fails(scene: Scene, ending: str, error: type[Exception]) -> None:
    order = scene.order_that_ends(ending)

    with pytest.raises(error):
        scene.gateway.start(order)


@pytest.mark.parametrize("edge", ["min_cents", "max_cents"])
def test_the_limits_of_the_amount_hold(scene: Scene, bank: Bank, edge: str) -> None:
    scene.order_that_ends("paid")
    cents = getattr(scene.gateway.limits, edge) + (-1 if edge == "min_cents" else 1)

    with pytest.raises(Rejected):
        scene.gateway.start(an_order(amount_cents=cents))
    assert bank.asked == []


def test_the_limit_of_the_email_holds(scene: Scene, bank: Bank) -> None:
    length = scene.gateway.limits.email_max_length
    scene.order_that_ends("paid")

    with pytest.raises(Rejected):
        scene.gateway.start(an_order(email="a" * length + "@example.org"))
    assert bank.asked == []


def test_a_callback_leads_back_to_the_payment(scene: Scene) -> None:
    redirect = scene.gateway.start(scene.order_that_ends("paid"))

    assert scene.gateway.read_callback({"idop": redirect.gateway_reference}) == redirect.gateway_reference


@pytest.mark.parametrize("body", [{}, {"idop": ""}, {"idop": "nothing"}, {"other": "x"}])
def test_a_callback_without_a_reference_is_bad(scene: Scene, body: dict[str, str]) -> None:
    with pytest.raises(BadCallback):
        scene.gateway.read_callback(body)


def test_nothing_is_known_of_a_reference_that_is_not_one(scene: Scene) -> None:
    with pytest.raises(Unreachable):
        scene.gateway.ask("nothing")


def test_the_bank_says_who_we_are(kind: str, bank: Bank) -> None:
    bank.says("client.xml")

    identity = SCENES[kind](bank).gateway.identify()

    assert identity.client
    assert identity.labels


def test_settings_are_declared_whole(kind: str) -> None:
    names = [field.name for field in settings_fields(kind)]

    assert len(names) == len(set(names))
    for field in settings_fields(kind):
        assert field.label and field.help and field.example
        assert check_settings(kind, {**RIGHT_SETTINGS[kind], field.name: field.example}) == {}
        assert not field.default or check_settings(kind, {**RIGHT_SETTINGS[kind], field.name: field.default}) == {}


@pytest.mark.parametrize("value", [None, "", 0, 12, [], {}, "\n", "x" * 10_000, "é", "\x00"])
def test_checking_settings_never_raises(kind: str, value: Any) -> None:
    for field in settings_fields(kind):
        wrong = check_settings(kind, {**RIGHT_SETTINGS[kind], field.name: value})
        assert set(wrong) <= {field.name}
        assert all(sentence.strip() for sentence in wrong.values())


def test_wrong_settings_build_nothing(kind: str) -> None:
    wrong: Any = {field.name: "\n" for field in settings_fields(kind)}
    if not wrong:
        return
    with pytest.raises(BadSettings) as caught:
        build(kind, wrong, timeout=1)
    assert caught.value.errors == check_settings(kind, wrong)


def test_a_code_that_nobody_knows_has_no_explanation(kind: str) -> None:
    assert explain(kind, "ZZ99") == ""


def test_a_kind_that_does_not_exist() -> None:
    for question in (settings_fields, lambda kind: build(kind, {}, timeout=1)):
        with pytest.raises(UnknownGateway):
            question("lingots")
