"""Whatever happens to one job, the payment that it was about is heard within a minute."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob, ProcrastinateWorker

from obole.lib import dates, texts
from obole.payments import operations as payments
from obole.payments.models import Attempt, BankExchange
from tests.actors import somebody
from tests.mailing.server import start_post_office
from tests.races.test_worker import wait_until, worker
from tests.world import Town, make_citizen, make_dossier, make_invoice

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]
PAYMENTS = 30
PATIENCE_SECONDS = 60


def ring(attempt: Attempt) -> None:
    payments.record_notification(
        gateway_reference=attempt.gateway_reference or "", kind=BankExchange.Kind.NOTIFICATION, said="", at=dates.now()
    )


def leave_for_the_bank(town: Town) -> list[Attempt]:
    """Let a crowd pay at the bank; the next question that the clock would ask is far away."""
    citizens = [make_citizen(f"payeur{rank}@example.org", at=dates.now()) for rank in range(PAYMENTS // 10)]
    made = [make_dossier(town, citizen=citizen, at=dates.now()) for citizen in citizens for _turn in range(10)]
    started = [
        payments.start_payment(
            invoice_id=make_invoice(town, citizen=item.citizen, at=dates.now()).pk,
            email="usager@example.org",
            request_key=texts.token(),
            actor=somebody("usager"),
            at=dates.now(),
        )
        for item in made
    ]
    Attempt.objects.update(next_ask_at=dates.now() + timedelta(hours=1))
    return started


def unheard() -> int:
    return Attempt.objects.filter(state="waiting").count()


def stuck() -> int:
    return ProcrastinateJob.objects.filter(status="doing", task_name="payments.resolve").count()


@contextmanager
def impatient_workers() -> Iterator[None]:
    """Let whoever connects from now on wait three seconds for a lock, and no more."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {connection.settings_dict['NAME']} SET lock_timeout = '3s'")
        try:
            yield
        finally:
            cursor.execute(f"ALTER DATABASE {connection.settings_dict['NAME']} RESET lock_timeout")


@contextmanager
def no_question_ends_well() -> Iterator[None]:
    """Hold what each question looks at first: it fails once its worker is tired of waiting."""
    at = connection.settings_dict
    with psycopg.connect(f"postgresql://{at['USER']}@/{at['NAME']}?host={at['HOST']}") as other:
        other.execute("LOCK TABLE payments_circuit")
        yield


def test_payments_rung_again_while_their_questions_fail_are_heard_within_a_minute(town: Town, tmp_path: Path) -> None:
    """The next ring waits already when a question fails: its retry would meet its own lock."""
    crowd = leave_for_the_bank(town)
    with impatient_workers(), start_post_office() as office, worker(office, tmp_path, "--concurrency", "16"):
        wait_until(lambda: ProcrastinateWorker.objects.exists(), tmp_path)
        with no_question_ends_well():
            for rest in (1.5, 3, 3):
                for attempt in crowd:
                    ring(attempt)
                time.sleep(rest)
        end = time.monotonic() + PATIENCE_SECONDS
        while (unheard() or stuck()) and time.monotonic() < end:
            time.sleep(0.2)
        left = unheard(), stuck()
    assert left == (0, 0), (tmp_path / "worker.log").read_text()[-3000:]
