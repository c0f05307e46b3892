"""One worker of the campaign: it prepares payments, or settles them and says so only once it is on its own disk."""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import django
import requests

django.setup()

from django.db import InterfaceError, OperationalError, close_old_connections, connection  # noqa: E402

from obole.billing.models import InvoiceType  # noqa: E402
from obole.dossiers.models import Dossier  # noqa: E402
from obole.lib import actors, dates, texts  # noqa: E402
from obole.payments import operations as payments  # noqa: E402
from tests.world import WHO, bill_dossier  # noqa: E402

T = TypeVar("T")
GIVE_UP_SECONDS = 120
REST_SECONDS = 0.2


class Book:
    """A file of lines, each of them on the disk before the next thing is done."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="ascii")

    def write(self, line: object) -> None:
        """Write a line, and wait until it is on the disk."""
        self._file.write(f"{line}\n")
        self._file.flush()
        os.fsync(self._file.fileno())


def prepare(asked: Path, out: Book) -> None:
    """Issue invoices, leave for the bank, and let the bank be paid without a word to us."""
    wanted = json.loads(asked.read_text())
    bank = requests.Session()
    bank.trust_env = False
    for turn in range(wanted["count"]):
        dossier = Dossier.objects.get(pk=wanted["dossiers"][turn % len(wanted["dossiers"])])
        invoice = bill_dossier(dossier, InvoiceType.objects.get(pk=wanted["type"]), period="", at=dates.now())
        attempt = payments.start_payment(
            invoice_id=invoice.pk, email="usager@example.org", request_key=texts.token(), actor=WHO, at=dates.now()
        )
        paid = {"idop": attempt.gateway_reference, "result": "P", "notify": False}
        bank.post(f"{os.environ['OBOLE_SIMULATOR_URL']}/control/pay", json=paid, timeout=20).raise_for_status()
        out.write(attempt.pk)


def settle(asked: Path, out: Book) -> None:
    """Ask the bank about each payment; try again while the database is away."""
    interruptions = 0
    for attempt_id in json.loads(asked.read_text()):
        state, broken = _until_it_answers(lambda item=attempt_id: _resolve(item))  # type: ignore[misc]
        interruptions += broken
        if state == "paid":
            out.write(attempt_id)
    print(json.dumps({"interruptions": interruptions}), flush=True)  # noqa: T201 - read by the campaign


def _resolve(attempt_id: int) -> str:
    return payments.resolve_attempt(attempt_id=attempt_id, actor=actors.gateway("payfip"), at=dates.now()).state


def _until_it_answers(act: Callable[[], T]) -> tuple[T, int]:
    broken, end = 0, time.monotonic() + GIVE_UP_SECONDS
    while True:
        try:
            return act(), broken
        except (OperationalError, InterfaceError):
            broken += 1
            connection.close()
            close_old_connections()
            if time.monotonic() > end:
                raise
            time.sleep(REST_SECONDS)


if __name__ == "__main__":
    {"prepare": prepare, "settle": settle}[sys.argv[1]](Path(sys.argv[2]), Book(Path(sys.argv[3])))
