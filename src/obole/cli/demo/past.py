"""Living the past: the worker's tasks and the bank's clock at the time that the story tells."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import requests
from procrastinate.contrib.django import app
from procrastinate.testing import InMemoryConnector

from obole.billing import papers as invoice_papers
from obole.mailing import operations as mailing
from obole.payments import operations as payments
from obole.payments import papers as receipt_papers
from obole.reminders import operations as reminders

TASKS: dict[str, Callable[..., Any]] = {
    "billing.render": invoice_papers.ensure_document,
    "mailing.deliver": mailing.deliver,
    "payments.resolve": payments.resolve_attempt,
    "payments.send_receipt": receipt_papers.send_receipt,
    "reminders.deliver": reminders.deliver,
}


class PastWorker:
    """Does at once, and at the story's time, what operations leave to the worker."""

    def __init__(self, connector: InMemoryConnector) -> None:
        self._connector = connector

    def catch_up(self, at: datetime) -> None:
        """Run everything that was queued, and what that queues."""
        while self._connector.jobs:
            _number, job = self._connector.jobs.popitem()
            TASKS[job["task_name"]](**job["args"], at=at)


@contextmanager
def past_worker() -> Iterator[PastWorker]:
    """Keep tasks in memory for the length of a story: there is nothing to lose, the whole of it can be told again."""
    connector = InMemoryConnector()
    with app.replace_connector(connector):
        yield PastWorker(connector)


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
        """Stop the bank's clock at an instant, or let it follow ours again; the payer's returns are played by the story."""
        self._post("/control", {"clock": at.isoformat() if at else "", "notifications": "off" if at else "on"})

    def finish(self, idop: str, result: str) -> None:
        """Let the payer finish: ``P``, ``V``, ``R``, ``Z`` or ``A``."""
        self._post("/control/pay", {"idop": idop, "result": result, "notify": False})

    def _post(self, path: str, body: dict[str, Any]) -> None:
        answer = self._session.post(f"{self._url}{path}", json=body, timeout=10)
        answer.raise_for_status()
