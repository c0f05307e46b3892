"""What the bank may answer, wrongly, late, or not at all: F14 to F21."""

import time
import tracemalloc
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings as hypothesis_settings, strategies as st

from obole.gateways.base import Status
from obole.gateways.payfip import gateway, soap
from obole.gateways.payfip.answers import Answer
from obole.lib import actors
from obole.payments import operations as payments
from obole.payments.models import Anomaly, Attempt, BankExchange
from obole.payments.operations import gateway_status, polling, starting
from payfip_simulator.codes import TECHNICAL
from tests.actors import somebody
from tests.faults.steps import RED, hear_paid, nothing_differs
from tests.gateways.payfip.bank import IDOP, Bank, Reply, is_start, recording
from tests.payfip_simulator.live import RunningSimulator
from tests.payments.conftest import payfip_settings, set_gateway
from tests.payments.steps import (
    anomalies,
    assert_in_suspense,
    assert_nothing_received,
    assert_paid_once,
    come_back,
    mails,
    pay,
    state_of,
    sweep,
    verbs,
)
from tests.world import Town, later, make_invoice, make_town, run_tasks

pytestmark = pytest.mark.django_db
INCIDENTS = ["html_502", "html_503", "html_200", "empty", "malformed", "drop", *TECHNICAL]


@pytest.fixture
def paid(payfip_town: Town, simulator: RunningSimulator) -> Attempt:
    """Return an attempt that the bank was paid for."""
    attempt = pay(make_invoice(payfip_town))
    simulator.pay(attempt.gateway_reference or "", "P", notify=False)
    return attempt


ALTERED: list[tuple[dict[str, object], int]] = [
    ({"amount_delta_cents": -1}, 5199),
    ({"amount_delta_cents": 4800}, 10000),
    ({"altered_fields": ["refdet"]}, 5200),
    ({"altered_fields": ["numcli"]}, 5200),
    ({"altered_fields": ["exer"]}, 5200),
    ({"altered_fields": ["refdet", "numcli"], "amount_delta_cents": 1}, 5201),
]


def f14(paid: Attempt, simulator: RunningSimulator, switches: dict[str, object], cents: int) -> None:
    simulator.control(**switches)
    for minutes in (3, 4):
        come_back(paid, minutes)
    run_tasks()
    assert_in_suspense(paid.invoice, paid, cents, "different")
    assert (paid.invoice.received_cents, mails()) == (0, ["payment_different"])
    with pytest.raises(payments.NotPayableOnline, match="money_waits"):
        pay(paid.invoice, 5)
    task = Anomaly.objects.get(attempt=paid)
    payments.close_anomaly(anomaly_id=task.pk, note="Vu.", keep=True, actor=somebody("regisseur"), at=later(6))
    assert pay(paid.invoice, 7).state == "waiting", "the invoice is still due"


@pytest.mark.parametrize(("switches", "cents"), ALTERED, ids=str)
def test_f14_money_that_is_not_what_was_asked_for_goes_to_suspense(
    paid: Attempt, simulator: RunningSimulator, switches: dict[str, object], cents: int
) -> None:
    f14(paid, simulator, switches, cents)


@pytest.mark.parametrize(("switches", "cents"), [ALTERED[0], ALTERED[2], ALTERED[3], ALTERED[4]], ids=str)
def test_neg_f14_without_the_comparison_it_settles(
    paid: Attempt, simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch, switches: dict[str, object], cents: int
) -> None:
    nothing_differs(monkeypatch)
    with pytest.raises(RED):
        f14(paid, simulator, switches, cents)


def f15(paid: Attempt, simulator: RunningSimulator) -> None:
    simulator.control(detail_override={"saisie": "T"})
    come_back(paid, 3)
    assert state_of(paid) == "tested"
    assert_nothing_received(paid.invoice)
    assert anomalies() == ["different"]


def test_f15_a_bank_in_test_mode_in_production_never_settles_and_calls_a_person(
    paid: Attempt, simulator: RunningSimulator
) -> None:
    f15(paid, simulator)


def test_neg_f15_without_the_look_at_the_mode_play_money_is_booked(
    paid: Attempt, simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_status, "PLAY_MODES", frozenset())
    with pytest.raises(RED):
        f15(paid, simulator)


def f16(paid: Attempt, simulator: RunningSimulator) -> None:
    simulator.control(detail_override={"idOp": IDOP})
    come_back(paid, 3)
    assert (state_of(paid), paid.next_ask_at) == ("waiting", later(5))
    assert_nothing_received(paid.invoice)


def test_f16_an_answer_about_another_payment_is_no_answer(paid: Attempt, simulator: RunningSimulator) -> None:
    f16(paid, simulator)


