"""What the processes of a crowd do. Each act takes and returns plain values: they travel as JSON."""

import os
import random
import signal
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from itertools import count
from typing import Any

from django.db import connection, transaction
from django.test import Client

from obole.billing import operations as billing
from obole.gateways.base import Exchange, Outcome, Status
from obole.gateways.payfip import soap
from obole.lib import days, words
from obole.lib.states import ForbiddenMove
from obole.payments import operations as payments
from obole.payments.models import Attempt
from obole.reminders import operations as reminders
from obole.reminders import queries as reminder_queries
from tests.world import NOON, WHO, later


class Rolled(Exception):
    """The transaction does not reach its end."""


def warm_up() -> None:
    """Load once, before there are many of us, what a first request and a first question to the bank load."""
    soap._client()
    Client().post("/paiements/payfip/notification")


def notify(idop: str, attempt_id: int, minutes: float = 3) -> str:
    """Ring as the bank does, then do what the worker does of it."""
    answer = Client().post("/paiements/payfip/notification", {"idop": idop})
    assert (answer.status_code, answer.content) == (200, b"OK")
    return resolve(attempt_id, minutes)


def resolve(attempt_id: int, minutes: float = 3) -> str:
    """Ask the bank what became of an attempt."""
    return payments.resolve_attempt(attempt_id=attempt_id, actor="payfip", at=later(minutes)).state


def come_back(public_id: str) -> str:
    """Load the page of the payer who returns; say what it shows."""
    page = Client().get(f"/paiements/retour/{public_id}/")
    assert page.status_code == 200
    return "received" if "Paiement reçu" in page.content.decode() else "not yet"


def sweep(attempt_id: int, minutes: float = 3) -> str:
    """Let the clock pass, then do what it asked for."""
    payments.sweep(at=later(minutes))
    return resolve(attempt_id, minutes)


def start(invoice_id: int, key: str) -> str:
    """Press « Payer maintenant »."""
    return payments.start_payment(
        invoice_id=invoice_id, email="usager@example.org", request_key=key, actor="usager", at=NOON
    ).state


def issue_many(dossier_id: int, type_id: int, how_many: int, seed: int, dies_after: int = -1) -> int:
    """Issue so many invoices one after the other, some of them rolled back by chance; return how many were kept."""
    luck, kept = random.Random(seed), 0
    for turn in range(how_many):
        try:
            with transaction.atomic():
                issue(dossier_id, type_id)
                if turn == dies_after:
                    os.kill(os.getpid(), signal.SIGKILL)
                if luck.random() < 0.3:
                    raise Rolled
                kept += 1
        except Rolled:
            pass
    return kept


def issue(dossier_id: int, type_id: int) -> int | None:
    """Issue one invoice."""
    return billing.generate_invoice(
        dossier_id=dossier_id, type_id=type_id, quantities={}, period="", request_key=words.token(), actor=WHO, at=NOON
    ).sequence


def bill_part(part_id: int, days_later: int) -> int | None:
    """Do what a worker does when the day of a part has come; return the number of its invoice in the series."""
    invoice = billing.bill_part_on_its_day(part_id=part_id, at=later(days_later * 24 * 60))
    return invoice.sequence if invoice else None


def bill_copies(dossier_id: int, type_id: int, version_id: int) -> int:
    """Invoice a hundred copies, and what was carried over to them; return what that comes to."""
    asked = billing.Answered(version_id=version_id, answers={"pages": "100"}, on=NOON.date())
    return billing.generate_priced_invoice(
        dossier_id=dossier_id, type_id=type_id, answered=asked, period="", request_key=words.token(), actor=WHO, at=NOON
    ).total_cents


def abandon_part(part_id: int) -> str:
    """Abandon a part."""
    return billing.abandon_parts(part_id=part_id, reason="erreur", actor=WHO, at=later(3))[0].state


def cancel(invoice_id: int) -> str:
    """Cancel an invoice."""
    return billing.cancel_invoice(
        invoice_id=invoice_id, code="other", comment="erreur", actor=WHO, at=later(3)
    ).invoice.state


def cancel_all(invoice_ids: list[int]) -> int:
    """Cancel what is still due of many invoices; return how many were."""
    cancelled = 0
    for invoice_id in invoice_ids:
        with suppress(ForbiddenMove):
            cancel(invoice_id)
            cancelled += 1
    return cancelled


def hear_paid(attempt_id: int, cents: int) -> str:
    """Take the bank's word that it was paid."""
    attempt = Attempt.objects.get(pk=attempt_id)
    outcome = Outcome(
        status=Status.PAID_BY_CARD, said="P", exchange=Exchange(request="q", response="P"), facts=attempt.sent, amount_cents=cents
    )  # fmt: skip
    return payments.hear_outcome(attempt_id=attempt_id, outcome=outcome, actor="payfip", at=later(3)).state


def hear_all(attempt_ids: list[int], cents: int) -> list[str]:
    """Take the bank's word about many payments, one after the other."""
    return [hear_paid(one, cents) for one in attempt_ids]


def remind_all(at: str) -> list[int]:
    """Do what one run of the schedule does; return whom it reminded."""
    moment = datetime.fromisoformat(at)
    found = list(reminder_queries.candidates(days.day_of(moment)))
    return [one for one in found if reminders.remind(invoice_id=one, at=moment) is not None]


def dies_at(statement: int, attempt_id: int) -> str:
    """Learn of a payment, and die before the so-manieth statement of the transaction that books it."""
    with connection.execute_wrapper(_killer(statement)):
        return resolve(attempt_id)


def dies_before_the_commit(attempt_id: int) -> str:
    """Learn of a payment, and die with everything written and nothing committed."""
    return _dies_at_the_last_commit(attempt_id, before=True)


def dies_after_the_commit(attempt_id: int) -> str:
    """Learn of a payment, and die once it is committed, before anything else."""
    return _dies_at_the_last_commit(attempt_id, before=False)


def reminds_and_dies(invoice_ids: list[int], at: str, after: int) -> None:
    """Decide so many reminders, then die in the transaction of the next."""
    moment = datetime.fromisoformat(at)
    for turn, invoice_id in enumerate(invoice_ids):
        with transaction.atomic():
            reminders.remind(invoice_id=invoice_id, at=moment)
            if turn == after:
                os.kill(os.getpid(), signal.SIGKILL)


def _killer(statement: int) -> Callable[..., Any]:
    numbers = count(1)

    def run(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if connection.in_atomic_block and next(numbers) == statement:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params, many, context)

    return run


def _dies_at_the_last_commit(attempt_id: int, *, before: bool) -> str:
    commit = connection.connection.__class__.commit

    def last(self: Any) -> None:
        if not before:
            commit(self)
        os.kill(os.getpid(), signal.SIGKILL)

    connection.connection.__class__.commit = last
    return resolve(attempt_id)
