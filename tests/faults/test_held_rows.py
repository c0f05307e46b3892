"""A row that somebody holds: nobody waits for it longer than a person for a page, and a notification not at all."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import OperationalError, connection
from django.test import Client

from obole.billing.models import Invoice
from obole.lib import texts, transactions
from obole.payments import operations as payments
from obole.payments.models import Attempt, BankExchange, Receipt
from tests.actors import somebody
from tests.payments.steps import pay, state_of
from tests.world import Town, later, make_invoice, make_town, run_tasks

pytestmark = pytest.mark.django_db(transaction=True)
WHO = somebody("regisseur@valbourg.example")


@pytest.fixture
def town() -> Town:
    return make_town()


@contextmanager
def held(*rows: tuple[str, int]) -> Iterator[None]:
    """Let another connection hold rows, as a long operation would."""
    at = connection.settings_dict
    with psycopg.connect(dbname=at["NAME"], host=at["HOST"], user=at["USER"]) as other:
        for table, pk in rows:
            other.execute(f"SELECT FROM {table} WHERE id = %s FOR NO KEY UPDATE", [pk])  # type: ignore[arg-type]
        yield


@contextmanager
def patience(milliseconds: int) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        before = cursor.fetchone()[0]
        cursor.execute(f"SET lock_timeout = {milliseconds}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = '{before}'")


def take(invoice: Invoice) -> Receipt:
    money = payments.Money(cents=100, means=Receipt.Means.CASH)
    return payments.take_money(invoice_id=invoice.pk, money=money, request_key=texts.token(), actor=WHO, at=later(1))


def test_every_connection_has_a_bound() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone()[0] == "10s"


def test_a_held_regie_ends_an_operation_at_once_with_nothing_done(town: Town) -> None:
    invoice = make_invoice(town)
    begin = time.monotonic()
    with held(("regies_regie", town.regie.pk)), patience(300), pytest.raises(OperationalError) as refused:
        take(invoice)
    assert transactions.is_lock_refused(refused.value) and not transactions.is_conflict(refused.value)
    assert time.monotonic() - begin < 3, "it is not tried three times"
    assert not Receipt.objects.exists()
    assert take(invoice).number == "ENF-Q-2026-000001"


def test_a_notification_waits_for_nobody(town: Town) -> None:
    attempt = pay(make_invoice(town))
    with held(("regies_regie", town.regie.pk), ("payments_attempt", attempt.pk)), patience(300):
        for second in range(3):
            assert payments.record_notification(
                gateway_reference=attempt.gateway_reference or "",
                kind=BankExchange.Kind.NOTIFICATION,
                said="{}",
                at=later(1 + second / 60),
            )
    assert BankExchange.objects.filter(attempt=attempt, kind="notification").count() == 3
    run_tasks()
    assert state_of(attempt) == "paid"


def test_who_comes_back_from_the_bank_while_the_regie_is_held_reads_that_it_is_being_confirmed(town: Town) -> None:
    attempt = pay(make_invoice(town))
    with held(("regies_regie", town.regie.pk)), patience(300):
        page = Client().get(f"/paiements/retour/{attempt.public_id}/")
    assert page.status_code == 200
    assert "ne payez pas une seconde fois" in page.content.decode()
    assert Attempt.objects.get().state == "waiting"
    assert Client().get(f"/paiements/retour/{attempt.public_id}/").status_code == 200
    assert state_of(attempt) == "paid"
