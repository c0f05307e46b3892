"""Nobody waits while holding a lock; what the server undid for another's sake is begun anew."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from random import SystemRandom
from typing import Any, ParamSpec, TypeVar

from django.db import OperationalError, connection, transaction
from psycopg.errors import DeadlockDetected, LockNotAvailable, SerializationFailure

P = ParamSpec("P")
R = TypeVar("R")
CONFLICTS = (DeadlockDetected, SerializationFailure)
TRIES = 3
PAUSE_SECONDS = (0.01, 0.06)
"""Between two tries, times the tries so far; by chance, so that two that met do not meet again."""
_LUCK = SystemRandom()


class TransactionOpen(RuntimeError):
    """Something slow (bank, mail, file, PDF) was about to happen inside a transaction."""


def is_open() -> bool:
    """Tell whether a transaction of ours is open. A test case's own does not count, as for ``atomic(durable=True)``."""
    blocks: list[Any] = connection.atomic_blocks
    return bool(blocks) and not blocks[-1]._from_testcase  # noqa: SLF001 - the question that Django asks itself


@contextmanager
def forbid_transaction(what: str) -> Iterator[None]:
    """
    Guard a slow act.

    :raises TransactionOpen: if a transaction is open.
    """
    if is_open():
        raise TransactionOpen(f"{what} inside a transaction")
    yield


@contextmanager
def outside_transaction(what: str) -> Iterator[None]:
    """
    Guard a wait for somebody else (a bank), and meanwhile leave the database's connection to others.

    :raises TransactionOpen: if a transaction is open.
    """
    with forbid_transaction(what):
        leave_connection()
        yield


def leave_connection() -> None:
    """Leave the database's connection to others; a transaction that is open (a test case's own) keeps it."""
    if not connection.in_atomic_block:
        connection.close()


@contextmanager
def one_snapshot() -> Iterator[None]:
    """Read everything as it was at one instant, and write nothing; inside a transaction, read as that one does."""
    outermost = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if outermost:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def require_transaction(what: str) -> None:
    """
    Guard an act that must commit or vanish with what it goes with.

    :raises RuntimeError: if no transaction is open.
    """
    if not is_open():
        raise RuntimeError(f"{what} outside a transaction")


def require_usable_transaction(what: str) -> None:
    """
    Guard the way on after a refusal that was expected, and undone by a savepoint.

    Where the savepoint could not be taken back (the connection is gone), Django ends the transaction around without a
    word: whoever went on would acknowledge what was never kept.

    :raises django.db.OperationalError: if nothing of the transaction around will be kept.
    """
    if connection.in_atomic_block and connection.needs_rollback:
        raise OperationalError(f"the connection was lost during {what}")


def atomic_with_retry(function: Callable[P, R]) -> Callable[P, R]:
    """
    Make an operation one transaction: all of it, or nothing.

    Of two that wait for each other the server undoes one, so that the other may go on: what it undid is begun anew
    here, a few times, after a rest. So an operation takes ids and values, never rows: it reads everything again. Inside
    another transaction it is a part of that one, and only the outermost is begun anew: the server undid that one whole.
    """

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        turn = TRIES if is_open() else 1
        while True:
            try:
                with transaction.atomic():
                    return function(*args, **kwargs)
            except OperationalError as error:
                if turn >= TRIES or not is_conflict(error):
                    raise
            time.sleep(turn * _LUCK.uniform(*PAUSE_SECONDS))
            turn += 1

    return run


def is_conflict(error: BaseException | None) -> bool:
    """Tell whether the server undid a transaction for another's sake: a deadlock, or two that cannot both be true."""
    return _comes_from(error, CONFLICTS)


def is_lock_refused(error: BaseException | None) -> bool:
    """Tell whether a row was held by somebody else for longer than anybody waits. Nothing was changed."""
    return _comes_from(error, (LockNotAvailable,))


def _comes_from(error: BaseException | None, kinds: tuple[type[Exception], ...]) -> bool:
    while error is not None:
        if isinstance(error, kinds):
            return True
        error = error.__cause__
    return False
