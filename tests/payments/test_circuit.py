"""
A bank that is down: payers are told before they leave, it is asked once a minute, and all that was paid comes in after.
"""

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob

from obole.audit_log.models import Record
from obole.gateways.base import Exchange, Unreachable
from obole.gateways.sandbox.gateway import Sandbox
from obole.payments import operations as payments, queries, rules
from obole.payments.models import Attempt, BankExchange, Circuit
from obole.payments.operations import NotPayableOnline, circuit_breaker, starting
from obole.payments.operations.starting import OnlineObstacle
from obole.regies.models import Regie
from tests.payfip_simulator.live import RunningSimulator
from tests.payments.conftest import set_gateway
from tests.payments.steps import assert_paid_once, come_back, pay, state_of, sweep
from tests.payments.wire import Wire, tap
from tests.world import Town, later, make_invoice, make_regie, run_tasks

pytestmark = pytest.mark.django_db

OFF = {
    "502": {"answer_creer": "html_502", "answer_detail": "html_502", "answer_client": "html_502"},
    "cut": {"answer_creer": "drop", "answer_detail": "drop", "answer_client": "drop"},
    "hang": {"hang_creer_seconds": 1, "hang_detail_seconds": 1, "hang_client_seconds": 1},
}
SECOND = 1 / 60


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    return tap(monkeypatch)


def told(regie: Regie) -> list[str]:
    """Return what the trail says of the bank of a régie."""
    about = Record.objects.filter(subject_kind="regies.regie", subject_id=regie.pk, verb__startswith="circuit.")
    return list(about.order_by("id").values_list("verb", flat=True))


def is_down(regie: Regie) -> bool:
    return bool(queries.outages([regie.pk]))


def fail(town: Town, times: int, *, first: float = 0) -> None:
    """Let so many payers try, one a second."""
    for n in range(times):
        assert pay(make_invoice(town, meals=1), first + n * SECOND).state == "failed"


def knock(attempt: Attempt, minutes: float) -> None:
    """Let the bank notify, and the worker do what that asks for."""
    with time_machine.travel(later(minutes)):
        kind = BankExchange.Kind.NOTIFICATION
        assert payments.record_notification(
            gateway_reference=attempt.gateway_reference or "", kind=kind, said="", at=later(minutes)
        )
        run_tasks()


def work(minutes: float) -> list[str]:
    """Let the worker live a moment: its sweep, then what it asked for."""
    with time_machine.travel(later(minutes)):
        payments.sweep(at=later(minutes))
        return run_tasks()


def cut(town: Town, wire: Wire, *, at: float = 0) -> None:
    """Let the bank go down."""
    wire.up = False
    fail(town, rules.FAILURES, first=at)
    assert is_down(town.regie)


