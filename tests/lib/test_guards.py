"""What surrounds every operation: transactions, the file store, the queue."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import TaskNotFound

from obole.lib import files, queue
from obole.lib.transactions import TransactionOpen, forbid_transaction, require_transaction
from tests.actors import somebody
from tests.world import later

pytestmark = pytest.mark.django_db


class Lost(Exception):
    """The transaction does not reach its commit."""


def test_slow_things_are_refused_inside_a_transaction() -> None:
    with forbid_transaction("waiting"):
        done = True
    assert done
    with pytest.raises(TransactionOpen, match="waiting inside"), transaction.atomic(), forbid_transaction("waiting"):
        done = False
    assert done


def test_what_must_commit_with_something_is_refused_alone() -> None:
    with pytest.raises(RuntimeError, match="writing outside"):
        require_transaction("writing")
    with transaction.atomic():
        require_transaction("writing")


def stored() -> list[Path]:
    return [path for path in Path(default_storage.location).rglob("*") if path.is_file()]


def test_a_file_is_stored_once_and_found_by_its_content() -> None:
    assert files.put(b"abc") == files.put(b"abc")
    assert files.get(files.put(b"abc")) == b"abc"
    assert len(stored()) == 1


def test_a_file_is_not_stored_inside_a_transaction() -> None:
    with pytest.raises(TransactionOpen), transaction.atomic():
        files.put(b"abc")
    assert stored() == []


def test_a_changed_byte_is_noticed() -> None:
    digest = files.put(b"abc")
    (path,) = stored()
    path.chmod(0o644)
    path.write_bytes(b"abd")
    with pytest.raises(files.DamagedFile):
        files.get(digest)


@pytest.mark.parametrize("half", [b"", b"ab"])
def test_half_a_file_left_by_a_full_disk_is_stored_again(half: bytes) -> None:
    digest = files.put(b"abc")
    (path,) = stored()
    path.write_bytes(half)
    assert files.put(b"abc") == digest
    assert files.get(digest) == b"abc"
    assert len(stored()) == 1


def test_a_file_that_is_not_there_is_said_so() -> None:
    with pytest.raises(FileNotFoundError):
        files.get("0" * 64)


def jobs() -> list[tuple[str, str]]:
    return list(ProcrastinateJob.objects.order_by("id").values_list("task_name", "status"))


def test_a_task_is_queued_with_its_transaction() -> None:
    with pytest.raises(Lost), transaction.atomic():
        queue.defer("billing.render", invoice_id=1)
        raise Lost
    assert jobs() == []
    queue.defer("billing.render", invoice_id=1, at=later(5))
    job = ProcrastinateJob.objects.get()
    assert (job.task_name, job.args, job.scheduled_at) == ("billing.render", {"invoice_id": 1}, later(5))


def test_a_task_that_no_room_has_is_refused() -> None:
    for ask in (lambda: queue.defer("billing.reder", invoice_id=1), lambda: queue.defer_once("no.such", key="k")):
        with pytest.raises(TaskNotFound):
            ask()
    assert jobs() == []


def test_the_same_key_waits_once_and_spoils_no_transaction() -> None:
    with transaction.atomic():
        asked = [
            queue.defer_once("payments.resolve", key="resolve:1", attempt_id=1, actor=somebody("a").as_json())
            for _n in range(3)
        ]
        queue.defer_once("payments.resolve", key="resolve:2", attempt_id=2, actor=somebody("a").as_json())
    assert asked == [True, False, False]
    assert len(jobs()) == 2


def _running_since_its_worker_died(silence: timedelta | None) -> int:
    """Make what a killed worker leaves: a task that runs for ever; ``None``: its worker's row was cleaned away."""
    queue.defer_once("payments.resolve", key="resolve:1", attempt_id=1, actor=somebody("a").as_json())
    job = ProcrastinateJob.objects.get(status="todo")
    with connection.cursor() as cursor:
        worker = None
        if silence is not None:
            cursor.execute(
                "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (%s) RETURNING id",
                [timezone.now() - silence],
            )
            (worker,) = cursor.fetchone()
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s WHERE id = %s", [worker, job.pk])
    return int(job.pk)


@pytest.mark.parametrize("silence", [None, timedelta(seconds=31), timedelta(days=3)])
def test_what_a_dead_worker_was_doing_is_done_again(silence: timedelta | None) -> None:
    _running_since_its_worker_died(silence)
    assert queue.resume_interrupted(at=timezone.now()) == 1
    assert jobs() == [("payments.resolve", "todo")]
    assert queue.resume_interrupted(at=timezone.now()) == 0


def test_what_a_living_worker_does_is_left_alone() -> None:
    _running_since_its_worker_died(timedelta(seconds=12))
    assert queue.resume_interrupted(at=timezone.now()) == 0
    assert jobs() == [("payments.resolve", "doing")]


@pytest.mark.django_db(transaction=True)
def test_what_was_asked_again_meanwhile_runs_once_and_is_no_longer_held_back() -> None:
    _running_since_its_worker_died(None)
    assert queue.defer_once("payments.resolve", key="resolve:1", attempt_id=1, actor=somebody("a").as_json())
    assert jobs() == [("payments.resolve", "doing"), ("payments.resolve", "todo")]
    assert queue.resume_interrupted(at=timezone.now()) == 1
    assert jobs() == [("payments.resolve", "todo")]


def test_a_task_runs_with_its_own_name_and_arguments() -> None:
    seen: list[Any] = []

    def note(number: int, word: str = "") -> None:
        """Note what it was given."""
        seen.append((number, word))

    declared = queue.task(f"tests.note_{later(0).timestamp():.0f}")(note)
    declared.func(3, word="x")
    assert (seen, declared.func.__doc__) == ([(3, "x")], "Note what it was given.")
