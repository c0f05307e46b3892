"""The outbox: what was handed over and what was not, why, and sending it again."""

from typing import Any

import pytest
from django.test import Client

from obole.audit_log.models import Record
from obole.directory import operations as directory
from obole.directory.rules import NotAllowed, Profile
from obole.mailing.models import Message, UndeliverableAddress
from obole.mailing.states import NOT_ARRIVED
from obole.payments import operations as payments
from obole.payments.models import Anomaly, Receipt
from tests.crm.desk import bill, browser, get, pay, rows_of, send_account_mail, text_of, url
from tests.world import WHO, Town, later, make_agent

pytestmark = pytest.mark.django_db
SAID = "{'usager@example.org': (550, b'5.1.1 No such user')}"


def failed(town: Town, **changes: Any) -> Message:
    """Return the notice of an invoice, that the mail server refused."""
    invoice = bill(town, 40_00, at=later(5))
    rows = Message.objects.filter(about_kind="billing.invoice", about_id=invoice.pk, kind="invoice_deposited")
    found = rows.get()
    rows.update(**{"state": "failed", "tries": 1, "last_error": SAID, "sent_at": None, **changes})
    return Message.objects.get(pk=found.pk)


def correct_address(town: Town, email: str) -> None:
    values = {"kind": "person", "first_name": "Léa", "last_name": "Lefèvre", "email": email}
    directory.update_citizen(citizen_id=town.citizen.pk, values=values, actor=WHO, at=later(20))


def test_the_page_says_why_and_offers_to_mend_it(town: Town, client: Client) -> None:
    page = text_of(get(client, "message", failed(town).pk))
    assert "L’adresse n’existe pas." in page
    assert "Renvoyer à" in page and "Corriger l’adresse" in page
    assert "Remis le" not in page


def test_it_is_sent_again_once_to_the_address_of_now(town: Town, client: Client) -> None:
    message = failed(town)
    payments.open_overdue_tasks(at=later(30))
    task = Anomaly.objects.get(message=message)
    correct_address(town, "neuve@example.org")
    for _turn in range(2):
        answer = client.post(url("message_resend", message.pk), follow=True)
        assert "renvoyé à neuve@example.org" in text_of(answer)
    copy = Message.objects.get(cause=f"again:{message.pk}")
    assert (copy.to, copy.text, copy.subject, copy.state) == (
        "neuve@example.org",
        message.text,
        message.subject,
        "queued",
    )
    assert Record.objects.filter(verb="message.resend").count() == 1
    task.refresh_from_db()
    assert (task.outcome, task.note) == ("noted", "Courriel renvoyé à neuve@example.org")
    message.refresh_from_db()
    assert message.state == "failed", "what happened stays"
    assert "Renvoyer à" not in text_of(get(client, "message", message.pk))
    assert "Renvoi du courriel" in text_of(get(client, "message", copy.pk))


def test_what_arrived_is_sent_again_only_to_another_address(town: Town, client: Client) -> None:
    message = failed(town, state="sent", last_error="", sent_at=later(6))
    assert payments.address_to_resend(message) == ""
    client.post(url("message_resend", message.pk))
    assert not Message.objects.filter(cause=f"again:{message.pk}").exists()
    correct_address(town, "neuve@example.org")
    message = Message.objects.get(pk=message.pk)
    assert payments.address_to_resend(message) == "neuve@example.org"


def test_a_reminder_of_what_is_paid_is_not_sent_again(town: Town) -> None:
    message = failed(town, kind="reminder_1")
    assert payments.address_to_resend(message)
    payments.take_money(
        invoice_id=message.about_id or 0,
        money=payments.Money(cents=40_00, means=Receipt.Means.CASH, payer_name=""),
        request_key="k",
        actor=WHO,
        at=later(20),
    )
    with pytest.raises(payments.NotResendable):
        payments.resend_message(message_id=message.pk, actor=WHO, at=later(30))


def test_nobody_writes_to_the_dead_nor_sends_a_secret_again(town: Town) -> None:
    message = failed(town)
    directory.record_death(
        citizen_id=town.citizen.pk, deceased_on=later(days=-2).date(), correspondent="", actor=WHO, at=later(20)
    )
    with pytest.raises(payments.NotResendable):
        payments.resend_message(message_id=message.pk, actor=WHO, at=later(30))
    secret = send_account_mail()
    Message.objects.filter(pk=secret.pk).update(state="failed")
    with pytest.raises(NotAllowed):
        payments.resend_message(message_id=secret.pk, actor=WHO, at=later(30))


