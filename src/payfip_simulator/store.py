"""The payments, in one SQLite database: a file if they must survive a restart, else the memory."""

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS payment (
    idop TEXT PRIMARY KEY,
    session TEXT NOT NULL UNIQUE,
    created_at REAL NOT NULL,
    opened_at REAL,
    saisie TEXT NOT NULL,
    numcli TEXT NOT NULL,
    exer TEXT NOT NULL,
    refdet TEXT NOT NULL,
    objet TEXT NOT NULL,
    mel TEXT NOT NULL,
    montant TEXT NOT NULL,
    urlnotif TEXT NOT NULL,
    urlredirect TEXT NOT NULL,
    result TEXT,
    numauto TEXT,
    settled_at REAL,
    history TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    pending_card TEXT,
    purged INTEGER NOT NULL DEFAULT 0,
    detail_calls INTEGER NOT NULL DEFAULT 0,
    returns INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS payment_by_age ON payment (created_at);
CREATE INDEX IF NOT EXISTS payment_by_reference ON payment (refdet);
CREATE TABLE IF NOT EXISTS notification (
    idop TEXT NOT NULL,
    sent_at TEXT NOT NULL,
    method TEXT NOT NULL,
    url TEXT NOT NULL,
    status INTEGER,
    error TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS notification_by_payment ON notification (idop);
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
"""

FINAL = ("P", "V")
REQUEST_FIELDS = ("saisie", "numcli", "exer", "refdet", "objet", "mel", "montant", "urlnotif", "urlredirect")


@dataclass(frozen=True)
class Payment:
    """One idop and all that happened to it."""

    idop: str
    session: str
    created_at: float
    opened_at: float | None
    saisie: str
    numcli: str
    exer: str
    refdet: str
    objet: str
    mel: str
    montant: str
    urlnotif: str
    urlredirect: str
    result: str | None
    numauto: str | None
    settled_at: float | None
    history: str
    reason: str
    pending_card: str | None
    purged: int
    detail_calls: int
    returns: int

    @property
    def is_final(self) -> bool:
        """Say whether nothing can change the result any more."""
        return self.result in FINAL

    @property
    def state(self) -> str:
        """Say where the payment stands, in one word or one letter."""
        if self.purged:
            return "purged"
        return self.result or ("opened" if self.opened_at is not None else "created")

    @property
    def settled(self) -> datetime | None:
        """Return the instant of the result."""
        return None if self.settled_at is None else datetime.fromtimestamp(self.settled_at, tz=UTC)


class Store:
    """One connection, one lock: each method is one short transaction."""

    def __init__(self, path: str = ":memory:") -> None:
        self._lock = threading.RLock()
        self._base = sqlite3.connect(path, check_same_thread=False, isolation_level=None, cached_statements=256)
        self._base.row_factory = sqlite3.Row
        try:
            self._base.execute("PRAGMA journal_mode=WAL")
            self._base.execute("PRAGMA synchronous=NORMAL")
            self._base.executescript(SCHEMA)
        except sqlite3.Error:
            self._base.close()
            raise

    def close(self) -> None:
        """Close the database once the statement in progress is over."""
        with self._lock:
            self._base.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield self._base
            except BaseException:
                self._base.execute("ROLLBACK")
                raise
            self._base.execute("COMMIT")

    def add(self, *, idop: str, session: str, at: float, fields: Mapping[str, str]) -> None:
        """Keep a new payment."""
        names = ", ".join(REQUEST_FIELDS)
        marks = ", ".join("?" * (3 + len(REQUEST_FIELDS)))
        values = (idop, session, at, *(fields.get(name, "") for name in REQUEST_FIELDS))
        with self._transaction() as base:
            base.execute(f"INSERT INTO payment (idop, session, created_at, {names}) VALUES ({marks})", values)

    def _one(self, query: str, *values: Any) -> Payment | None:
        with self._lock:
            row = self._base.execute(query, values).fetchone()
        return Payment(**row) if row else None

    def find(self, idop: str) -> Payment | None:
        """Return the payment of an idop, purged or not."""
        return self._one("SELECT * FROM payment WHERE idop = ?", idop)

    def find_session(self, session: str) -> Payment | None:
        """Return the payment whose page is open under this name."""
        return self._one("SELECT * FROM payment WHERE session = ?", session)

    def payments(self, *, limit: int = 100, idop: str = "", refdet: str = "") -> list[Payment]:
        """Return the last payments, newest first."""
        query = (
            "SELECT * FROM payment WHERE (? = '' OR idop = ?) AND (? = '' OR refdet = ?)"
            " ORDER BY created_at DESC, rowid DESC LIMIT ?"
        )
        with self._lock:
            rows = self._base.execute(query, (idop, idop, refdet, refdet, limit)).fetchall()
        return [Payment(**row) for row in rows]

    def open_page(self, idop: str, *, at: float) -> bool:
        """Use up the one opening of a page; False if it was used already."""
        with self._transaction() as base:
            done = base.execute("UPDATE payment SET opened_at = ? WHERE idop = ? AND opened_at IS NULL", (at, idop))
            return done.rowcount == 1

    def keep_card(self, idop: str, number: str) -> None:
        """Keep which test card waits for its holder to be recognised."""
        with self._transaction() as base:
            base.execute("UPDATE payment SET pending_card = ? WHERE idop = ?", (number, idop))

    def settle(self, idop: str, *, result: str, numauto: str | None, reason: str, at: float) -> bool:
        """Write a result, unless a final one is there or the payment is purged; say whether it was written."""
        query = (
            "UPDATE payment SET result = ?, numauto = ?, reason = ?, settled_at = ?, pending_card = NULL,"
            " history = history || ? WHERE idop = ? AND purged = 0 AND (result IS NULL OR result NOT IN ('P', 'V'))"
        )
        with self._transaction() as base:
            return base.execute(query, (result, numauto, reason, at, result, idop)).rowcount == 1

    def purge(self, *, created_before: float, settled_before: float) -> None:
        """Forget what never had a result, and the results of more than a year."""
        query = (
            "UPDATE payment SET purged = 1 WHERE purged = 0"
            " AND ((result IS NULL AND created_at < ?) OR (result IS NOT NULL AND settled_at < ?))"
        )
        with self._transaction() as base:
            base.execute(query, (created_before, settled_before))

    def count_detail(self, idop: str) -> None:
        """Count one more question about a payment."""
        with self._transaction() as base:
            base.execute("UPDATE payment SET detail_calls = detail_calls + 1 WHERE idop = ?", (idop,))

    def count_return(self, idop: str) -> None:
        """Count one more return to the creditor."""
        with self._transaction() as base:
            base.execute("UPDATE payment SET returns = returns + 1 WHERE idop = ?", (idop,))

    def record_notification(self, values: Mapping[str, Any]) -> None:
        """Keep what became of one notification."""
        with self._transaction() as base:
            base.execute("INSERT INTO notification VALUES (:idop, :sent_at, :method, :url, :status, :error)", values)

    def notifications(self, idop: str) -> list[dict[str, Any]]:
        """Return the notifications of a payment, oldest first."""
        query = "SELECT sent_at, method, url, status, error FROM notification WHERE idop = ? ORDER BY rowid"
        with self._lock:
            return [dict(row) for row in self._base.execute(query, (idop,))]

    def forget_payments(self) -> None:
        """Empty the simulator."""
        with self._transaction() as base:
            base.execute("DELETE FROM payment")
            base.execute("DELETE FROM notification")

    def save(self, key: str, value: Mapping[str, Any]) -> None:
        """Keep one object under a name."""
        with self._transaction() as base:
            base.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, json.dumps(value)))

    def saved(self, key: str) -> dict[str, Any]:
        """Return the object kept under a name; empty if there is none."""
        with self._lock:
            row = self._base.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return dict(json.loads(row["value"])) if row else {}
