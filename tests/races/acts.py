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

from obole.bank_statements import operations as bank_statements
from obole.bank_statements.models import BankLine
from obole.bank_statements.rules.pool import fingerprint
from obole.billing import operations as billing
from obole.billing.models import Invoice, InvoiceType
from obole.books import operations as books
from obole.books.queries import handovers
from obole.dossiers import operations as dossiers
from obole.dossiers.models import Dossier
from obole.gateways.base import Exchange, Outcome, Status
from obole.gateways.payfip import soap
from obole.lib import actors, dates, texts
from obole.lib.states import ForbiddenTransition
from obole.payments import operations as payments
from obole.payments.models import Attempt, Receipt, Reversal
from obole.personal_data import operations as personal_data
from obole.regies.models import Regie
from obole.reminders import operations as reminders, queries as reminder_queries
from obole.remittances import operations as remittances
from tests.actors import somebody
from tests.bank_statements.files import with_a_sign
from tests.bank_statements.steps import keep
from tests.cash_desk.steps import coins
from tests.world import NOON, WHO, bill_dossier, later


class Rolled(Exception):
    """The transaction does not reach its end."""


def warm_up() -> None:
    """Load once, before there are many of us, what a first request and a first question to the bank load."""
    soap._session()
    Client().post("/paiements/payfip/notification")


def notify(idop: str, attempt_id: int, minutes: float = 3) -> str:
    """Ring as the bank does, then do what the worker does of it."""
    answer = Client().post("/paiements/payfip/notification", {"idop": idop})
    assert (answer.status_code, answer.content) == (200, b"OK")
    return resolve(attempt_id, minutes)


def resolve(attempt_id: int, minutes: float = 3) -> str:
    """Ask the bank what became of an attempt."""
    return payments.resolve_attempt(attempt_id=attempt_id, actor=actors.gateway("payfip"), at=later(minutes)).state


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
        invoice_id=invoice_id, email="usager@example.org", request_key=key, actor=somebody("usager"), at=NOON
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
    return bill_dossier(Dossier.objects.get(pk=dossier_id), InvoiceType.objects.get(pk=type_id), period="").sequence


def bill_part(part_id: int, days_later: int) -> int | None:
    """Do what a worker does when the day of a part has come; return the number of its invoice in the series."""
    invoice = billing.bill_due_instalment(part_id=part_id, at=later(days_later * 24 * 60))
    return invoice.sequence if invoice else None


def bill_copies(dossier_id: int, type_id: int, version_id: int) -> int:
    """Invoice a hundred copies, and what was carried over to them; return what that comes to."""
    asked = billing.PricingAnswers(version_id=version_id, answers={"pages": "100"}, on=NOON.date())
    return billing.generate_invoice(
        dossier_id=dossier_id,
        type_id=type_id,
        answered=asked,
        period="",
        request_key=texts.token(),
        confirmed=billing.Confirmed(again=True),
        actor=WHO,
        at=NOON,
    ).total_cents


def abandon_part(part_id: int) -> str:
    """Abandon a part."""
    return billing.abandon_instalments(part_id=part_id, reason="erreur", actor=WHO, at=later(3))[0].state


def cancel(invoice_id: int) -> str:
    """Cancel an invoice."""
    return billing.cancel_invoice(
        invoice_id=invoice_id, code="other", comment="erreur", actor=WHO, at=later(3)
    ).invoice.state


def cancel_all(invoice_ids: list[int]) -> int:
    """Cancel what is still due of many invoices; return how many were."""
    cancelled = 0
    for invoice_id in invoice_ids:
        with suppress(ForbiddenTransition):
            cancel(invoice_id)
            cancelled += 1
    return cancelled


def hear_paid(attempt_id: int, cents: int) -> str:
    """Take the bank's word that it was paid."""
    attempt = Attempt.objects.get(pk=attempt_id)
    outcome = Outcome(
        status=Status.PAID_BY_CARD,
        said="P",
        exchange=Exchange(request="q", response="P"),
        facts=attempt.sent,
        amount_cents=cents,
    )
    return payments.apply_gateway_status(
        attempt_id=attempt_id, outcome=outcome, actor=actors.gateway("payfip"), at=later(3)
    ).state


