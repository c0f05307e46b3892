"""A bank that refuses to open payments: a person is called, once for the régie, and the payer reads what is true."""

from unittest.mock import Mock

import pytest

from obole.gateways.base import Exchange, Redirect
from obole.gateways.sandbox.gateway import Sandbox
from obole.payments import operations as payments, queries
from obole.payments.models import Anomaly, Attempt, BankExchange
from tests.actors import somebody
from tests.payments.steps import anomalies, pay, state_of
from tests.world import Town, later, make_fixed_invoice, make_invoice

pytestmark = pytest.mark.django_db
WHO = somebody("regisseur")


def refused(town: Town, minutes: float) -> Attempt:
    return pay(make_fixed_invoice(town, 5207, name=f"Forfait {minutes}"), minutes)


def test_a_refusal_of_the_bank_calls_a_person_once_for_the_regie(town: Town) -> None:
    first, second = refused(town, 1), refused(town, 2)

    assert (state_of(first), state_of(second), first.bank_said) == ("failed", "failed", "REJECTED")
    asked = Anomaly.objects.get()
    assert (asked.kind, asked.regie, asked.attempt, asked.details) == (
        "no_start",
        town.regie,
        first,
        "REJECTED the sandbox rejects it",
    )
    assert queries.banks_that_refuse() == ["ENF"]


def test_a_refusal_after_it_was_said_to_be_mended_calls_again(town: Town) -> None:
    refused(town, 1)
    asked = Anomaly.objects.get()
    payments.close_anomaly(anomaly_id=asked.pk, note="Numéro corrigé.", actor=WHO, at=later(5))
    assert queries.banks_that_refuse() == []

    again = refused(town, 6)

    asked.refresh_from_db()
    assert (asked.closed_at, asked.attempt, asked.invoice) == (None, again, again.invoice)


def test_a_refusal_of_what_the_payer_gave_calls_nobody(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sandbox, "payer_codes", frozenset({"REJECTED"}))
    refused(town, 1)
    assert anomalies() == []


def test_a_silent_bank_calls_nobody_here(town: Town) -> None:
    assert state_of(pay(make_fixed_invoice(town, 5206))) == "failed"
    assert anomalies() == []


def test_a_reference_that_the_bank_gave_before_sends_the_payer_nowhere(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = pay(make_invoice(town))
    twice = Redirect(
        gateway_reference=known.gateway_reference or "",
        url="https://bank.example/",
        exchange=Exchange(request="start", response="again"),
    )
    monkeypatch.setattr(Sandbox, "start", Mock(return_value=twice))

    attempt = pay(make_invoice(town), 2)

    assert (state_of(attempt), attempt.gateway_reference, state_of(known)) == ("failed", None, "waiting")
    assert BankExchange.objects.get(attempt=attempt).response == "again"
    assert anomalies() == ["no_start"]
