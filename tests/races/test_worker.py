"""Real workers, killed in the middle of their tasks: nothing is lost, and what must be once is once."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import QuerySet
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from obole.billing.models import InvoicePdf
from obole.lib import actors, dates
from obole.lib.queue import defer, resume_interrupted
from obole.mailing import operations as mailing
from obole.mailing.models import Message
from obole.mailing.operations import delivering
from obole.payments import operations as payments
from obole.payments.models import Attempt, Receipt, ReceiptPdf
from obole.regies.models import Regie
from tests.actors import somebody
from tests.books import check_books
from tests.mailing.server import PostOffice, start_post_office
from tests.world import NOON, later, make_invoice, make_town

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]
ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 60
INVOICES = 8


def environment(office: PostOffice, var: Path) -> dict[str, str]:
    """Return what makes `obole` work on the database of this test, with a store and a mail server of its own."""
    at = connection.settings_dict
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
        "OBOLE_VAR": str(var),
        "OBOLE_DATABASE_URL": f"postgresql://{at['USER']}@/{at['NAME']}?host={at['HOST']}",
        "OBOLE_SMTP_URL": f"smtp://127.0.0.1:{office.port}",
    }


@contextmanager
def worker(office: PostOffice, var: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "obole", "work", "--concurrency", "3", *options]
    with (var / "worker.log").open("ab") as log:
        process = subprocess.Popen(command, env=environment(office, var), cwd=ROOT, stdout=log, stderr=log)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def wait_until(ready: Callable[[], bool], var: Path) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not ready():
        assert time.monotonic() < end, (var / "worker.log").read_text()[-3000:]
        time.sleep(0.01)


def kill_in_the_middle(office: PostOffice, var: Path, *, after: int) -> int:
    """
    Start a worker, let it send so many mails more, kill it in the middle of something; return what it left undone.
    """
    wanted = len(office.got) + after
    with worker(office, var) as process:
        wait_until(lambda: len(office.got) >= wanted and _doing().exists(), var)
        process.send_signal(signal.SIGKILL)
        process.wait()
    return _doing().count()


def _doing() -> QuerySet[ProcrastinateJob]:
    return ProcrastinateJob.objects.filter(status="doing")


def bury() -> set[str]:
    """Do what the minute's task does once the worker has been silent for long; return the mails that may come twice."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour'")
    interrupted = {f"<{item.public_id}@obole>" for item in Message.objects.filter(state="sending")}
    resume_interrupted(at=dates.now())
    mailing.recover_abandoned(at=dates.now() + delivering.ABANDONED_AFTER + timedelta(minutes=1))
    assert not _doing().exists()
    return interrupted


def test_a_worker_killed_in_the_middle_loses_nothing_and_does_nothing_twice(tmp_path: Path) -> None:
    town = make_town()
    for number in range(INVOICES):
        invoice = make_invoice(town, meals=number + 1)
        attempt = payments.start_payment(
            invoice_id=invoice.pk,
            email="usager@example.org",
            request_key=f"k{number}",
            actor=somebody("usager"),
            at=NOON,
        )
        payments.resolve_attempt(attempt_id=attempt.pk, actor=actors.PAYER_RETURN, at=later(1))
    may_come_twice: set[str] = set()
    with start_post_office() as office:
        for after in (3, 6):
            assert kill_in_the_middle(office, tmp_path, after=after) > 0
            may_come_twice |= bury()
        with worker(office, tmp_path, "--once") as process:
            assert process.wait(PATIENCE_SECONDS) == 0, (tmp_path / "worker.log").read_text()[-3000:]

        arrived = Counter(mail["Message-ID"] for mail in office.mails())

    sent = {f"<{item.public_id}@obole>" for item in Message.objects.all()}
    assert dict(Counter(Message.objects.values_list("kind", "state"))) == {
        ("dossier_received", "sent"): INVOICES,
        ("invoice_deposited", "sent"): INVOICES,
        ("payment_receipt", "sent"): INVOICES,
    }
    assert set(arrived) == sent
    assert {message for message, times in arrived.items() if times > 1} <= may_come_twice
    assert Receipt.objects.count() == ReceiptPdf.objects.count() == InvoicePdf.objects.count() == INVOICES
    stored = {path.name for path in (tmp_path / "files").rglob("*") if path.is_file()}
    assert {
        *ReceiptPdf.objects.values_list("digest", flat=True),
        *InvoicePdf.objects.values_list("digest", flat=True),
    } == stored
    assert not ProcrastinateJob.objects.exclude(status="todo").exists()
    check_books()


def test_a_bank_that_lets_us_wait_keeps_no_mail_waiting(tmp_path: Path) -> None:
    town, questions = make_town(), 8
    with socket.create_server(("127.0.0.1", 0)) as silent, start_post_office() as office:
        for number in range(questions):
            attempt = payments.start_payment(
                invoice_id=make_invoice(town, meals=number + 1).pk,
                email="usager@example.org",
                request_key=f"k{number}",
                actor=somebody("usager"),
                at=NOON,
            )
            Attempt.objects.filter(pk=attempt.pk).update(gateway="payfip", gateway_reference=str(uuid4()))
            defer("payments.resolve", attempt_id=attempt.pk, actor=actors.PAYER_RETURN.as_json())
        mute = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        bank = {"mode": "T", "client_number": "006382", "service_url": mute, "payment_page_url": mute}
        Regie.objects.update(gateway="payfip", gateway_settings=bank)
        asked = ProcrastinateJob.objects.filter(queue_name="bank")
        with worker(office, tmp_path, "--concurrency", "4"):
            wait_until(lambda: len(office.got) >= questions, tmp_path)
            assert asked.count() == questions and _doing().filter(queue_name="bank").count() == 3


def test_the_clock_looks_after_dead_workers_attempts_and_reminders() -> None:
    schedule = {task.task.name: task.cron for task in app.periodic_registry.periodic_tasks.values()}
    assert schedule["mailing.recover"] == schedule["payments.sweep"] == "* * * * *"
    assert schedule["reminders.run"] == "7 * * * *"
