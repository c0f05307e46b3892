"""How an operation asks the worker for something: by the task's name, in the transaction that decides it."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.db import close_old_connections, transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

Argument = int | str


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

        return app.task(name=name, **options)(run)

    return declare


def defer(task: str, *, lock: str | None = None, at: datetime | None = None, **arguments: Argument) -> None:
    """
    Queue a task; a rollback leaves nothing. Tasks live in each room's ``tasks.py``, which calls its operations.

    :param lock: tasks with the same lock never run at the same time.
    :param at: not before this instant.
    :raises procrastinate.exceptions.TaskNotFound: if no room has such a task.
    """
    app.configure_task(task, allow_unknown=False, lock=lock, schedule_at=at).defer(**arguments)


def defer_once(task: str, *, key: str, **arguments: Argument) -> bool:
    """
    Queue a task unless the same (by ``key``) already waits; say whether it was queued.

    :raises procrastinate.exceptions.TaskNotFound: if no room has such a task.
    """
    try:
        # A savepoint: the refusal is a constraint's, and would spoil the transaction around.
        with transaction.atomic():
            app.configure_task(task, allow_unknown=False, lock=key, queueing_lock=key).defer(**arguments)
    except AlreadyEnqueued:
        return False
    return True
