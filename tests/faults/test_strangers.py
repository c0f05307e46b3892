"""Notifications of payments that nobody knows, by the thousand: F09. Logged, bounded, never in a true one's way."""

import logging
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob

from obole.api import views
from obole.lib.logs import Quota
from obole.payments.models import Attempt, BankExchange
from tests.faults.steps import NOTIFICATION, RED
from tests.gateways.payfip.bank import IDOP
from tests.payments.steps import pay
from tests.world import NOON, Town, make_invoice, make_town

pytestmark = pytest.mark.django_db
FLOODER = "203.0.113.7"


@pytest.fixture(autouse=True)
def town(monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    """A town, and a process that has logged nothing yet."""
    monkeypatch.setattr(views.logger, "filters", [Quota(most=10)])
    with time_machine.travel(NOON, tick=False):
        yield make_town()


def ring(idop: str = "") -> None:
    answer = Client(REMOTE_ADDR=FLOODER).post(NOTIFICATION, {"idop": idop or str(uuid.uuid4())})
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, b"OK", "text/plain")


def f09_logged(caplog: pytest.LogCaptureFixture, at: datetime = NOON) -> None:
    """Each is logged, up to ten a minute; of what was rung and of who rang, nothing."""
    with caplog.at_level(logging.DEBUG, logger="obole"):
        for _n in range(3):
            ring(IDOP)
        assert [record.getMessage() for record in caplog.records] == ["notification of an unknown payment"] * 3
        for _n in range(30):
            ring(IDOP)
        assert len(caplog.records) == 10
        with time_machine.travel(at + timedelta(minutes=1), tick=False):
            ring(IDOP)
    assert len(caplog.records) == 11
    assert not [secret for secret in (IDOP, FLOODER) if secret in caplog.text]


def test_f09_unknown_payments_are_logged_within_a_limit(caplog: pytest.LogCaptureFixture) -> None:
    f09_logged(caplog)


@pytest.mark.parametrize("guard", ["limit", "log"])
def test_neg_f09_without_its_log_or_its_limit(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, guard: str
) -> None:
    most = 10_000 if guard == "limit" else 0
    monkeypatch.setattr(views.logger, "filters", [Quota(most=most)])
    with pytest.raises(RED):
        f09_logged(caplog)


def test_f09_an_unknown_payment_costs_one_look(town: Town) -> None:
    with CaptureQueriesContext(connection) as asked:
        for _n in range(50):
            ring()
    said = [query["sql"] for query in asked.captured_queries]
    assert len(said) == 50 and all(sql.startswith("SELECT") for sql in said)
    assert not ProcrastinateJob.objects.exists()


def test_f09_a_flood_never_keeps_a_true_notification_out(town: Town) -> None:
    """The flood and the bank come from one address, as behind a proxy that names nobody: the true ring is kept."""
    known = pay(make_invoice(town))
    Attempt.objects.filter(pk=known.pk).update(gateway_reference=IDOP)
    ProcrastinateJob.objects.all()._raw_delete("default")
    for _n in range(100):
        ring()
    ring(IDOP)
    assert BankExchange.objects.filter(attempt=known, kind="notification").count() == 1
    assert ProcrastinateJob.objects.get().args["attempt_id"] == known.pk
