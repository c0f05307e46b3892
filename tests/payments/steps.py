"""What the tests of payments do: pay, come back, ring, sweep; and what they look at."""

import time_machine
from django.test import Client

from obole.audit_log.models import Record
from obole.billing.models import Invoice
from obole.lib import actors, texts
from obole.mailing.models import Message
from obole.payments import operations as payments
from obole.payments.models import Anomaly, Attempt, Receipt
from obole.payments.operations.polling import RETURN_SECONDS
from obole.regies.models import Regie
from obole.regies.queries import balances
from tests.actors import somebody
from tests.world import later, run_tasks

EMAIL = "usager@example.org"


def pay(invoice: Invoice, minutes: float = 0, *, key: str = "", email: str = EMAIL) -> Attempt:
    """Press « Payer maintenant »."""
    return payments.start_payment(
        invoice_id=invoice.pk,
        email=email,
        request_key=key or texts.token(),
        actor=somebody("usager"),
        at=later(minutes),
    )


def ring(attempt: Attempt, minutes: float) -> None:
    """Let the bank notify, and the worker do what that asks for."""
    with time_machine.travel(later(minutes)):
        answer = Client().post("/paiements/payfip/notification", {"idop": attempt.gateway_reference})
        assert (answer.status_code, answer.content) == (200, b"OK")
        run_tasks()


def come_back(attempt: Attempt, minutes: float) -> Attempt:
    """Return from the bank's page: the question is asked there and then."""
    return payments.resolve_attempt(
        attempt_id=attempt.pk, actor=actors.PAYER_RETURN, at=later(minutes), seconds=RETURN_SECONDS
    )


def sweep(attempt: Attempt, minutes: float) -> None:
    """Let the clock pass over every attempt whose time has come."""
    with time_machine.travel(later(minutes)):
        payments.sweep(at=later(minutes))
        run_tasks()


def state_of(thing: Invoice | Attempt) -> str:
    thing.refresh_from_db()
    return thing.state


def verbs(attempt: Attempt) -> list[str]:
    """Return what the trail says of an attempt, oldest first."""
    records = Record.objects.filter(subject_kind="payments.attempt", subject_id=attempt.pk).order_by("id")
    return list(records.values_list("verb", flat=True))


def anomalies() -> list[str]:
    return list(Anomaly.objects.order_by("id").values_list("kind", flat=True))


def mails() -> list[str]:
    """Return the kinds of the mails about payments, in order."""
    return list(Message.objects.filter(kind__startswith="payment").order_by("id").values_list("kind", flat=True))


def held(regie: Regie, *accounts: str) -> tuple[int, ...]:
    known = balances(regie)
    return tuple(known[account] for account in accounts)


def assert_paid_once(invoice: Invoice, attempt: Attempt) -> None:
    """Fail unless this attempt paid this invoice, once, and its payer was told once."""
    assert (state_of(attempt), state_of(invoice)) == ("paid", "paid")
    assert verbs(attempt).count("attempt.pay") == 1
    receipt = Receipt.objects.get(attempt=attempt)
    assert (receipt.invoice_id, receipt.cents) == (invoice.pk, invoice.total_cents)
    assert mails().count("payment_receipt") == 1
    assert anomalies() == []


def assert_in_suspense(invoice: Invoice, attempt: Attempt, cents: int, kind: str) -> None:
    """
    Fail unless this attempt's money is kept in recettes à classer, with a person called, and the invoice untouched.
    """
    before = invoice.state
    assert (state_of(attempt), state_of(invoice)) == ("paid", before)
    receipt = Receipt.objects.get(attempt=attempt)
    assert (receipt.invoice_id, receipt.cents) == (None, cents)
    assert list(Anomaly.objects.filter(attempt=attempt).values_list("kind", flat=True)) == [kind]
    assert held(attempt.regie, "suspense") == (cents,)


def assert_nothing_received(invoice: Invoice) -> None:
    assert state_of(invoice) == "due"
    assert invoice.received_cents == 0
    assert not Receipt.objects.exists()
    assert held(invoice.regie, "card_clearing", "debit_clearing", "revenue_due", "suspense") == (0, 0, 0, 0)
