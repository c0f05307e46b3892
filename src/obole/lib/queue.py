"""How an operation asks the worker for something: by the task's name, in the transaction that decides it."""

from datetime import datetime

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

Argument = int | str


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
