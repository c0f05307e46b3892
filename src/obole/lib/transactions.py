"""Nobody waits while holding a lock."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection


class TransactionOpen(RuntimeError):
    """Something slow (bank, mail, file, PDF) was about to happen inside a transaction."""


@contextmanager
def forbid_transaction(what: str) -> Iterator[None]:
    """
    Guard a slow act.

    :raises TransactionOpen: if a transaction is open.
    """
    if connection.in_atomic_block:
        raise TransactionOpen(f"{what} inside a transaction")
    yield


@contextmanager
def waiting_outside(what: str) -> Iterator[None]:
    """
    Guard a wait for somebody else (a bank), and meanwhile leave the database's connection to others.

    :raises TransactionOpen: if a transaction is open.
    """
    with forbid_transaction(what):
        connection.close()
        yield


def require_transaction(what: str) -> None:
    """
    Guard an act that must commit or vanish with what it goes with.

    :raises RuntimeError: if no transaction is open.
    """
    if not connection.in_atomic_block:
        raise RuntimeError(f"{what} outside a transaction")


def require_unspoilt_transaction(what: str) -> None:
    """
    Guard the way on after a refusal that was expected, and undone by a savepoint.

    Where the savepoint could not be taken back (the connection is gone), Django ends the transaction around without a word:
    whoever went on would acknowledge what was never kept.

    :raises django.db.OperationalError: if nothing of the transaction around will be kept.
    """
    if connection.in_atomic_block and connection.needs_rollback:
        raise OperationalError(f"the connection was lost during {what}")
