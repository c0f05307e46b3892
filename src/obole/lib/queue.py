"""How an operation asks the worker for something: by the task's name, in the transaction that decides it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

import psycopg
from asgiref.sync import async_to_sync
from django.db import InterfaceError, OperationalError, close_old_connections, transaction
from django.db.models import Q
from procrastinate import PsycopgConnector
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException, UniqueViolation
from procrastinate.jobs import JobDeferrer, Status
from procrastinate.manager import JobManager

from obole.lib.transactions import require_unspoilt_transaction

Argument = int | str
AWAY = frozenset({OperationalError, InterfaceError})
"""The database stops, restarts, cuts a connection, or ends a deadlock: the whole task is tried again."""
WORKER_SILENCE = timedelta(seconds=30)
"""A worker says every ten seconds that it lives."""


def task(name: str, **options: Any) -> Callable[[Callable[..., None]], Any]:
    """
    Declare what the worker runs under ``name``; ``options`` are procrastinate's.

    A worker lives for months: a connection that the server cut is given up before the task, and none is kept after it.
    """

    def declare(function: Callable[..., None]) -> Any:
        @wraps(function)
        def run(*args: Any, **kwargs: Any) -> None:
            close_old_connections()
            try:
                function(*args, **kwargs)
            finally:
                close_old_connections()

        decorate: Any = app.task(name=name, **options)
        return decorate(run)

    return declare


def defer(task: str, *, lock: str | None = None, at: datetime | None = None, **arguments: Argument) -> None:
    """
    Queue a task; a rollback leaves nothing. Tasks live in each room's ``tasks.py``, which calls its operations.

    :param lock: tasks with the same lock never run at the same time.
    :param at: not before this instant.
    :raises procrastinate.exceptions.TaskNotFound: if no room has such a task.
    """
    with _errors_as_django_says():
        _in_our_transaction(app.configure_task(task, allow_unknown=False, lock=lock, schedule_at=at)).defer(**arguments)


def defer_once(task: str, *, key: str, **arguments: Argument) -> bool:
    """
    Queue a task unless the same (by ``key``) already waits; say whether it was queued.

    :raises procrastinate.exceptions.TaskNotFound: if no room has such a task.
    """
    configured = app.configure_task(task, allow_unknown=False, lock=key, queueing_lock=key)
    try:
        # A savepoint: the refusal is a constraint's, and would spoil the transaction around.
        with transaction.atomic(), _errors_as_django_says():
            _in_our_transaction(configured).defer(**arguments)
    except AlreadyEnqueued:
        require_unspoilt_transaction(task)
        return False
    return True


@contextmanager
def _errors_as_django_says() -> Iterator[None]:
    """Let a lost connection be the same error whether the queue or we met it."""
    try:
        yield
    except ConnectorException as error:
        if isinstance(error.__cause__, psycopg.OperationalError | psycopg.InterfaceError):
            raise OperationalError(str(error.__cause__)) from error
        raise


def _in_our_transaction(deferrer: JobDeferrer) -> JobDeferrer:
    """
    Make the queue use Django's own connection inside the worker, as it does everywhere else.

    The worker has a connection of its own: a task queued through it would be seen, and run, before the transaction that
    decides it commits, and would stay after a rollback.
    """
    if isinstance(app.connector, PsycopgConnector):
        deferrer.job_manager = JobManager(DjangoConnector())
    return deferrer


def resume_interrupted(*, at: datetime) -> int:
    """
    Queue again what a worker was doing when it died, and return how many tasks that was.

    The queue itself never gives up a task: without this, one killed worker leaves its tasks, and all those that share
    their lock, waiting for ever. Every task can run twice.
    """
    dead = Q(worker=None) | Q(worker__last_heartbeat__lt=at - WORKER_SILENCE)
    interrupted = list(
        ProcrastinateJob.objects.filter(dead, status="doing").order_by("id").values_list("pk", flat=True)
    )
    for job_id in interrupted:
        _resume(job_id, at=at)
    return len(interrupted)


def _resume(job_id: int, *, at: datetime) -> None:
    try:
        with transaction.atomic():
            app.job_manager.retry_job_by_id(job_id=job_id, retry_at=at)
    except UniqueViolation:
        # The same was asked again meanwhile, and waits for the lock that this one still holds.
        async_to_sync(app.job_manager.finish_job_by_id_async)(job_id=job_id, status=Status.FAILED, delete_job=True)
