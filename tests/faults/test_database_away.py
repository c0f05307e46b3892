"""The database stops, cuts a connection, deadlocks: F73 and F74."""

import json
import subprocess
import sys
from typing import Any

import psycopg
import pytest
from django.db import InterfaceError, OperationalError, connection, connections
from django.test import Client
from procrastinate.contrib.django import app
from procrastinate.jobs import Job

from obole.config import settings as product_settings
from obole.lib import queue
from obole.limits import operations as limits
from obole.limits.rules import BANK_QUESTIONS
from obole.payments.models import Attempt, BankExchange, Receipt
from obole.payments.operations import gateway_status, polling
from obole.regies.models import Entry
from obole.ui import errors
from tests.faults.steps import NOTIFICATION, RED
from tests.gateways.payfip.bank import IDOP
from tests.payments.steps import assert_nothing_received, assert_paid_once, come_back, pay, sweep
from tests.portal.conftest import Clock, bill
from tests.races.processes import ROOT, Told, act, all_at_once, gave
from tests.world import Town, make_invoice, run_tasks

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]


def campaign(*options: str) -> dict[str, Any]:
    """Run the crash campaign in its own processes on its own server; return its figures."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.crash", "--json", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=900)
    assert done.stdout, done.stderr[-3000:]
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {**figures, "code": done.returncode}


def assert_nothing_acknowledged_is_lost(figures: dict[str, Any]) -> None:
    assert (figures["stops"], figures["kills"]) == (1, 1)
    counted = ("attempts_paid", "receipts", "entries", "invoices_paid", "mails")
    assert {figures[name] for name in counted} == {figures["payments"]}
    assert (figures["acknowledged_lost"], figures["chain_defects"]) == (0, 0)
    assert 0 < figures["acknowledged"] <= figures["payments"]
    assert figures["doorbells_kept"] >= figures["doorbells_acknowledged"] > 0
    assert set(figures["web_answers"]) <= {"200", "503"}
    assert figures["code"] == 0


@pytest.mark.long
def test_f73_a_database_stopped_at_once_under_load_loses_nothing_acknowledged() -> None:
    """150 payments, four workers, PostgreSQL stopped in immediate mode, one worker killed: `make crash`, in small."""
    assert_nothing_acknowledged_is_lost(campaign("--payments", "150", "--stops", "1"))


@pytest.mark.long
def test_neg_f73_a_database_that_acknowledges_too_soon_loses_payments() -> None:
    figures = campaign("--payments", "80", "--stops", "1", "--careless")
    with pytest.raises(AssertionError):
        assert_nothing_acknowledged_is_lost(figures)
    assert figures["acknowledged_lost"] > 0


def _cut_in_the_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server ends our connection in the middle of the transaction that settles, once."""
    book = gateway_status._keep_receipt

    def cut(*args: Any) -> Receipt:
        monkeypatch.setattr(gateway_status, "_keep_receipt", book)
        with psycopg.connect(_address()) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
        return book(*args)

    monkeypatch.setattr(gateway_status, "_keep_receipt", cut)


def _address() -> str:
    at = connection.settings_dict
    return f"postgresql://{at['USER']}@/{at['NAME']}?host={at['HOST']}"


