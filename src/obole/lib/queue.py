"""How an operation asks the worker for something: by the task's name, in the transaction that decides it."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial, wraps
from typing import Any, TypeVar, cast

import psycopg
from asgiref.sync import async_to_sync
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import OuterRef, Q, Subquery
from procrastinate import App, PsycopgConnector
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.contrib.django.models import ProcrastinateEvent, ProcrastinateJob
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException, UniqueViolation
from procrastinate.jobs import JobDeferrer, Status
from procrastinate.manager import JobManager

from obole.lib.transactions import leave_connection, require_usable_transaction

logger = logging.getLogger(__name__)
T = TypeVar("T")
Argument = int | str | Mapping[str, str]
AWAY = frozenset({OperationalError, InterfaceError})
"""The database stops, restarts, cuts a connection, or ends a deadlock: the whole task is tried again."""
WORKER_SILENCE = timedelta(seconds=30)
"""A worker says every ten seconds that it lives."""
REST_SECONDS = 1.0
BANK = "bank"
LONGEST_QUESTION, LONGEST = timedelta(seconds=45), timedelta(hours=1)
"""What asks the bank gives up after 15 seconds; nothing else takes an hour. What still does it then is lost."""
_AWAY_SAID = (psycopg.OperationalError, psycopg.InterfaceError)


def task(name: str, **options: Any) -> Callable[[Callable[..., None]], Any]:
    """
    Declare what the worker runs under ``name``; ``options`` are procrastinate's.

    A worker lives for months: a connection that the server cut is given up before the task, and none is kept after it.
    """

    def declare(function: Callable[..., None]) -> Any:
        @wraps(function)
        def run(*args: Any, **kwargs: Any) -> None:
            leave_connection()
            try:
                function(*args, **kwargs)
            finally:
                leave_connection()

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
        _in_our_transaction(app.configure_task(task, allow_unknown=False, lock=lock, schedule_at=at)).defer(
            **cast(dict[str, Any], arguments)
        )


def defer_many(task: str, every: Sequence[dict[str, Argument]]) -> None:
    """Queue a task once for each of many arguments, in one statement; a rollback leaves nothing."""
    if every:
        with _errors_as_django_says():
            _in_our_transaction(app.configure_task(task, allow_unknown=False)).batch_defer(
                *cast(list[dict[str, Any]], every)
            )


def defer_once(task: str, *, key: str, priority: int | None = None, **arguments: Argument) -> bool:
    """
    Queue a task unless the same (by ``key``) already waits; say whether it was queued.

    :param priority: where it goes before others of its kind, which wait longer.
    :raises procrastinate.exceptions.TaskNotFound: if no room has such a task.
    """
    first: dict[str, Any] = {} if priority is None else {"priority": priority}
    configured = app.configure_task(task, allow_unknown=False, lock=key, queueing_lock=key, **first)
    try:
        # A savepoint: the refusal is a constraint's, and would spoil the transaction around.
        with transaction.atomic(), _errors_as_django_says():
            _in_our_transaction(configured).defer(**cast(dict[str, Any], arguments))
    except AlreadyEnqueued:
        require_usable_transaction(task)
        return False
    return True


def each(things: Iterable[T], act: Callable[[T], object]) -> None:
    """
    Do for each thing what a task does for many; one that raises stops no other.

    :raises ExceptionGroup: what was raised, once all were tried: the task has failed.
    """
    errors: list[Exception] = []
    for thing in things:
        try:
            act(thing)
        except Exception as error:
            logger.exception("%r was left undone", thing)
            errors.append(error)
    if errors:
        raise ExceptionGroup(f"{len(errors)} left undone", errors)


@contextmanager
def _errors_as_django_says() -> Iterator[None]:
    """Let a lost connection be the same error whether the queue or we met it."""
    try:
        yield
    except ConnectorException as error:
        if isinstance(error.__cause__, _AWAY_SAID):
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


class Jobs(JobManager):
    """
    What becomes of a job is written whatever happens: a job that stays « doing » keeps away all that share its lock.
    """

    async def retry_job_by_id_async(self, job_id: int, *args: Any, **kwargs: Any) -> None:
        """Queue a job again, unless the same waits already and does its work: then it has ended."""
        try:
            await _written(partial(super().retry_job_by_id_async, job_id, *args, **kwargs))
        except UniqueViolation:
            await self.finish_job_by_id_async(job_id=job_id, status=Status.FAILED, delete_job=True)

    async def finish_job_by_id_async(self, *args: Any, **kwargs: Any) -> None:
        """Write how a job ended."""
        await _written(partial(super().finish_job_by_id_async, *args, **kwargs))


async def _written(write: Callable[[], Awaitable[None]]) -> None:
    """Write, again and again while the database is away, as long as a worker may be silent."""
    end = time.monotonic() + WORKER_SILENCE.total_seconds()
    while True:
        try:
            return await write()
        except ConnectorException as error:
            if time.monotonic() > end or not isinstance(error.__cause__, _AWAY_SAID):
                raise
        await asyncio.sleep(REST_SECONDS)


def keep_jobs(queue: App) -> None:
    """Give the queue our way of writing what becomes of a job, when Django starts it."""
    queue.job_manager = Jobs(queue.connector)


def resume_interrupted(*, at: datetime) -> int:
    """
    Queue again what a worker was doing when it died, or does for longer than it may; return how many tasks that was.

    The queue itself never gives up a task: without this, one killed worker leaves its tasks, and all those that share
    their lock, waiting for ever. Every task can run twice.
    """
    dead = Q(worker=None) | Q(worker__last_heartbeat__lt=at - WORKER_SILENCE)
    since = ProcrastinateEvent.objects.filter(job=OuterRef("pk"), type="started").order_by("-at").values("at")[:1]
    late = Q(since__lt=at - LONGEST) | Q(since__lt=at - LONGEST_QUESTION, queue_name=BANK)
    doing = ProcrastinateJob.objects.annotate(since=Subquery(since)).filter(dead | late, status="doing")
    interrupted = list(doing.order_by("id").values_list("pk", flat=True))
    logger.log(logging.ERROR if interrupted else logging.DEBUG, "no progress, queued again: jobs %s", interrupted)
    each(interrupted, lambda job: async_to_sync(app.job_manager.retry_job_by_id_async)(job_id=job, retry_at=at))
    return len(interrupted)
