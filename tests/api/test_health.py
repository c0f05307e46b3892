"""What a monitor reads: whether the database answers, a worker lives, and the bank is being asked."""

from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client

from obole.api import status
from obole.books import operations as books, verification
from obole.lib import actors
from obole.payments import operations as payments, queries
from obole.payments.models import BankExchange, Circuit
from obole.payments.queries import watch
from tests.world import NOON, WHO, Town, later, make_invoice, make_regie, make_town

pytestmark = pytest.mark.django_db


def beat(at: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (%s)", [at])


def look(at: Any) -> tuple[int, dict[str, Any]]:
    with time_machine.travel(at, tick=False):
        answer = Client().get("/health")
    return answer.status_code, answer.json()


def test_nothing_has_ever_run() -> None:
    code, seen = look(NOON)
    assert (code, seen["status"], seen["worker_heartbeat_age"], seen["last_sweep_age"]) == (503, "degraded", None, None)


def test_all_is_well() -> None:
    beat(NOON)
    payments.sweep(at=NOON)
    code, seen = look(later(0.5))
    assert (code, seen["status"], seen["worker_heartbeat_age"], seen["last_sweep_age"]) == (200, "ok", 30, 30)
    assert set(seen) == {
        "status",
        "database",
        "worker_heartbeat_age",
        "last_sweep_age",
        "books",
        "last_verification_age",
        "jobs_waiting",
        "jobs_failed",
        "banks_down",
        "banks_refusing",
        "banks_without_notifications",
        "campaigns_late",
        "receipts_unsent",
    }


def test_a_bank_that_is_down_is_told_and_degrades_nothing() -> None:
    beat(NOON)
    payments.sweep(at=NOON)
    regie = make_regie("ENF", "Régie Enfance")
    make_regie("SPO", "Régie Sports")
    Circuit.objects.create(
        regie=regie, failures=5, failing_since=later(-60), down_since=later(-60), probed_at=later(-1)
    )

    code, seen = look(NOON)

    assert (code, seen["status"], seen["banks_down"]) == (200, "ok", {"ENF": 3600})


def test_books_that_differ_are_told_until_they_are_right_again(monkeypatch: pytest.MonkeyPatch) -> None:
    beat(NOON)
    payments.sweep(at=NOON)

    def differ() -> int:
        raise verification.BooksDiffer("régie ENF, entry 2: it was altered")

    assert look(later(0.5))[1]["books"] == "not verified yet"
    with monkeypatch.context() as broken:
        broken.setattr(verification, "verify", differ)
        assert not books.verify_books(at=NOON).is_right
    code, seen = look(later(0.5))
    told = (code, seen["status"], seen["books"], seen["last_verification_age"])
    assert told == (200, "ok", "different", 30), "to take the site away mends no book"

    books.verify_books(at=later(0.2))
    assert look(later(0.5))[1]["books"] == "right"


@pytest.mark.parametrize(("heart", "sweep"), [(2, 2), (10, 10), (0, 6)])
def test_a_silence_is_told(heart: int, sweep: int) -> None:
    beat(later(-heart))
    payments.sweep(at=later(-sweep))
    assert look(NOON)[0] == 503


def test_a_database_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> None:
        raise status.DatabaseError

    monkeypatch.setattr(queries, "last_sweep", gone)
    code, seen = look(NOON)
    assert (code, seen) == (503, {"status": "degraded", "database": "unreachable"})


def ended(town: Town, minutes: float, *, rung: bool) -> None:
    """Let a payment at PayFiP end by the sweep alone, or after a notification."""
    attempt = payments.start_payment(
        invoice_id=make_invoice(town, meals=1).pk,
        email="u@example.org",
        request_key=f"{minutes}",
        actor=WHO,
        at=later(minutes),
    )
    if rung:
        payments.record_notification(
            gateway_reference=attempt.gateway_reference or "",
            kind=BankExchange.Kind.NOTIFICATION,
            said="",
            at=later(minutes + 1),
        )
    payments.resolve_attempt(attempt_id=attempt.pk, actor=actors.WORKER, at=later(minutes + 2))


def test_a_bank_that_rings_no_more_is_told_after_several_payments(monkeypatch: pytest.MonkeyPatch) -> None:
    town = make_town()
    monkeypatch.setattr(watch, "RINGING", ("sandbox",))
    beat(later(30))
    for minute in (1, 5):
        ended(town, minute, rung=False)
    assert look(later(30))[1]["banks_without_notifications"] == [], "two may be chance"

    ended(town, 9, rung=False)
    assert look(later(30))[1]["banks_without_notifications"] == ["ENF"]
    assert queries.banks_without_notifications(later(90)) == [], "an hour later, nothing is known any more"

    ended(town, 15, rung=True)
    assert queries.banks_without_notifications(later(30)) == []