def f73(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    attempt = pay(bill(town, 5200))
    _cut_in_the_middle(monkeypatch)
    browser = Client(raise_request_exception=False)
    answer = browser.get(f"/paiements/retour/{attempt.public_id}/")
    connection.close()
    assert (answer.status_code, answer.get("Retry-After")) == (503, "5")
    assert_nothing_received(attempt.invoice)
    again = browser.get(f"/paiements/retour/{attempt.public_id}/")
    assert again.status_code == 200 and "Paiement reçu" in again.content.decode()
    run_tasks()
    assert_paid_once(attempt.invoice, attempt)


@pytest.mark.long
def test_f73_a_connection_cut_in_the_middle_is_a_503_and_asking_again_settles(
    town: Town, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    f73(town, monkeypatch)


@pytest.mark.long
def test_neg_f73_without_the_look_at_what_failed_it_is_a_500(
    town: Town, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(errors, "OperationalError", KeyError)
    monkeypatch.setattr(errors, "InterfaceError", KeyError)
    with pytest.raises(RED):
        f73(town, monkeypatch)


@pytest.mark.long
def test_f73_our_own_mistakes_stay_500(town: Town, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    attempt = pay(bill(town, 5200))

    def mistaken(*_args: Any) -> Entry:
        raise ZeroDivisionError

    monkeypatch.setattr(gateway_status, "_keep_receipt", mistaken)
    answer = Client(raise_request_exception=False).get(f"/paiements/retour/{attempt.public_id}/")
    assert (answer.status_code, answer.get("Retry-After")) == (500, None)


@pytest.mark.long
def test_f73_a_connection_that_the_server_cut_meanwhile_is_not_used_again() -> None:
    """A restart between two requests costs nobody a request: the connection is tried before it is used."""
    assert product_settings.DATABASES["default"]["CONN_HEALTH_CHECKS"] is True


def cross(town: Town, mutant: str = "") -> list[Told]:
    """Payments and cancellations of the same invoices of one régie, in opposite orders."""
    pairs = [(invoice, pay(invoice)) for invoice in (make_invoice(town) for _n in range(6))]
    attempts = [attempt.pk for _invoice, attempt in pairs]
    return all_at_once(
        act("hear_all", attempt_ids=attempts, cents=5200),
        act("hear_all", attempt_ids=attempts[::-1], cents=5200),
        act("cancel_all", invoice_ids=[invoice.pk for invoice, _attempt in pairs]),
        act("cancel_all", invoice_ids=[invoice.pk for invoice, _attempt in pairs][::-1]),
        mutant=mutant,
    )


def test_f74_payments_and_cancellations_that_cross_never_deadlock(town: Town) -> None:
    """Everybody locks in one order: attempt, invoice, régie."""
    heard, heard_too, *cancelled = gave(cross(town))
    assert heard == heard_too == ["paid"] * 6
    assert sum(cancelled) <= 6


def test_neg_f74_a_cancellation_that_locks_the_regie_first_deadlocks(town: Town) -> None:
    told = cross(town, mutant="cancel_locks_upside_down")
    with pytest.raises(AssertionError):
        gave(told)
    assert "OperationalError" in {item.raised for item in told}


def test_f74_what_a_deadlock_undid_is_tried_again_a_bounded_number_of_times(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Where the three tries on the spot (``test_deadlocks``) were not enough: the worker's task is tried again by the
    queue, a request by who asks; both begin the whole transaction anew.
    """
    strategy: Any = app.tasks["payments.resolve"].retry_strategy
    assert strategy.max_attempts == 3 and not strategy.retry_exceptions
    attempt, post = pay(bill(town, 5200)), gateway_status.ledger.post

    def victim(**values: Any) -> Entry:
        monkeypatch.setattr(gateway_status.ledger, "post", post)
        raise OperationalError("deadlock detected")

    monkeypatch.setattr(gateway_status.ledger, "post", victim)
    with pytest.raises(OperationalError):
        come_back(attempt, 3)
    assert_nothing_received(attempt.invoice)
    sweep(attempt, 6)
    assert_paid_once(attempt.invoice, attempt)


def ring_cut_between_the_refusal_and_its_savepoint(town: Town, monkeypatch: pytest.MonkeyPatch) -> int:
    """
    Ring a second time, the first question still waiting; lose the connection just after the queue refused the double.
    """
    attempt = pay(bill(town, 5200))
    Attempt.objects.filter(pk=attempt.pk).update(gateway_reference=IDOP)
    browser = Client(raise_request_exception=False)
    assert browser.post(NOTIFICATION, {"idop": IDOP}).status_code == 200
    limits.forgive((BANK_QUESTIONS, attempt.pk))
    rollback = connections["default"].savepoint_rollback

    def cut(sid: str) -> None:
        with psycopg.connect(_address()) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
        rollback(sid)

    with monkeypatch.context() as patch:
        patch.setattr(connections["default"], "savepoint_rollback", cut)
        status: int = browser.post(NOTIFICATION, {"idop": IDOP}).status_code
    connection.close()
    return status


def f73_doorbell(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    status = ring_cut_between_the_refusal_and_its_savepoint(town, monkeypatch)
    assert (status, BankExchange.objects.filter(kind="notification").count()) == (503, 1)


@pytest.mark.long
def test_f73_a_doorbell_that_could_not_be_kept_is_not_acknowledged(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    f73_doorbell(town, monkeypatch)


@pytest.mark.long
def test_neg_f73_a_refusal_that_hides_a_lost_connection_is_acknowledged(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("obole.lib.queue.require_usable_transaction", lambda _what: None)
    with pytest.raises(RED):
        f73_doorbell(town, monkeypatch)


def f73_queue(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    attempt = pay(bill(town, 5200))
    Attempt.objects.filter(pk=attempt.pk).update(gateway_reference=IDOP)
    defer_once = polling.defer_once

    def cut(*args: Any, **values: Any) -> None:
        with connection.cursor() as cursor, psycopg.connect(_address()) as other:
            cursor.execute("SAVEPOINT before_the_queue")
            other.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
        defer_once(*args, **values)

    with monkeypatch.context() as patch:
        patch.setattr(polling, "defer_once", cut)
        patch.setattr(connections["default"], "_savepoint", lambda _sid: None)
        answer = Client(raise_request_exception=False).post(NOTIFICATION, {"idop": IDOP})
    connection.close()
    assert (answer.status_code, BankExchange.objects.filter(kind="notification").count()) == (503, 0)


@pytest.mark.long
def test_f73_a_connection_cut_while_the_queue_is_written_is_a_503_too(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    f73_queue(town, monkeypatch)


@pytest.mark.long
def test_neg_f73_the_queue_s_own_error_would_be_a_500(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "ConnectorException", KeyError)
    with pytest.raises(RED):
        f73_queue(town, monkeypatch)


@pytest.mark.parametrize("name", ["payments.resolve", "payments.send_receipt", "mailing.deliver", "reminders.deliver"])
@pytest.mark.parametrize("error", [OperationalError("deadlock detected"), InterfaceError("closed")], ids=repr)
def test_f74_a_task_that_lost_its_database_is_tried_again(name: str, error: Exception) -> None:
    strategy: Any = app.tasks[name].retry_strategy
    job = Job(id=1, queue="q", lock=None, queueing_lock=None, task_name=name, attempts=0)
    assert strategy.get_retry_decision(exception=error, job=job) is not None
    last = job.evolve(attempts=strategy.max_attempts)
    assert strategy.get_retry_decision(exception=error, job=last) is None
