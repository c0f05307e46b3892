"""In which order a transaction takes its rows: read from the statements themselves, for every operation of a test."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from obole.lib import transactions

RANKS = {
    "bulk_actions_bulkaction": -8,
    "campaigns_campaign": -7,
    "books_handover": -6,
    "bank_statements_bankline": -5,
    "cash_desk_drawer": -4,
    "cash_desk_cashsession": -3,
    "cash_desk_deposit": -2,
    "consumption_attendancefile": -1,
    "dossiers_dossier": 0,
    "billing_plannedinstalment": 1,
    "payments_attempt": 2,
    "payments_receipt": 3,
    "payments_refund": 4,
    "remittances_remittance": 5,
    "billing_invoice": 6,
    "regies_series": 7,
    "regies_regie": 8,
    "payments_anomaly": 9,
}

"""What ARCHITECTURE says: whoever holds a row takes none of a lower rank, and invoices by their ids."""
INVOICE, SERIES = "billing_invoice", "regies_series"
_LOCKS = re.compile(r'^SELECT .* FROM "(\w+)".* FOR (?:NO KEY )?UPDATE(?: OF "(\w+)")?', re.DOTALL)
_WRITES = re.compile(r'^\s*(UPDATE|INSERT INTO) "?(\w+)"?')


class UpsideDown(AssertionError):
    """A transaction takes a row that must be taken before one that it holds."""


class LockOrder:
    """Stands around each statement of a connection, and fails on one that goes up."""

    def __init__(self) -> None:
        self.held: list[tuple[str, frozenset[int]]] = []
        self.written = set[str]()

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if transactions.is_open():
            self._look(sql, params)
        else:
            # A test that rolls back has its operations between two savepoints, which are set and released out here.
            self.begin()
        return execute(sql, params, many, context)

    def begin(self) -> None:
        """Hold nothing: a transaction begins."""
        self.held.clear()
        self.written.clear()

    def _look(self, sql: str, params: Any) -> None:
        locks, writes = _LOCKS.match(sql), _WRITES.match(sql)
        if locks:
            self._take(locks[2] or locks[1], _keys(params), sql)
        elif writes and writes[2] in RANKS:
            # A row that was made here, or locked before it is changed, keeps nobody waiting.
            if writes[2] == SERIES or (writes[1] == "UPDATE" and not self._knows(writes[2])):
                self._take(writes[2], frozenset(), sql)
            self.written.add(writes[2])

    def _knows(self, table: str) -> bool:
        return table in self.written or any(name == table for name, _keys in self.held)

    def _take(self, table: str, keys: frozenset[int], sql: str) -> None:
        if table not in RANKS or any(name == table and keys & known for name, known in self.held):
            return
        if table == SERIES and self._knows(table):
            return
        above = [name for name, _known in self.held if RANKS[name] > RANKS[table]]
        above += [name for name, known in self.held if name == table == INVOICE and max(known) > min(keys)]
        if above:
            raise UpsideDown(f"{table} is taken after {above[0]}: {sql[:300]}")
        self.held.append((table, keys))


def _keys(params: Any) -> frozenset[int]:
    return frozenset(param for param in params or () if isinstance(param, int) and not isinstance(param, bool))


@contextmanager
def one_order() -> Iterator[LockOrder]:
    """Watch the transactions of this thread's connection; each begins with nothing held."""
    order, begin = LockOrder(), connection.set_autocommit

    def begun(*args: Any, **values: Any) -> None:
        order.begin()
        begin(*args, **values)

    connection.set_autocommit = begun  # type: ignore[method-assign]
    try:
        with connection.execute_wrapper(order):
            yield order
    finally:
        connection.set_autocommit = begin  # type: ignore[method-assign]
