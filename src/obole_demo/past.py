"""Living the past: the worker's tasks and the bank's clock at the time that the story tells."""

import signal
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from multiprocessing import get_context
from typing import Any

import django
import requests
from django.db import connection
from procrastinate.contrib.django import app
from procrastinate.testing import InMemoryConnector

PAPERS = frozenset(
    {
        "billing.render",
        "billing.render_many",
        "books.render_closing",
        "cash_desk.render_deposit",
        "payments.send_receipt",
        "remittances.render",
    }
)
"""What takes long and that nothing else in the story waits for: another process does it meanwhile."""


def without_waiting_for_the_disk() -> None:
    """Spare the story the wait at each commit: a power cut would cost the story, which can be told again."""
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO off")


class PastWorker:
    """Does at once, and at the story's time, what operations leave to the worker."""

    def __init__(self, connector: InMemoryConnector, printer: ProcessPoolExecutor | None = None) -> None:
        self._connector = connector
        self._printer = printer
        self._printing: list[Future[None]] = []

    def catch_up(self, at: datetime) -> None:
        """Run everything that was queued, and what that queues; papers go to the printer."""
        while self._connector.jobs:
            _number, job = self._connector.jobs.popitem()
            if self._printer is not None and job["task_name"] in PAPERS:
                self._printing.append(self._printer.submit(print_paper, job["task_name"], job["args"], at))
            else:
                _run(job["task_name"], job["args"], at)

    def wait_for_papers(self) -> None:
        """Wait for the printer; what failed there fails here."""
        for paper in self._printing:
            paper.result()


@contextmanager
def past_worker() -> Iterator[PastWorker]:
    """Keep tasks in memory for the length of a story: there is nothing to lose, the whole of it can be told again."""
    connector = InMemoryConnector()
    printer = ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_set_up_printer)
    with app.replace_connector(connector), printer:
        worker = PastWorker(connector, printer)
        yield worker
        worker.wait_for_papers()


def print_paper(name: str, arguments: dict[str, Any], at: datetime) -> None:
    """Make one document, in the printer's process, and send the mail that carries it."""
    connector = InMemoryConnector()
    with app.replace_connector(connector):
        _run(name, arguments, at)
        PastWorker(connector).catch_up(at)


def _set_up_printer() -> None:
    # Ctrl-C reaches this process too; who started it will stop it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    django.setup()
    without_waiting_for_the_disk()


def _run(name: str, arguments: dict[str, Any], at: datetime) -> None:
    # Imported once Django is set up, which the printer's process does by itself.
    from obole_demo import tasks  # noqa: PLC0415

    tasks.TASKS[name](**arguments, at=at)


class PastBank:
    """The simulator's controls: what the payer did on the bank's page, and when."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = requests.Session()

    def is_on(self) -> bool:
        """Tell whether the simulator answers."""
        try:
            return self._session.get(f"{self._url}/control", timeout=2).ok
        except requests.RequestException:
            return False

    def set_clock(self, at: datetime | None) -> None:
        """
        Stop the bank's clock at an instant, or let it follow ours again; the payer's returns are played by the story.
        """
        self._post("/control", {"clock": at.isoformat() if at else "", "notifications": "off" if at else "on"})

    def finish(self, idop: str, result: str) -> None:
        """Let the payer finish: ``P``, ``V``, ``R``, ``Z`` or ``A``."""
        self._post("/control/pay", {"idop": idop, "result": result, "notify": False})

    def _post(self, path: str, body: dict[str, Any]) -> None:
        answer = self._session.post(f"{self._url}{path}", json=body, timeout=10)
        answer.raise_for_status()
