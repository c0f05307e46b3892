"""« Suspendre les relances »: until a day, that one included, nobody is reminded and nothing is handed over."""

from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ObjectDoesNotExist
from django.test import Client

from obole.audit_log.models import Record
from obole.billing.models import Invoice
from obole.directory.rules import NotAllowed, Profile
from obole.lib import dates
from obole.recovery import operations as recovery, queries
from obole.recovery.models import Hold, Obstacle
from obole.recovery.operations import CannotHold, HoldRequest
from obole.recovery.tasks import end_holds
from obole.reminders import operations as reminders, queries as reminder_queries
from obole.reminders.models import Reminder
from obole.reminders.queries import ReminderRefusal
from obole.reminders.tasks import run
from tests.crm.desk import browser, get, text_of, url
from tests.world import WHO, Town, later, make_agent, make_citizen, make_invoice, make_town, run_tasks

pytestmark = pytest.mark.django_db
DUE_IN = 20
"""Invoices are due on 15/12/2026; the first reminder comes on the 22nd."""


@pytest.fixture
def town(db: None) -> Town:
    return make_town()


def late(days_late: int) -> Any:
    return later(days=DUE_IN + days_late)


def hold(invoice: Invoice, until: date, *, of_payer: bool = False, at: Any = None) -> Hold:
    asked = HoldRequest(until, Hold.Reason.DIFFICULTY, "Perte d’emploi", of_payer)
    return recovery.place_hold(invoice_id=invoice.pk, asked=asked, actor=WHO, at=at or late(1))


def work(*days: int) -> None:
    """Let the worker live these days."""
    for day in days:
        with time_machine.travel(late(day), tick=False):
            run.func(timestamp=0)
            end_holds.func(timestamp=0)
            run_tasks()


def reminded_on() -> list[date]:
    return [dates.day_of(item.decided_at) for item in Reminder.objects.order_by("id")]


def test_none_on_the_eve_one_the_day_after_none_the_day_after_that(town: Town) -> None:
    """Held until 15/01: none on the 14th nor the 15th, one on the 16th, none on the 17th."""
    hold(make_invoice(town), date(2027, 1, 15))
    work(*range(1, 32))
    assert reminded_on() == []
    work(32)
    assert reminded_on() == [date(2027, 1, 16)]
    work(33)
    assert reminded_on() == [date(2027, 1, 16)]


def test_it_ends_by_itself_and_says_so_once(town: Town) -> None:
    invoice = make_invoice(town)
    one = hold(invoice, late(9).date())
    work(9)
    assert Hold.objects.get(pk=one.pk).ended_at is None
    work(10, 10, 11)
    said = Record.objects.filter(verb__startswith="hold").order_by("id").values_list("verb", flat=True)
    assert list(said) == ["hold.place", "hold.end"]
    assert Hold.objects.get(pk=one.pk).ended_at == late(10)
    assert queries.hold_of(invoice, late(10).date()) is None


def test_the_whole_payer_is_left_in_peace_and_nobody_else(town: Town) -> None:
    first, second = make_invoice(town), make_invoice(town, meals=2)
    other = make_invoice(town, citizen=make_citizen("voisin@example.org"))
    hold(first, late(30).date(), of_payer=True)
    assert list(reminder_queries.candidates(late(8).date())) == [other.pk]
    assert reminders.remind(invoice_id=second.pk, at=late(8)) is None
    assert reminders.remind(invoice_id=other.pk, at=late(8)) is not None


def test_a_reminder_that_waits_in_the_outbox_is_not_sent(town: Town) -> None:
    invoice = make_invoice(town)
    reminder = reminders.remind(invoice_id=invoice.pk, at=late(8))
    assert reminder is not None
    hold(invoice, late(30).date(), at=late(8))
    reminders.deliver(message_id=reminder.message_id, at=late(8))
    reminder.message.refresh_from_db()
    assert reminder.message.state == "dropped"


