"""« Relancer » from the page of an invoice: what its payer will read, then one mail."""

from typing import Any

import pytest
from django.test import Client

from obole.directory.rules import Profile
from obole.mailing.models import Message
from obole.reminders.models import Reminder
from tests.crm.desk import browser, get, text_of, url
from tests.world import Town, later, make_agent, make_invoice

pytestmark = pytest.mark.django_db


def test_the_words_are_read_before_they_leave_and_leave_once(town: Town, time_machine: Any) -> None:
    invoice = make_invoice(town)
    time_machine.move_to(later(days=22), tick=False)
    client = browser(town.agent)
    assert "Relancer…" in text_of(get(client, "invoice", invoice.pk))
    page = text_of(get(client, "invoice_remind", invoice.pk))
    assert f"Votre facture {invoice.number} reste à régler" in page
    assert not Reminder.objects.exists()

    answer = client.post(url("invoice_remind", invoice.pk), follow=True)
    assert "la relance part par courriel." in text_of(answer)
    assert "Relance 1" in text_of(answer)
    assert "Relancer…" not in text_of(answer)
    again = client.post(url("invoice_remind", invoice.pk), follow=True)
    assert "Elle a déjà été relancée aujourd’hui." in text_of(again)
    assert Message.objects.filter(kind="reminder_1").count() == 1


def test_what_may_not_be_reminded_has_no_button_and_says_why(town: Town, client: Client) -> None:
    invoice = make_invoice(town)
    assert "Relancer…" not in text_of(get(client, "invoice", invoice.pk))
    answer = client.get(url("invoice_remind", invoice.pk), follow=True)
    assert "Son échéance n’est pas passée." in text_of(answer)


def test_who_only_reads_has_no_button(town: Town, time_machine: Any) -> None:
    invoice = make_invoice(town)
    time_machine.move_to(later(days=22), tick=False)
    reader = browser(make_agent(Profile.READER, email="lecture@example.org"))
    assert "Relancer…" not in text_of(get(reader, "invoice", invoice.pk))
    assert reader.post(url("invoice_remind", invoice.pk)).status_code in {403, 404}
    assert not Reminder.objects.exists()
