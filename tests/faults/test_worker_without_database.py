"""`obole work` and a PostgreSQL that is restarted, or is not there: only a signal ends a worker well."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from obole_demo.embedded_postgres import EmbeddedServer
from tests.races.processes import ROOT

pytestmark = pytest.mark.processes
PATIENCE_SECONDS = 90


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    """Return a migrated PostgreSQL of this test's own, with the product's own settings on it."""
    server = EmbeddedServer(tmp_path, durable=False)
    server.start()
    try:
        subprocess.run([*obole("migrate", "-v", "0")], env=environment(server), cwd=ROOT, check=True, timeout=300)
        yield server
    finally:
        server.erase()


def obole(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "obole", *arguments]


def environment(server: EmbeddedServer) -> dict[str, str]:
    own = {"DJANGO_SETTINGS_MODULE": "obole.config.settings", "PYTHONPATH": str(ROOT / "src")}
    return {**os.environ, **own, "OBOLE_VAR": str(server.var), "OBOLE_DATABASE_URL": server.url}


@contextmanager
def working(server: EmbeddedServer) -> Iterator[subprocess.Popen[bytes]]:
    with (server.var / "worker.log").open("ab") as log:
        process = subprocess.Popen(obole("work"), env=environment(server), cwd=ROOT, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], server: EmbeddedServer) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not ready():
        told = (server.var / "worker.log").read_text()[-2000:]
        assert process.poll() is None, f"the worker ended with {process.returncode}: {told}"
        assert time.monotonic() < end, told
        time.sleep(0.2)


def ask_for_a_sweep(server: EmbeddedServer) -> None:
    with psycopg.connect(server.url) as web:
        web.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, args)"
            " VALUES ('clock', 'payments.sweep', '{\"timestamp\": 1}')"
        )


def sweeps(server: EmbeddedServer) -> int:
    with psycopg.connect(server.url) as web:
        [(count,)] = web.execute("SELECT count(*) FROM payments_sweep").fetchall()
        return int(count)


def test_a_worker_survives_a_restart_of_postgresql_and_ends_with_zero_on_a_signal(server: EmbeddedServer) -> None:
    with working(server) as process:
        ask_for_a_sweep(server)
        wait_until(lambda: sweeps(server) > 0, process, server)
        server.stop()
        time.sleep(1)
        server.start()
        # What it meets may end it a few seconds later: the next task is asked for after that.
        time.sleep(12)
        before = sweeps(server)
        ask_for_a_sweep(server)
        wait_until(lambda: sweeps(server) > before, process, server)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_SECONDS) == 0


@pytest.mark.long
def test_a_worker_whose_database_was_never_there_says_so_and_fails(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path)
    done = subprocess.run(
        obole("work"), env=environment(server), cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 1
    assert "CommandError: the database does not answer" in done.stderr
