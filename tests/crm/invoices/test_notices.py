"""What is unusual about an invoice stands on top of its page, sentence by sentence, with the way to act."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from lxml import html

from obole.billing.models import Invoice, Letter
from obole.directory.models import Citizen
from obole.lib import actors
from obole.mailing.models import Message
from obole.payments import operations as payments
from obole.payments.models import Anomaly, Attempt, Receipt
from obole.recovery import operations as recovery
from obole.reminders import operations as reminders
from tests.crm.desk import bill, browser, get, pay, text_of, try_to_pay, url
from tests.world import WHO, Town, later, make_citizen, make_invoice

pytestmark = pytest.mark.django_db


def said(client: Client, invoice: Invoice) -> list[str]:
    page = html.fromstring(get(client, "invoice", invoice.pk).content.decode())
    texts = (notice.text_content() for notice in page.xpath("//*[starts-with(@class, 'notice')]"))
    return [" ".join(text.replace("\u00a0", " ").replace("\u202f", " ").split()) for text in texts]


def links(client: Client, invoice: Invoice) -> set[str]:
    page = html.fromstring(get(client, "invoice", invoice.pk).content.decode())
    return set(page.xpath("//*[starts-with(@class, 'notice')]//a/@href"))


def take(invoice: Invoice, cents: int, minutes: float = 10) -> Receipt:
    money = payments.Money(cents=cents, means=Receipt.Means.CASH, payer_name="")
    return payments.take_money(
        invoice_id=invoice.pk, money=money, request_key=f"{invoice.pk}:{minutes}", actor=WHO, at=later(minutes)
    )


def paid_twice(town: Town) -> Invoice:
    """Return an invoice that the payer is at the bank for, and that is paid at the counter meanwhile."""
    invoice = make_invoice(town)
    attempt = try_to_pay(invoice, minutes=1)
    # As the délai de déblocage does; the attempt stays watched.
    Attempt.objects.filter(pk=attempt.pk).update(released_at=later(2))
    take(invoice, 52_00, minutes=3)
    payments.resolve_attempt(attempt_id=attempt.pk, actor=actors.gateway("sandbox"), at=later(5))
    return Invoice.objects.get(pk=invoice.pk)


def test_an_invoice_that_was_paid_twice_says_so_and_leads_to_the_task(town: Town, client: Client) -> None:
    invoice = paid_twice(town)
    assert invoice.state == "paid"
    first, *_rest = said(client, invoice)
    assert first.startswith("Payée deux fois : 52,00 € en recettes à classer.")
    task = Anomaly.objects.get(kind="not_due")
    assert url("task", task.pk) in links(client, invoice)
    clerk = browser(town.agent)
    assert said(clerk, invoice)[0] == "Payée deux fois : 52,00 € en recettes à classer."
    assert url("task", task.pk) not in links(clerk, invoice)


def test_all_receipts_are_there_with_where_their_money_is(town: Town, client: Client) -> None:
    invoice = paid_twice(town)
    page = text_of(get(client, "invoice", invoice.pk))
    numbers = Receipt.objects.values_list("number", flat=True)
    assert len(numbers) == 2 and all(number in page for number in numbers)
    assert "52,00 € en recettes à classer · cartes en instance" in page
    assert "ne compte pas pour cette facture" in page
    assert "cartes en instance" not in text_of(get(browser(town.agent), "invoice", invoice.pk))


def test_receipts_cost_the_same_however_many_they_are(town: Town, client: Client) -> None:
    invoice = make_invoice(town)
    counts = []
    for minutes in (10, 11, 12, 13):
        take(invoice, 1_00, minutes=minutes)
        with CaptureQueriesContext(connection) as queries:
            get(client, "invoice", invoice.pk)
        counts.append(len(queries))
    assert counts[-1] == counts[1], counts


def test_a_late_invoice_that_was_paid_in_part_says_both(town: Town, client: Client) -> None:
    invoice = make_invoice(town, at=later(days=-60))
    take(invoice, 20_00)
    assert "Partiellement payée, en retard : 20,00 € sur 52,00 €." in said(client, invoice)
    assert "payée en partie" in text_of(get(client, "invoice", invoice.pk)).partition("Payeur")[0]


def test_somebody_at_the_bank_is_waited_for(town: Town, client: Client) -> None:
    invoice = make_invoice(town)
    attempt = try_to_pay(invoice, minutes=56)
    assert "En attente de la banque depuis 4 min. Voir la transaction" in said(client, invoice)
    assert url("attempt", attempt.pk) in links(client, invoice)
    assert "Pas de relance : un paiement est en cours." in said(client, invoice)


def test_a_mail_that_did_not_arrive_is_offered_to_be_sent_again(town: Town, client: Client) -> None:
    invoice = make_invoice(town)
    mails = Message.objects.filter(about_kind="billing.invoice", about_id=invoice.pk)
    mails.update(state="failed", tries=1, last_error="550 5.1.1 No such user")
    sentence = said(client, invoice)[0]
    assert sentence.startswith("Courriel « Facture déposée » non remis à")
    assert "L’adresse n’existe pas." in sentence and "Renvoyer" in sentence
    assert url("citizen_edit", invoice.payer_id) in links(client, invoice)
    client.post(url("message_resend", mails.get().pk))
    assert not any("non remis" in sentence for sentence in said(client, invoice))


def test_who_has_no_address_gets_paper(town: Town, client: Client) -> None:
    citizen = make_citizen("sans@example.org")
    Citizen.objects.filter(pk=citizen.pk).update(email="")
    invoice = make_invoice(town, citizen=Citizen.objects.get(pk=citizen.pk))
    sentences = said(client, invoice)
    assert sentences[0].startswith("À poster : aucun courriel n’arrive au payeur")
    assert any(sentence.startswith("Prochaine relance le ") for sentence in sentences)
    reminders.make_batch(regie_id=town.regie.pk, actor=town.agent.actor, at=later(1))
    assert not any("poster" in sentence for sentence in said(client, invoice))
    Letter.objects.update(batch=None, dropped_at=later(2))
    assert said(client, invoice)[0].startswith("À remettre sur papier : le payeur n’a pas d’adresse électronique.")
    Citizen.objects.filter(pk=citizen.pk).update(address="")
    assert "Pas de relance : le payeur n’a ni adresse électronique ni adresse postale." in said(client, invoice)


def test_the_next_reminder_is_announced_or_why_there_is_none(town: Town, client: Client) -> None:
    invoice = make_invoice(town, at=later(days=-60))
    delays = [step.days for step in invoice.type.steps]
    assert "Prochaine relance le 25/11/2026." in said(client, invoice)
    reminders.remind(invoice_id=invoice.pk, at=later(0))
    assert "Prochaine relance le 30/11/2026." in said(client, invoice), "five days at least between two"
    for turn in range(1, len(delays)):
        reminders.remind(invoice_id=invoice.pk, at=later(days=6 * turn))
    assert "Pas de relance : toutes sont parties." in said(client, invoice)


def test_what_is_contested_says_so(town: Town, client: Client) -> None:
    invoice = bill(town, 40_00)
    recovery.open_dispute(invoice_id=invoice.pk, reason="Zoé était malade", actor=WHO, at=later(10))
    sentences = said(client, invoice)
    assert sentences[0].startswith("Contestée par le payeur le 25/11/2026 : « Zoé était malade »")
    assert "Pas de relance : le payeur la conteste." in sentences


def test_an_ordinary_paid_invoice_says_nothing(town: Town, client: Client) -> None:
    invoice = make_invoice(town)
    pay(invoice)
    assert said(client, invoice) == []
