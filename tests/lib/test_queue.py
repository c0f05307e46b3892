"""A task is queued with what decides it, in the web and in the worker alike."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import connection, transaction
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Status
from psycopg import InterfaceError, OperationalError

from obole.lib.queue import defer, defer_once, resume_interrupted
from tests.actors import somebody
from tests.world import NOON, later

WAYS = [
    lambda: defer("billing.render", invoice_id=1),
    lambda: defer_once("payments.resolve", key="x", attempt_id=1, actor=somebody("x").as_json()),
]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("queue_it", WAYS, ids=["defer", "defer once"])
def test_inside_the_worker_too_a_rollback_leaves_nothing(queue_it: Callable[[], object]) -> None:
    def work() -> list[int]:
        try:
            with contextlib.suppress(ZeroDivisionError), transaction.atomic():
                queue_it()
                raise ZeroDivisionError
            after_rollback = ProcrastinateJob.objects.count()
            with transaction.atomic():
                queue_it()
            return [after_rollback, ProcrastinateJob.objects.count()]
        finally:
            connection.close()

    async def worker() -> list[int]:
        async with app.open_async():
            return await asyncio.to_thread(work)

    with app.replace_connector(app.connector.get_worker_connector()):
        assert asyncio.run(worker()) == [0, 1]


def doing(task: str = "payments.resolve", *, since: datetime = NOON) -> int:
    """Write what a worker is doing since an instant; return the job."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (%s) RETURNING id", [later(90)])
        [(worker,)] = cursor.fetchall()
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s WHERE task_name = %s AND status = 'todo'"
            " RETURNING id",
            [worker, task],
        )
        [(job,)] = cursor.fetchall()
        cursor.execute("UPDATE procrastinate_events SET at = %s WHERE job_id = %s AND type = 'started'", [since, job])
    return int(job)


def jobs() -> list[tuple[int, str]]:
    return list(ProcrastinateJob.objects.order_by("id").values_list("pk", "status"))


def ask() -> None:
    assert defer_once("payments.resolve", key="resolve:1", attempt_id=1, actor=somebody("x").as_json())


def twins() -> tuple[int, int]:
    """Return a question that is asked, and the same that waits."""
    ask()
    first = doing()
    ask()
    return first, ProcrastinateJob.objects.get(status="todo").pk


@pytest.mark.django_db(transaction=True)
def test_a_job_that_must_be_tried_again_ends_where_the_same_waits() -> None:
    first, second = twins()
    async_to_sync(app.job_manager.retry_job_by_id_async)(job_id=first, retry_at=later(1))
    assert jobs() == [(second, "todo")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("end", ["retry_job_by_id_async", "finish_job_by_id_async"])
def test_how_a_job_ended_is_written_once_the_database_is_back(end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ask()
    job, refusals, write = (
        doing(),
        [OperationalError("away"), InterfaceError("gone")],
        app.connector.execute_query_async,
    )

    async def away(*args: object, **values: Any) -> None:
        if refusals:
            raise ConnectorException from refusals.pop()
        await write(*args, **values)

    monkeypatch.setattr("obole.lib.queue.REST_SECONDS", 0)
    monkeypatch.setattr(app.connector, "execute_query_async", away)
    how = {"retry_at": NOON} if end.startswith("retry") else {"status": Status.FAILED, "delete_job": False}
    async_to_sync(getattr(app.job_manager, end))(job_id=job, **how)
    assert jobs() == [(job, "todo" if end.startswith("retry") else "failed")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("task", "seconds", "found"),
    [("payments.resolve", 40, 0), ("payments.resolve", 50, 1), ("billing.render", 50, 0), ("billing.render", 3700, 1)],
)
def test_what_a_living_worker_does_for_too_long_is_queued_again(task: str, seconds: int, found: int) -> None:
    arguments = {"attempt_id": 1, "actor": somebody("x").as_json()} if task == "payments.resolve" else {"invoice_id": 1}
    defer(task, **arguments)
    job = doing(task, since=NOON)
    assert resume_interrupted(at=NOON + timedelta(seconds=seconds)) == found
    assert jobs() == [(job, "todo" if found else "doing")]


@pytest.mark.django_db(transaction=True)
def test_a_question_that_hangs_leaves_its_place_to_the_same_that_waits() -> None:
    _first, second = twins()
    assert resume_interrupted(at=later(1)) == 1
    assert jobs() == [(second, "todo")]