def test_neg_f16_without_the_look_at_the_reference_it_is_taken(
    paid: Attempt, simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = gateway.call

    def blind(*args: Any, **values: Any) -> Any:
        answer, exchange = call(*args, **values)
        fields = {name: value for name, value in answer.fields.items() if name != "idop"}
        return Answer(fields=fields), exchange

    monkeypatch.setattr(gateway, "call", blind)
    with pytest.raises(RED):
        f16(paid, simulator)


def f17(paid: Attempt, simulator: RunningSimulator, letter: str | None) -> None:
    simulator.control(detail_override={"resultrans": letter})
    come_back(paid, 3)
    assert (state_of(paid), anomalies()) == ("waiting", ["unknown"])
    assert_nothing_received(paid.invoice)


LETTERS = st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=0x24F), max_size=12)


@hypothesis_settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(letter=st.none() | LETTERS.filter(lambda text: text.strip() not in {"P", "V", "R", "Z", "A"}))
def test_f17_a_letter_that_nobody_knows_keeps_the_payment_pending_and_calls_a_person_once(
    paid: Attempt, simulator: RunningSimulator, letter: str | None
) -> None:
    f17(paid, simulator, letter)


@pytest.mark.parametrize("missing", ["montant", "refdet", "numcli", "exer"])
def test_f17_a_result_without_a_field_settles_nothing(paid: Attempt, simulator: RunningSimulator, missing: str) -> None:
    """Without its amount, a payment is not believed at all; without another field, it is money for nobody."""
    simulator.control(detail_override={missing: None})
    come_back(paid, 3)
    assert state_of(paid.invoice) == "due"
    assert anomalies() == (["unknown"] if missing == "montant" else ["different"])
    simulator.control(detail_override={})
    come_back(paid, 5)
    assert state_of(paid.invoice) == ("paid" if missing == "montant" else "due")


def test_neg_f17_a_default_for_unknown_letters_is_a_wrong_state(
    paid: Attempt, simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "WORDS", _Guessing(gateway.WORDS))
    with pytest.raises(RED):
        f17(paid, simulator, "Y")


class _Guessing(dict[str, Status]):
    """Takes an unknown letter for a refusal."""

    def get(self, said: str, _default: Any = None) -> Status:
        return super().get(said, Status.REFUSED)


@pytest.fixture
def odd(bank: Bank) -> Attempt:
    """Return an attempt at a bank that will answer anything."""
    settings = {"client_number": "006382", "mode": "W", "service_url": bank.url, "payment_page_url": bank.url}
    bank.reply = lambda question: Reply(recording("created.xml"))
    return pay(make_invoice(make_town(gateway="payfip", gateway_settings=settings)))


MOST_BYTES = 8 * 1024 * 1024
HOSTILE: dict[str, Callable[[], Reply]] = {
    "malformed": lambda: Reply(recording("malformed.xml")),
    "laughs": lambda: Reply(recording("laughs.xml")),
    "attribute laughs": lambda: Reply(recording("attribute_laughs.xml")),
    "external entity": lambda: Reply(recording("entity.xml")),
    "doctype": lambda: Reply(recording("doctype.xml")),
    "endless": lambda: Reply(b"<a>" * 10_000, endless=True),
    "huge": lambda: _padded(),
    "slow": lambda: Reply(recording("paid.xml"), drip=0.05),
    "silent": lambda: Reply(hang=True),
}


def _padded() -> Reply:
    return Reply(recording("paid.xml").replace(b"</return>", b"<!--" + b"x" * 2_000_000 + b"--></return>"))


def f18(odd: Attempt, bank: Bank, reply: Reply) -> None:
    bank.reply = reply
    began = time.monotonic()
    tracemalloc.start()
    try:
        payments.resolve_attempt(attempt_id=odd.pk, actor=actors.PAYER_RETURN, at=later(3), seconds=0.5)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert time.monotonic() - began < 3 and peak < MOST_BYTES
    assert state_of(odd) == "waiting"
    assert_nothing_received(odd.invoice)
    assert BankExchange.objects.get(kind="ask").outcome.startswith("Unreachable")


@pytest.mark.parametrize("name", HOSTILE)
def test_f18_hostile_xml_is_bounded_in_time_and_size_and_changes_nothing(odd: Attempt, bank: Bank, name: str) -> None:
    assert is_start(bank.asked[0])
    f18(odd, bank, HOSTILE[name]())