def hear_all(attempt_ids: list[int], cents: int) -> list[str]:
    """Take the bank's word about many payments, one after the other."""
    return [hear_paid(item, cents) for item in attempt_ids]


def remind_all(at: str) -> list[int]:
    """Do what one run of the schedule does; return whom it reminded."""
    moment = datetime.fromisoformat(at)
    found = list(reminder_queries.candidates(dates.day_of(moment)))
    return [item for item in found if reminders.remind(invoice_id=item, at=moment) is not None]


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


def sign_remittance(regie_id: int, cents: int, key: str, agent: dict[str, str]) -> str:
    """Sign over all that is there."""
    return remittances.sign_remittance(
        regie_id=regie_id,
        until=dates.day_of(NOON),
        expected_cents=cents,
        request_key=key,
        actor=actors.Actor(**agent),
        at=later(120),
    ).number


def take_back(receipt_id: int) -> str:
    """Find that money was never there."""
    return payments.reverse_receipt(
        receipt_id=receipt_id, kind=Reversal.Kind.MISTAKE, reason="erreur", actor=WHO, at=later(120)
    ).kind


def merge(kept_id: int, merged_id: int) -> int:
    """Merge a file into another; return which one stays."""
    return personal_data.merge_citizens(kept_id=kept_id, merged_id=merged_id, reason="la même", actor=WHO, at=NOON).pk


def apply_for(citizen_id: int, form_id: int, key: str) -> int:
    """Send an application; return whose it is."""
    filled = dossiers.Application(answers={"enfant": "Zoé", "ecole": "Jules-Ferry", "repas": 2})
    return dossiers.submit(
        citizen_id=citizen_id, form_id=form_id, request_key=key, filled=filled, actor=WHO, at=NOON
    ).citizen_id


def accept_bank_line(line_id: int) -> str:
    """Accept what a line is proposed to be."""
    seen = fingerprint(BankLine.objects.get(pk=line_id).proposal)
    return bank_statements.accept_line(line_id=line_id, seen=seen, actor=WHO, at=later(days=11)).state


def choose_for_bank_line(line_id: int, receipt_id: int) -> str:
    """Say that a line is a receipt."""
    who: dict[str, Any] = {"actor": WHO, "at": later(days=11)}
    return bank_statements.choose_receipts(line_id=line_id, receipt_ids=[receipt_id], **who).state


def classify_bank_line(line_id: int) -> str:
    """Put the money of a line in recettes à classer."""
    who: dict[str, Any] = {"actor": WHO, "at": later(days=11)}
    return bank_statements.classify_line(line_id=line_id, payer_name="", reference="", **who).number


def import_statement(regie_id: int) -> int:
    """Import a statement of two lines, the same for all."""
    content = with_a_sign([(NOON.date(), 5, "A"), (NOON.date(), 6, "B")])
    return len(keep(Regie.objects.get(pk=regie_id), content))


def sign_handover(regie_id: int, arriving_id: int, kind: str, agent: dict[str, str]) -> str:
    """Sign, as who leaves, what is there."""
    held = handovers.holdings(Regie.objects.get(pk=regie_id))
    handing = books.Handing(
        kind=kind,
        arriving_id=arriving_id,
        places={place.key: coins(place.cents) for place in held.places},
        pieces={name: (count, cents) for name, (count, cents) in held.pieces.items()},
    )
    return books.sign_handover(
        regie_id=regie_id,
        handing=handing,
        seen=held.fingerprint,
        request_key=texts.token(),
        actor=actors.Actor(**agent),
        at=later(60),
    ).state


def countersign(handover_id: int, agent: dict[str, str]) -> str:
    """Sign, as who arrives."""
    return books.countersign_handover(handover_id=handover_id, actor=actors.Actor(**agent), at=later(65)).state


def take_transfer(invoice_id: int) -> str:
    """Take a transfer for an invoice."""
    money = payments.Money(cents=Invoice.objects.get(pk=invoice_id).total_cents, means=Receipt.Means.TRANSFER)
    return payments.take_money(
        invoice_id=invoice_id, money=money, request_key=texts.token(), actor=WHO, at=later(62)
    ).number
