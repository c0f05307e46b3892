"""The bank fails, and so do we: nothing is charged, nothing is lost, nothing is booked twice."""

from collections.abc import Iterator
from unittest.mock import Mock

import pytest
import time_machine
from procrastinate.contrib.django.models import ProcrastinateJob

from obole.mailing.models import Template
from obole.payments import emails, operations as payments, pdf_documents, queries
from obole.payments.models import Attempt, BankExchange, Receipt, Sweep
from obole.regies.models import Entry
from payfip_simulator.codes import TECHNICAL
from tests.actors import somebody
from tests.gateways.payfip.bank import Bank, Reply, start_bank
from tests.payfip_simulator.live import RunningSimulator
from tests.payments.conftest import set_gateway
from tests.payments.steps import (
    anomalies,
    assert_in_suspense,
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

pytestmark = pytest.mark.django_db

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


@pytest.mark.parametrize(("module", "name"), [(pdf_documents, "render_receipt"), (emails, "send_receipt")])
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
    pdf_documents.send_receipt(receipt_id=Receipt.objects.get().pk, at=later(9))
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


def test_a_doorbell_whose_job_is_lost_is_answered_by_the_next_sweep(town: Town) -> None:
    """The clock would ask two minutes later, hours later for an old payment: a ring makes it due."""
    attempt = pay(make_invoice(town))
    payments.record_notification(
        gateway_reference=attempt.gateway_reference or "", kind=BankExchange.Kind.NOTIFICATION, said="", at=later(0.5)
    )
    ProcrastinateJob.objects.all()._raw_delete("default")
    sweep(attempt, 1)
    assert_paid_once(attempt.invoice, attempt)


def test_words_that_cannot_be_filled_undo_no_booking(town: Town) -> None:
    """The town's words about a surplus are too long once filled: the money is kept all the same, and the payer told."""
    Template.objects.create(kind="payment_surplus", subject="Trop", body="{{ url }}" * 600)
    invoice = make_invoice(town)
    attempt = pay(invoice)
    payments.cancel_invoice(invoice_id=invoice.pk, code="other", comment="erreur", actor=somebody("agent"), at=later(1))
    come_back(attempt, 2)
    invoice.refresh_from_db()
    assert_in_suspense(invoice, attempt, 5200, "not_due")
    assert "payment_surplus" in mails()


def test_receipts_whose_document_could_not_be_made_are_made_and_sent_within_the_hour_after(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder of documents was away for longer than the worker tries: nobody had asked again."""
    attempt = pay(make_invoice(town))
    come_back(attempt, 2)
    monkeypatch.setattr(pdf_documents.files, "put", Mock(side_effect=OSError("no space left on device")))
    with pytest.raises(OSError, match="no space"):
        run_tasks()
    ProcrastinateJob.objects.all()._raw_delete("default")
    monkeypatch.undo()
    assert mails() == []

    payments.open_overdue_tasks(at=later(50))
    assert run_tasks() == [], "the worker may still try by itself"
    assert queries.unsent_receipts(later(63)).count() == 1
    payments.open_overdue_tasks(at=later(63))
    payments.open_overdue_tasks(at=later(64))
    with time_machine.travel(later(64)):
        run_tasks()

    assert mails() == ["payment_receipt"]
    assert queries.unsent_receipts(later(65)).count() == 0
    payments.open_overdue_tasks(at=later(125))
    assert run_tasks() == []
