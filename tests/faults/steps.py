"""What the tests of faults share: the errors that count as red, and the guards that several of them take away."""

import pytest
from django.db import DatabaseError
from django.test import Client

from obole.gateways.base import Exchange, Outcome, Status
from obole.lib import actors
from obole.lib.states import ForbiddenTransition, Transition
from obole.payments import operations as payments, states
from obole.payments.models import Attempt, BankExchange, Receipt
from obole.payments.operations import gateway_status, polling
from obole.payments.states import AttemptState
from obole.regies.ledger import AlreadyPosted
from obole.regies.models import Entry
from tests.payments.steps import assert_paid_once
from tests.portal.conftest import text_of
from tests.world import later, run_tasks

RED = (AssertionError, DatabaseError, ForbiddenTransition, AlreadyPosted, payments.AlreadyInProgress)
"""How a row fails when its guard is missing: a broken assertion, or the next line of defence that cries."""
NOTIFICATION = "/paiements/payfip/notification"


def return_page(attempt: Attempt) -> str:
    """Load the page of the payer who comes back."""
    page = Client().get(f"/paiements/retour/{attempt.public_id}/")
    assert page.status_code == 200
    return text_of(page)


def ring_now(**fields: str | None) -> None:
    """Ring as the bank does, and let the worker do what it asks for, at the time that it is."""
    answer = Client().post(NOTIFICATION, fields)
    assert (answer.status_code, answer.content) == (200, b"OK")
    run_tasks()


def assert_booked_once(attempt: Attempt) -> None:
    """Fail unless there is one payment, one posting, one receipt, one mail."""
    run_tasks()
    assert_paid_once(attempt.invoice, attempt)
    assert (Receipt.objects.count(), Entry.objects.filter(cause_kind="receipt").count()) == (1, 1)


def nothing_is_final(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the guard away that leaves a booked payment alone."""
    monkeypatch.setattr(gateway_status, "FINAL", frozenset())
    monkeypatch.setattr(polling, "FINAL", frozenset())


def nothing_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the comparison of what the bank says with what was sent away."""
    monkeypatch.setattr(gateway_status, "differences", lambda _sent, _facts: ())


def only_waiting_is_paid(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make refusals, abandonments and expiries final."""
    monkeypatch.setattr(states, "PAY", Transition("attempt.pay", frozenset({AttemptState.WAITING}), AttemptState.PAID))


def believe_the_doorbell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every ring for a proof of payment."""

    def believe(*, gateway_reference: str, kind: BankExchange.Kind, said: str, at: object) -> bool:
        hear_paid(Attempt.objects.get(gateway_reference=gateway_reference))
        return True

    monkeypatch.setattr(payments, "record_notification", believe)


def hear_paid(attempt: Attempt, minutes: float = 3) -> Attempt:
    """Take the bank's word, as it would be if it were given."""
    outcome = Outcome(
        status=Status.PAID_BY_CARD,
        said="P",
        exchange=Exchange(request="q", response="P"),
        facts=attempt.sent,
        amount_cents=attempt.amount_cents,
    )
    return payments.apply_gateway_status(
        attempt_id=attempt.pk, outcome=outcome, actor=actors.gateway("payfip"), at=later(minutes)
    )