@pytest.mark.parametrize("how", OFF)
def test_five_calls_in_vain_stop_payers_before_the_bank_and_the_first_answer_lets_them_pass(
    payfip_town: Town, simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(starting, "START_SECONDS", 0.3)
    monkeypatch.setattr(circuit_breaker, "PROBE_SECONDS", 0.3)
    simulator.control(**OFF[how])
    fail(payfip_town, rules.FAILURES - 1)
    assert (is_down(payfip_town.regie), told(payfip_town.regie)) == (False, [])
    fail(payfip_town, 1, first=1)
    invoice = make_invoice(payfip_town)
    before, attempts = simulator.calls(), Attempt.objects.count()

    with pytest.raises(NotPayableOnline) as refused:
        pay(invoice, 1.5)

    assert refused.value.obstacle == OnlineObstacle.BANK_DOWN
    assert (simulator.calls(), Attempt.objects.count(), state_of(invoice)) == (before, attempts, "due")
    assert told(payfip_town.regie) == ["circuit.open"]
    down = Circuit.objects.get()
    assert (down.down_since, down.failures) == (later(0), rules.FAILURES), "since the first call in vain, not the last"
    simulator.reset()
    simulator.control(notifications="off")
    payments.sweep(at=later(3))
    assert payments.probe_bank(regie_id=payfip_town.regie.pk, at=later(3))
    assert told(payfip_town.regie) == ["circuit.open", "circuit.close"]
    assert pay(invoice, 4).state == "waiting"
    assert Circuit.objects.get().failures == 0


def test_a_refusal_of_the_bank_proves_that_it_lives(payfip_town: Town, simulator: RunningSimulator) -> None:
    simulator.control(answer_creer="html_502")
    fail(payfip_town, rules.FAILURES - 1)
    simulator.control(answer_creer="T2")
    fail(payfip_town, 1, first=1)
    assert Circuit.objects.get().failures == 0
    simulator.control(answer_creer="html_502")
    fail(payfip_town, rules.FAILURES - 1, first=2)

    assert not is_down(payfip_town.regie)


def test_what_never_left_says_nothing_of_the_bank(payfip_town: Town, simulator: RunningSimulator) -> None:
    attempt = pay(make_invoice(payfip_town))
    set_gateway(payfip_town.regie, client_number="12")
    for n in range(rules.FAILURES + 1):
        come_back(attempt, 1 + n)
    set_gateway(payfip_town.regie, client_number="006382")
    Attempt.objects.filter(pk=attempt.pk).update(gateway_reference="not an idop")
    for n in range(rules.FAILURES + 1):
        come_back(attempt, 10 + n)

    assert not Circuit.objects.exists()
    Circuit.objects.create(regie=payfip_town.regie, failures=3, failing_since=later())
    come_back(attempt, 20)
    assert Circuit.objects.get().failures == 3, "and neither resets"


def test_the_bank_of_another_regie_is_another_bank(town: Town, wire: Wire) -> None:
    other = make_regie("SPO", "Régie Sports")
    cut(town, wire)

    assert circuit_breaker.may_ask(regie_id=other.pk, at=later(1))
    assert not circuit_breaker.may_ask(regie_id=town.regie.pk, at=later(0.5))


def test_while_all_is_well_it_costs_two_looks_and_no_write(town: Town) -> None:
    with CaptureQueriesContext(connection) as said:
        assert circuit_breaker.may_ask(regie_id=town.regie.pk, at=later())
        circuit_breaker.record_answer(regie_id=town.regie.pk, at=later())

    assert [query["sql"].split()[0] for query in said.captured_queries] == ["SELECT", "SELECT"]
    assert not Circuit.objects.exists()


@pytest.mark.parametrize("guard", ["circuit", "none"])
def test_neg_while_down_the_bank_gets_one_question_a_minute_whoever_asks(
    town: Town, wire: Wire, monkeypatch: pytest.MonkeyPatch, guard: str
) -> None:
    waiting = [pay(make_invoice(town, meals=2)) for _n in range(6)]
    cut(town, wire, at=1)
    if guard == "none":
        monkeypatch.setattr(circuit_breaker, "may_ask", lambda **_how: True)
    before = wire.total

    for third in range(30):
        minute = 3 + third / 3
        sweep(waiting[0], minute)
        come_back(waiting[third % 6], minute + SECOND)
        knock(waiting[(third + 1) % 6], minute + 2 * SECOND)

    asked = wire.total - before
    assert (asked <= 11) == (guard == "circuit"), f"{asked} questions in ten minutes"
    assert asked >= 9, "and the bank is not forgotten"
    assert all(state_of(attempt) == "waiting" for attempt in waiting)


def test_after_the_first_answer_everything_that_waits_is_asked_about(town: Town, wire: Wire) -> None:
    invoices = [make_invoice(town, meals=2) for _n in range(4)]
    attempts = [pay(invoice) for invoice in invoices]
    cut(town, wire, at=1)
    for minute in range(3, 60):
        sweep(attempts[0], minute)
    wire.up = True

    sweep(attempts[0], 60)
    assert told(town.regie) == ["circuit.open", "circuit.close"]
    assert sum(state_of(attempt) == "paid" for attempt in attempts) <= 1, "one question was enough to know"
    sweep(attempts[0], 62)

    for invoice, attempt in zip(invoices, attempts, strict=True):
        assert (state_of(invoice), state_of(attempt)) == ("paid", "paid")


def test_what_the_queue_held_when_the_bank_went_down_is_not_poured_on_it(town: Town, wire: Wire) -> None:
    attempts = [pay(make_invoice(town, meals=2)) for _n in range(20)]
    wire.up, before = False, wire.total

    sweep(attempts[0], 3)

    assert is_down(town.regie)
    assert wire.total - before == rules.FAILURES


def test_a_doorbell_during_the_outage_is_answered_after_it(town: Town, wire: Wire) -> None:
    invoice = make_invoice(town)
    attempt = pay(invoice)
    Attempt.objects.filter(pk=attempt.pk).update(next_ask_at=later(600))
    cut(town, wire, at=1)
    knock(attempt, 1.5)
    wire.up = True
    circuit_breaker.record_answer(regie_id=town.regie.pk, at=later(2))

    sweep(attempt, 3)

    assert_paid_once(invoice, attempt)


def test_with_nobody_waiting_the_bank_is_asked_who_we_are_and_is_back_on_trial(town: Town, wire: Wire) -> None:
    cut(town, wire)
    assert "payments.probe" in work(2)
    assert (wire.calls["identify"], is_down(town.regie)) == (1, True)
    wire.up = True
    work(2.5)
    assert (wire.calls["identify"], is_down(town.regie)) == (1, True), "too soon"
    work(3)
    assert not is_down(town.regie)

    wire.up = False
    fail(town, 1, first=4)

    assert is_down(town.regie), "to say who we are is not yet to take a payment"
    assert Circuit.objects.get().down_since == later(4)


def test_a_regie_that_is_closed_and_waits_for_nothing_leaves_its_bank_alone(town: Town, wire: Wire) -> None:
    cut(town, wire)
    Regie.objects.filter(pk=town.regie.pk).update(enabled=False)

    assert payments.sweep(at=later(2)).queued == 0


def test_one_payment_that_the_bank_never_answers_about_does_not_keep_the_others_out(
    town: Town, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    poisoned = pay(make_invoice(town, meals=2))
    cut(town, wire, at=1)
    wire.up = True

    def never(*_args: object) -> None:
        raise Unreachable("silent", exchange=Exchange(request="ask", response=""))

    monkeypatch.setattr(Sandbox, "ask", never)
    for minute in range(3, 8):
        sweep(poisoned, minute)

    assert state_of(poisoned) == "waiting"
    assert "circuit.close" in told(town.regie)
    assert pay(make_invoice(town, meals=2), 9).state == "waiting"


def test_when_no_worker_asks_a_payer_s_click_is_the_question(town: Town, wire: Wire) -> None:
    cut(town, wire)
    invoice, wire.up = make_invoice(town), True
    with pytest.raises(NotPayableOnline):
        pay(invoice, 2.5)

    assert pay(invoice, 3.5).state == "waiting"
    assert not is_down(town.regie)


def test_a_click_in_vain_is_the_only_one_for_a_while(town: Town, wire: Wire) -> None:
    cut(town, wire)
    before = wire.total

    fail(town, 1, first=4)
    for seconds in (1, 30, 60, 120):
        with pytest.raises(NotPayableOnline):
            pay(make_invoice(town), 4 + seconds * SECOND)

    assert wire.total - before == 1
    assert told(town.regie) == ["circuit.open"]


def test_a_refused_click_does_not_spend_the_question(town: Town, wire: Wire) -> None:
    busy = make_invoice(town, meals=2)
    pay(busy)
    cut(town, wire, at=1)
    probed = Circuit.objects.get().probed_at

    with pytest.raises(payments.AlreadyInProgress):
        pay(busy, 10)

    assert Circuit.objects.get().probed_at == probed


def test_a_question_that_is_stuck_does_not_keep_the_bank_out(town: Town, wire: Wire) -> None:
    """What asked about the oldest payment is lost in a worker, and the same waits for it: who we are is asked."""
    stuck = pay(make_invoice(town))
    cut(town, wire)
    payments.sweep(at=later(3))
    assert payments.sweep(at=later(4)).queued == 1
    asked = ProcrastinateJob.objects.filter(queue_name="bank").values_list("task_name", flat=True)
    assert state_of(stuck) == "waiting" and sorted(asked) == ["payments.probe", "payments.resolve"]
