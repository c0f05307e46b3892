"""
F43, a bank that is down for a day: a banner, no reminder, a question a minute at most, and then everything comes in.
"""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from obole.billing.models import Invoice
from obole.payments import operations as payments, queries, rules
from obole.payments.models import Attempt, Circuit
from obole.payments.operations import circuit_breaker
from obole.reminders.models import Reminder
from obole.reminders.tasks import run as remind
from tests.actors import somebody
from tests.payfip_simulator.live import RunningSimulator
from tests.payments.steps import EMAIL, state_of
from tests.world import Town, later, make_citizen, make_invoice, run_tasks

pytestmark = pytest.mark.django_db

OFF = {"answer_creer": "html_502", "answer_detail": "html_502", "answer_client": "html_502"}
ON = dict.fromkeys(OFF, "normal")
HOUR = timedelta(hours=1)


class Day:
    """
    A town whose bank goes down, one minute after another. It goes down at noon of the day 27: a reminder is due on it.
    """

    def __init__(self, town: Town, simulator: RunningSimulator) -> None:
        self.town, self.simulator = town, simulator
        self.noon = later(days=27)
        self.late = make_invoice(town)
        other = make_citizen("autre@example.org", last_name="Martin")
        self.paid = [make_invoice(town, meals=3, citizen=other, at=self.noon - HOUR) for _n in range(6)]
        self.work(self.noon - HOUR, reminders=False)
        self.attempts = [self.try_to_pay(invoice, self.noon - timedelta(minutes=1)) for invoice in self.paid]
        for attempt in self.attempts:
            simulator.pay(attempt.gateway_reference or "", "P", notify=False)
        simulator.control(**OFF)

    def try_to_pay(self, invoice: Invoice, at: datetime) -> Attempt:
        return payments.start_payment(
            invoice_id=invoice.pk, email=EMAIL, request_key=f"{invoice.pk}{at}", actor=somebody("usager"), at=at
        )

    def work(self, at: datetime, *, reminders: bool = True) -> None:
        """Let the worker live that minute."""
        with time_machine.travel(at):
            payments.sweep(at=at)
            if reminders:
                remind.func(timestamp=0)
            run_tasks()

    def outage(self) -> int:
        """
        Live the day: minute after minute for an hour, then hour after hour. Return how often the bank was called in
        that hour.
        """
        for minute in range(4, 10):
            self.work(self.noon + timedelta(minutes=minute), reminders=False)
        before = sum(self.simulator.calls().values())
        for minute in range(10, 70):
            self.work(self.noon + timedelta(minutes=minute))
        called = sum(self.simulator.calls().values()) - before
        for hour in range(2, 25):
            self.work(self.noon + hour * HOUR)
        return called

    def page(self, address: str, at: datetime) -> str:
        client = Client()
        assert self.town.citizen.user is not None
        with time_machine.travel(at, tick=False):
            client.force_login(self.town.citizen.user)
            return client.get(address).content.decode().replace("\xa0", " ")


@pytest.fixture
def day(payfip_town: Town, simulator: RunningSimulator) -> Day:
    return Day(payfip_town, simulator)


def test_f43_a_bank_that_is_down_for_a_day(day: Day) -> None:
    called = day.outage()

    evening, invoice = day.noon + 24 * HOUR, f"/mes-factures/{day.late.public_id}/"
    assert 50 <= called <= 61, "about one question a minute"
    for address in ("/mes-factures/", invoice, "/"):
        page = day.page(address, day.noon + HOUR)
        assert "Le paiement en ligne est momentanément indisponible." in page, address
        assert "Cantine et périscolaire » : le service de paiement PayFiP ne répond pas depuis 12 h 0" in page, address
        assert "Payer maintenant" not in page, address
    assert "ne répond pas depuis le 22 décembre 2026 à 12 h 0" in day.page("/mes-factures/", evening)
    assert not Reminder.objects.exists()
    assert all(state_of(attempt) == "waiting" for attempt in day.attempts)

    day.simulator.control(**ON)
    for minute in (60, 61):
        day.work(day.noon + 24 * HOUR + timedelta(minutes=minute))

    assert all(state_of(attempt) == "paid" for attempt in (*day.attempts, *day.paid)), "all that was paid came in"
    assert not queries.outages([day.town.regie.pk])
    page = day.page(invoice, evening + 2 * HOUR)
    assert "indisponible" not in page and "Payer maintenant" in page
    assert not Reminder.objects.exists(), "a whole day to pay first"
    day.work(day.noon + 48 * HOUR)
    assert list(Reminder.objects.values_list("invoice", "step")) == [(day.late.pk, 1)], "and it is not lost"
    day.work(day.noon + 49 * HOUR)
    assert Reminder.objects.count() == 1


def test_f43_neg_without_the_circuit_the_bank_is_hammered(day: Day, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(circuit_breaker, "_count", lambda **_how: None)

    called = day.outage()

    assert called > 61
    assert Reminder.objects.exists()


def test_f43_neg_without_the_wait_who_cannot_pay_is_reminded(day: Day, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "regies_not_payable", lambda _today: [])

    day.outage()

    assert Reminder.objects.filter(invoice=day.late).exists()


@pytest.mark.parametrize(("minutes", "waits"), [(59, False), (61, True)])
def test_a_short_outage_puts_no_reminder_off(payfip_town: Town, minutes: int, waits: bool) -> None:
    regie, since = payfip_town.regie, later(days=27)
    values: dict[str, Any] = {"failing_since": since, "down_since": since, "probed_at": since}
    Circuit.objects.create(regie=regie, failures=rules.FAILURES, **values)
    today = (since + timedelta(minutes=minutes)).date()
    assert queries.regies_not_payable(today) == [regie.pk]

    circuit_breaker.record_answer(regie_id=regie.pk, at=since + timedelta(minutes=minutes))

    assert queries.regies_not_payable(today) == ([regie.pk] if waits else [])
    assert queries.regies_not_payable(today + timedelta(days=1)) == []