def test_neg_f18_without_the_limit_of_size_a_huge_answer_is_read_whole(
    odd: Attempt, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(soap, "MAX_BYTES", 64 * 1024 * 1024)
    with pytest.raises(RED):
        f18(odd, bank, _padded())


def f19(town: Town, simulator: RunningSimulator, incident: str) -> None:
    invoice = make_invoice(town)
    simulator.control(answer_creer=incident)
    attempt = pay(invoice)
    assert (attempt.state, attempt.gateway_url, attempt.gateway_reference) == ("failed", "", None)
    assert attempt.failure
    # A silence is asked again; a refusal is for a person to mend.
    refused = BankExchange.objects.get(attempt=attempt, kind="start").outcome.startswith("Rejected")
    assert verbs(attempt) == ["attempt.open", "attempt.fail", *["anomaly.open"][:refused]]
    assert_nothing_received(invoice)
    assert (mails(), anomalies()) == ([], ["no_start"][:refused])
    simulator.control(answer_creer="normal")
    assert pay(invoice, 1).state == "waiting"


@pytest.mark.parametrize("incident", [*INCIDENTS, "T2", "M5"])
def test_f19_a_bank_that_fails_at_the_start_charges_nothing_and_leaves_the_invoice_payable(
    payfip_town: Town, simulator: RunningSimulator, incident: str
) -> None:
    f19(payfip_town, simulator, incident)


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/tpa", "https://127.0.0.1:9/tpa"])
def test_f19_a_bank_that_is_not_there_charges_nothing(
    payfip_town: Town, simulator: RunningSimulator, address: str
) -> None:
    set_gateway(payfip_town.regie, service_url=address)
    invoice = make_invoice(payfip_town)
    assert pay(invoice).state == "failed"
    assert_nothing_received(invoice)
    set_gateway(payfip_town.regie, **payfip_settings(simulator))
    assert pay(invoice, 1).state == "waiting"


def _leave_it_open(*, attempt_id: int, **_values: Any) -> Attempt:
    return Attempt.objects.get(pk=attempt_id)


def test_neg_f19_without_the_note_of_failure_the_invoice_stays_locked(
    payfip_town: Town, simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starting, "_mark_failed", _leave_it_open)
    with pytest.raises(RED):
        f19(payfip_town, simulator, "html_502")


def f20(town: Town, simulator: RunningSimulator) -> None:
    invoice = make_invoice(town)
    simulator.control(hang_creer_seconds=2)
    attempt = pay(invoice)
    simulator.control(hang_creer_seconds=0)
    again = pay(invoice, 1)
    assert (attempt.state, again.state) == ("failed", "waiting")
    orphan, used = simulator.payments(refdet=attempt.reference), simulator.payments(refdet=again.reference)
    assert (len(orphan), len(used)) == (1, 1), "the orphan at the bank has another reference, and nobody was sent to it"
    simulator.pay(again.gateway_reference or "", "P", notify=False)
    come_back(again, 2)
    run_tasks()
    assert_paid_once(invoice, again)


def test_f20_a_bank_that_accepts_then_hangs_leaves_a_harmless_orphan(
    payfip_town: Town, simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starting, "START_SECONDS", 0.4)
    f20(payfip_town, simulator)


def test_f20_the_attempt_is_a_row_before_the_bank_is_called(
    payfip_town: Town, simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def start(_self: object, _order: object) -> None:
        seen.append(Attempt.objects.get().state)
        raise KeyboardInterrupt

    monkeypatch.setattr(gateway.PayFiP, "start", start)
    with pytest.raises(KeyboardInterrupt):
        pay(make_invoice(payfip_town))
    assert seen == ["opening"]


def test_neg_f20_without_the_note_of_failure_a_new_try_is_refused(
    payfip_town: Town, simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starting, "START_SECONDS", 0.4)
    monkeypatch.setattr(starting, "_mark_failed", _leave_it_open)
    with pytest.raises(RED):
        f20(payfip_town, simulator)


def f21(paid: Attempt, simulator: RunningSimulator) -> None:
    simulator.control(hang_detail_seconds=2)
    for minutes in (3, 6):
        payments.resolve_attempt(attempt_id=paid.pk, actor=actors.PAYER_RETURN, at=later(minutes), seconds=0.3)
        assert (state_of(paid), paid.next_ask_at) == ("waiting", later(minutes + 2))
    assert_nothing_received(paid.invoice)
    simulator.control(hang_detail_seconds=0)
    sweep(paid, 9)
    assert_paid_once(paid.invoice, paid)


def test_f21_a_status_call_that_hangs_decides_nothing_and_is_made_again(
    paid: Attempt, simulator: RunningSimulator
) -> None:
    f21(paid, simulator)


def test_neg_f21_a_silence_taken_for_a_yes_is_money_from_nowhere(
    paid: Attempt, simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_open(*, attempt_id: int, at: datetime, **_values: Any) -> Attempt:
        return hear_paid(Attempt.objects.get(pk=attempt_id))

    monkeypatch.setattr(polling, "_note_silence", fail_open)
    with pytest.raises(RED):
        f21(paid, simulator)