def test_an_agent_cannot_remind_and_nothing_is_handed_over(town: Town) -> None:
    invoice = make_invoice(town)
    hold(invoice, late(100).date())
    assert reminder_queries.refusals([invoice.pk], today=late(8).date()) == {invoice.pk: ReminderRefusal.HELD}
    with pytest.raises(reminders.ReminderRefused):
        reminders.remind_now(invoice_id=invoice.pk, actor=town.agent.actor, at=late(8))
    found = queries.with_obstacle(Invoice.objects.filter(pk=invoice.pk), late(90).date()).get()
    assert found.obstacle == Obstacle.HELD


def test_a_new_day_replaces_the_old_one_and_lifting_lets_go(town: Town) -> None:
    invoice = make_invoice(town)
    hold(invoice, late(60).date())
    second = hold(invoice, late(9).date(), at=late(2))
    assert Hold.objects.filter(ended_at=None).get() == second
    work(10)
    assert reminded_on() == [late(10).date()]
    third = hold(invoice, late(60).date(), at=late(11))
    recovery.lift_hold(hold_id=third.pk, actor=WHO, at=late(12))
    recovery.lift_hold(hold_id=third.pk, actor=WHO, at=late(12))
    assert Record.objects.filter(verb="hold.lift").count() == 1
    assert reminder_queries.next_reminder(invoice, today=late(12).date()).day == late(21).date()


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (HoldRequest(late(0).date(), "difficulty"), "un jour à venir"),
        (HoldRequest(late(400).date(), "difficulty"), "un jour à venir"),
        (HoldRequest(late(9).date(), "lune"), "un motif"),
        (HoldRequest(late(9).date(), "other", "  "), "Précisez le motif"),
    ],
)
def test_what_makes_no_sense_is_refused(town: Town, asked: HoldRequest, sentence: str) -> None:
    with pytest.raises(CannotHold, match=sentence):
        recovery.place_hold(invoice_id=make_invoice(town).pk, asked=asked, actor=WHO, at=late(1))
    assert not Hold.objects.exists()


def test_a_paid_invoice_is_not_held_and_a_stranger_holds_none(town: Town) -> None:
    invoice = make_invoice(town)
    asked = HoldRequest(late(9).date(), "difficulty")
    reader = make_agent(Profile.READER, email="lecture@example.org")
    with pytest.raises(NotAllowed):
        recovery.place_hold(invoice_id=invoice.pk, asked=asked, actor=reader.actor, at=late(1))
    with pytest.raises(ObjectDoesNotExist):
        recovery.place_hold(invoice_id=0, asked=asked, actor=WHO, at=late(1))


def test_an_agent_holds_and_takes_up_again(town: Town) -> None:
    client, invoice = browser(town.agent), make_invoice(town)
    until = dates.day_of(dates.now()) + timedelta(days=30)
    form = {"until": until.isoformat(), "scope": "all", "reason": "other", "comment": ""}
    page = client.post(url("hold", invoice.pk), form)
    assert "Précisez le motif" in text_of(page) and f'value="{until.isoformat()}"' in page.content.decode()
    assert client.post(url("hold", invoice.pk), {**form, "comment": "Hospitalisé"}).status_code == 302
    shown = text_of(get(client, "invoice", invoice.pk))
    assert f"Relances de toutes les factures de ce payeur suspendues jusqu’au {until:%d/%m/%Y}" in shown
    assert "autre motif, Hospitalisé" in shown
    assert invoice.number in text_of(get(client, "invoices", held="true"))
    held = Hold.objects.get()
    assert client.post(url("hold_lift", invoice.pk, held.pk)).status_code == 302
    assert "suspendues jusqu’au" not in text_of(get(client, "invoice", invoice.pk)).partition("Tout ce qui")[0]
    assert invoice.number not in text_of(get(client, "invoices", held="true"))


def test_anothers_hold_is_not_found(town: Town, client: Client) -> None:
    invoice, other = make_invoice(town), make_invoice(town, meals=2)
    one = hold(invoice, late(30).date())
    agent = browser(town.agent)
    assert agent.post(url("hold_lift", other.pk, one.pk + 1)).status_code == 404
    assert client.post(url("hold_lift", invoice.pk, one.pk)).status_code in (302, 404)
    assert Hold.objects.get(pk=one.pk).ended_at is None
