"""A town of its own on a durable PostgreSQL of its own, with the real processes around it."""

import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from obole_demo.embedded_postgres import EmbeddedServer
from obole_demo.processes import Processes, obole


@dataclass(frozen=True)
class Stage:
    """Where things are during a run."""

    web: str
    bank: str
    processes: Processes


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def prepared() -> Iterator[tuple[str, str]]:
    """Set the environment of a run before Django is set up, and give the addresses of the web and of the bank."""
    var = Path(tempfile.mkdtemp(prefix="obole-bench-"))
    server = EmbeddedServer(var)
    server.start()
    web, bank = (f"http://127.0.0.1:{_free_port()}" for _ in range(2))
    os.environ.update(
        OBOLE_VAR=str(var),
        OBOLE_DATABASE_URL=server.url,
        OBOLE_BASE_URL=web,
        OBOLE_SIMULATOR_URL=bank,
        OBOLE_SECRET_KEY="bench only",
        OBOLE_BANKS=bank,
        OBOLE_TRAINING="yes",
        DJANGO_SETTINGS_MODULE="obole.config.settings",
    )
    try:
        yield web, bank
    finally:
        server.erase()
        shutil.rmtree(var, ignore_errors=True)


@contextmanager
def running(web: str, bank: str, *, workers: int = 1) -> Iterator[Stage]:
    """Start the simulator, the web server with its two processes, and ``workers`` workers."""
    processes = Processes(Path(os.environ["OBOLE_VAR"]) / "logs", {})
    processes.start("simulator", [sys.executable, "-m", "payfip_simulator", "--port", bank.rsplit(":", 1)[1]])
    processes.start("web", obole("serve", "--port", web.rsplit(":", 1)[1], "--workers", "2"))
    for rank in range(workers):
        processes.start(f"worker-{rank}", obole("work"))
    try:
        processes.wait_until("simulator", lambda: _answers(f"{bank}/control"))
        processes.wait_until("web", lambda: _answers(f"{web}/health"))
        yield Stage(web, bank, processes)
    finally:
        processes.stop()


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).status_code < 600
    except requests.RequestException:
        return False
