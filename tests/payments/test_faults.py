"""The bank fails, and so do we: nothing is charged, nothing is lost, nothing is booked twice."""

from collections.abc import Iterator

import pytest

from obole.payments import notices, papers
from obole.payments import operations as payments
from obole.payments.models import Attempt, BankExchange, Receipt, Sweep
from obole.regies.models import Entry
from payfip_simulator.codes import TECHNICAL
from tests.gateways.payfip.bank import Bank, Reply, start_bank
from tests.payfip_simulator.live import RunningSimulator
from tests.payments.conftest import set_gateway
from tests.payments.steps import (
    anomalies,
    assert_nothing_received,
    assert_paid_once,
    come_back,
    mails,
    pay,
    ring,
    state_of,
    sweep,
)
from tests.world import Town, later, make_invoice, make_town, run_tasks

pytestmark = pytest.mark.django_db(transaction=True)

INCIDENTS = ["html_502", "html_503", "html_200", "empty", "malformed", "drop", *TECHNICAL]


class Crash(BaseException):
    """The process dies here."""


@pytest.fixture
def bank(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bank]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with start_bank() as bank:
        yield bank


@pytest.mark.parametrize("incident", INCIDENTS)
def test_a_bank_that_fails_when_asked_changes_nothing(
    payfip_town: Town, simulator: RunningSimulator, incident: str
) -> None:
    invoice = make_invoice(payfip_town)
    attempt = pay(invoice)
    simulator.pay(attempt.gateway_reference or "", "P", notify=False)
    simulator.control(answer_detail=incident)

    come_back(attempt, 3)
    ring(attempt, 4)

    attempt.refresh_from_db()
    assert (attempt.state, attempt.asked_at) == ("waiting", None)
    assert attempt.next_ask_at is not None
    assert_nothing_received(invoice)
    assert (mails(), anomalies()) == ([], [])
    assert BankExchange.objects.filter(attempt=attempt, kind="ask").count() == 2, "its nonsense is kept as evidence"
    simulator.control(answer_detail="normal")
    sweep(attempt, 10)
    assert_paid_once(invoice, attempt)


def test_a_nul_in_the_bank_s_nonsense_is_kept_without_harm(bank: Bank) -> None:
    settings = {"client_number": "006382", "mode": "W", "service_url": bank.url, "payment_page_url": bank.url}
    invoice = make_invoice(make_town(gateway="payfip", gateway_settings=settings))
    bank.reply = Reply(b"<html>\x00\xff\x00</html>")

    attempt = pay(invoice)

    assert attempt.state == "failed"
    assert "\ufffd" in BankExchange.objects.get().response


def test_settings_spoilt_while_somebody_pays_are_a_silence(payfip_town: Town, simulator: RunningSimulator) -> None:
    invoice = make_invoice(payfip_town)
    attempt = pay(invoice)
    simulator.pay(attempt.gateway_reference or "", "P", notify=False)
    set_gateway(payfip_town.regie, client_number="12")

    come_back(attempt, 3)
    sweep(attempt, 10)

    assert state_of(attempt) == "waiting"
    assert attempt.next_ask_at is not None
    assert_nothing_received(invoice)
    set_gateway(payfip_town.regie, client_number="006382")
    sweep(attempt, 15)
    assert_paid_once(invoice, attempt)


@pytest.mark.parametrize(("module", "name"), [(papers, "render_receipt"), (notices, "send_receipt")])
def test_a_crash_between_the_commit_and_the_receipt_loses_no_mail(
    town: Town, monkeypatch: pytest.MonkeyPatch, module: object, name: str
) -> None:
    invoice = make_invoice(town)
    attempt = pay(invoice)
    come_back(attempt, 1)

    def die(*args: object, **kwargs: object) -> None:
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(module, name, die)
        with pytest.raises(Crash):
            run_tasks()
    assert mails() == []
    run_tasks()

    assert_paid_once(invoice, attempt)
    papers.send_receipt(receipt_id=Receipt.objects.get().pk, at=later(9))
    assert mails() == ["payment_receipt"]


def test_one_attempt_that_fails_does_not_stop_the_sweep(payfip_town: Town, simulator: RunningSimulator) -> None:
    attempts = [pay(make_invoice(payfip_town)) for _n in range(3)]
    for attempt in attempts:
        simulator.pay(attempt.gateway_reference or "", "P", notify=False)
    Attempt.objects.filter(pk=attempts[0].pk).update(gateway_reference="not an idop")

    swept = payments.sweep(at=later(3))
    run_tasks()

    assert swept.queued == 3
    assert [state_of(attempt) for attempt in attempts] == ["waiting", "paid", "paid"]


def test_the_sweep_asks_only_whose_time_has_come(town: Town) -> None:
    first = pay(make_invoice(town, meals=1), 0)
    second = pay(make_invoice(town, meals=1), 5)

    assert (payments.sweep(at=later(1)).queued, payments.sweep(at=later(2)).queued) == (0, 1)
    assert payments.sweep(at=later(3)).queued == 0, "it already waits in the queue"
    run_tasks()
    assert (state_of(first), state_of(second)) == ("paid", "waiting")
    assert Sweep.objects.count() == 3
    assert Entry.objects.filter(cause_kind="receipt").count() == 1
