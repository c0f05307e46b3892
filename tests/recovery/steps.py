"""What the tests of this room share: time goes by, reminders leave, a transmission is sent."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import time_machine

from obole.billing.models import Invoice
from obole.directory.models import Agent
from obole.lib import dates, texts
from obole.recovery import operations as recovery
from obole.recovery.models import Transmission, TransmissionLine
from obole.regies import operations as regies
from obole.reminders.tasks import run
from tests.world import NOON, WHO, Town, later, run_tasks

LATE = 100
"""Days after noon: 20 to pay, 60 of the régie's, and a few."""


def remind_all(town: Town) -> None:
    """Let the worker live the days of the three reminders."""
    for day in (27, 41, 55):
        with time_machine.travel(later(days=day), tick=False):
            run.func(timestamp=0)
            run_tasks()


def request(
    town: Town, *invoices: Invoice, key: str = "", by: Agent | None = None, at: datetime | None = None
) -> Transmission:
    return recovery.request_transmission(
        regie_id=town.regie.pk,
        invoice_ids=[invoice.pk for invoice in invoices],
        request_key=key or texts.token(),
        actor=(by or town.regisseur).actor,
        at=at or later(days=LATE),
    )


def send(
    town: Town, transmission: Transmission, *, by: Agent | None = None, at: datetime | None = None
) -> Transmission:
    """Send a transmission, and let the worker do it."""
    at = at or later(days=LATE)
    recovery.send_transmission(transmission_id=transmission.pk, actor=(by or town.regisseur).actor, at=at)
    with time_machine.travel(at, tick=False):
        run_tasks()
    transmission.refresh_from_db()
    return transmission


def hand_over(town: Town, *invoices: Invoice, at: datetime | None = None) -> list[TransmissionLine]:
    """Have the comptable recover these invoices."""
    transmission = send(town, request(town, *invoices, at=at), at=at)
    return list(transmission.lines.order_by("id"))


def come_back(line: TransmissionLine, town: Town, *, days: int = LATE + 5, **changes: Any) -> TransmissionLine:
    due_date = dates.day_of(later(days=days)) + timedelta(days=30)
    values = {"due_date": due_date, "reason": "Erreur de payeur", "reference": "SGC 2027-12", **changes}
    return recovery.return_line(line_id=line.pk, actor=town.regisseur.actor, at=later(days=days), **values)


def states_of(lines: Sequence[TransmissionLine]) -> list[tuple[str, str]]:
    return [
        (line.state, line.obstacle)
        for line in TransmissionLine.objects.filter(pk__in=[x.pk for x in lines]).order_by("id")
    ]


def want_two(town: Town) -> None:
    """Have the régie ask for a second person."""
    regies.configure_regie(regie_id=town.regie.pk, values={"transfer_by_two": True}, actor=WHO, at=NOON)
