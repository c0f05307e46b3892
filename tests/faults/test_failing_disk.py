"""A disk that refuses to keep what it was given, played to a real PostgreSQL by strace: F76."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from obole_demo import embedded_postgres
from obole_demo.embedded_postgres import EmbeddedServer

pytestmark = [pytest.mark.processes, pytest.mark.strace]
GOOD_SYNCS = 4
"""Of each process of the server; the next one is refused, and all that follow."""
FAILURES = 2
MOST_COMMITS = 20
PATIENCE_SECONDS = 30


@contextmanager
def on_a_failing_disk(server: EmbeddedServer, *options: str) -> Iterator[None]:
    """
    Run a server, made before on a good disk, whose processes are told EIO when they ask the disk to keep their log.
    """
    refuse = ["-e", "trace=fdatasync", "-e", f"inject=fdatasync:error=EIO:when={GOOD_SYNCS + 1}+"]
    postgres = [str(embedded_postgres.binaries() / "postgres"), "-D", str(server.data), "-k", str(server.sockets)]
    who = embedded_postgres._server_user() if embedded_postgres._is_root() else None
    with server.log.open("a") as log:
        running = subprocess.Popen(
            ["strace", "-f", "-qq", "-o", "/dev/null", *refuse, *postgres, "-c", "listen_addresses=", *options],
            stderr=log,
            cwd="/",
            user=who.pw_uid if who else None,
            group=who.pw_gid if who else None,
            extra_groups=[] if who else None,
        )
    try:
        yield
    finally:
        server.stop()
        running.wait(PATIENCE_SECONDS)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    server = EmbeddedServer(tmp_path / "var")
    server.start()
    with connected(server) as books:
        books.execute("CREATE TABLE kept (n integer)")
    server.stop()
    yield server
    server.erase()


def connected(server: EmbeddedServer) -> psycopg.Connection:
    """Connect, once the server has started or replayed its log."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return psycopg.connect(server.url, autocommit=True)
        except psycopg.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def commit_until_it_fails(server: EmbeddedServer, first: int) -> list[int]:
    """Commit one row after the other; return those that were acknowledged, the server having cried at the next one."""
    acknowledged = list[int]()
    with connected(server) as books, pytest.raises(psycopg.OperationalError):
        for n in range(first, first + MOST_COMMITS):
            books.execute("INSERT INTO kept VALUES (%s)", [n])
            acknowledged.append(n)
    return acknowledged


def f76(server: EmbeddedServer, *options: str) -> None:
    acknowledged = list[int]()
    with on_a_failing_disk(server, *options):
        for turn in range(FAILURES):
            acknowledged += commit_until_it_fails(server, first=turn * 100)
        assert len(acknowledged) >= FAILURES
        with connected(server) as books:
            while_failing = {n for (n,) in books.execute("SELECT n FROM kept")}
    assert server.log.read_text().count("PANIC:  could not fdatasync file") >= FAILURES
    server.start()
    with connected(server) as books:
        kept = {n for (n,) in books.execute("SELECT n FROM kept")}
    assert set(acknowledged) <= while_failing <= kept


def test_f76_a_refused_sync_stops_the_server_which_replays_its_log_and_loses_nothing_acknowledged(
    server: EmbeddedServer,
) -> None:
    f76(server)


def test_neg_f76_a_server_that_does_not_wait_for_the_disk_acknowledges_what_was_refused(server: EmbeddedServer) -> None:
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        f76(server, "-c", "fsync=off")