def test_what_was_kept_was_not_handed_over(town: Town, client: Client) -> None:
    failed(town, state="kept", last_error="", sent_at=later(6))
    pay(bill(town, 50_00))
    Message.objects.filter(state="queued").update(state="sent", sent_at=later(7))
    cells = {row[5]: row[4] for row in rows_of(get(client, "messages"))}
    assert cells["Conservé, non envoyé"] == ""
    assert cells["Remis au serveur de courriel"].endswith("h 07")


def test_a_reader_sends_nothing(town: Town) -> None:
    reader = make_agent(Profile.READER, email="lecteur@example.org")
    message = failed(town)
    client = browser(reader)
    assert "Renvoyer" not in text_of(get(client, "message", message.pk))
    assert client.post(url("message_resend", message.pk)).status_code in {403, 404}
    assert Message.objects.filter(cause=f"again:{message.pk}").count() == 0


def marked(town: Town) -> Message:
    """Return a notice that came back from an address which does not exist."""
    message = failed(town, state="bounced", last_error="550 5.1.1 No such user", sent_at=later(6))
    UndeliverableAddress.objects.create(
        address=message.to, fault="mailbox", diagnostic=message.last_error, since=later(8), message=message
    )
    return message


def test_a_mail_that_came_back_says_so_and_its_address_is_trusted_again(town: Town, client: Client) -> None:
    message = marked(town)
    payments.open_overdue_tasks(at=later(30))
    assert Anomaly.objects.filter(message=message, kind="mail").count() == 1
    page = text_of(get(client, "message", message.pk))
    assert "Revenu" in page and "L’adresse n’existe pas." in page
    assert "Les courriels reviennent depuis le 25/11/2026 : l’adresse n’existe pas." in page
    assert "Renvoyer à" not in page, "it would come back"
    with pytest.raises(payments.NotResendable):
        payments.resend_message(message_id=message.pk, actor=WHO, at=later(30))
    answer = client.post(url("message_trust", message.pk), follow=True)
    assert f"les prochains courriels à {message.to} partiront." in text_of(answer)
    assert f"Renvoyer à {message.to}" in text_of(answer)
    mark = UndeliverableAddress.objects.get()
    assert mark.ended_by is not None and mark.ended_by.pk_of("agent") == town.regisseur.pk
    assert "partiront" not in text_of(client.post(url("message_trust", message.pk), follow=True))


def test_the_citizen_s_page_shows_it_until_the_address_changes(town: Town, client: Client) -> None:
    message = marked(town)
    page = text_of(get(client, "citizen", town.citizen.pk))
    assert "Les courriels reviennent depuis le 25/11/2026 : l’adresse n’existe pas." in page
    assert "L’adresse est bonne : écrire de nouveau" in page
    correct_address(town, "neuve@example.org")
    assert "Les courriels reviennent" not in text_of(get(client, "citizen", town.citizen.pk))
    assert payments.address_to_resend(Message.objects.get(pk=message.pk)) == "neuve@example.org"
    correct_address(town, message.to.upper())
    answer = client.post(url("citizen_trust", town.citizen.pk), follow=True)
    assert "partiront." in text_of(answer)
    assert "Les courriels reviennent" not in text_of(answer)


def test_the_invoice_of_who_cannot_be_mailed_goes_on_paper(town: Town, client: Client) -> None:
    message = marked(town)
    page = text_of(get(client, "invoice", message.about_id))
    assert f"À remettre sur papier : les courriels à {message.to} reviennent." in page
    assert "non remis à" in page


def test_what_came_back_is_listed_with_what_was_not_delivered(town: Town, client: Client) -> None:
    marked(town)
    (row,) = rows_of(get(client, "messages", state=sorted(NOT_ARRIVED)))
    assert row[5] == "Revenu" and row[4].endswith("h 06")


def test_who_reads_without_handling_does_not_lift_a_mark(town: Town) -> None:
    message = marked(town)
    reader = browser(make_agent(Profile.READER, email="lecture@example.org"))
    for name, pk in (("message_trust", message.pk), ("citizen_trust", town.citizen.pk)):
        assert reader.post(url(name, pk)).status_code in (403, 404)
    assert UndeliverableAddress.objects.filter(ended_at=None).count() == 1
