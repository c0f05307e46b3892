"""The story of an invoice: causes before their effects, by people's names, and the parts that one asks for."""

from datetime import timedelta

import pytest
from django.test import Client
from lxml import html

from obole.audit_log.models import Record
from obole.billing import pdf_documents
from obole.crm.money import anomaly_list
from obole.lib import actors
from obole.payments import operations as payments, queries
from obole.payments.models import Anomaly, Receipt
from obole.payments.timeline import agent_timeline, author
from tests.crm.desk import bill, browser, get, pay, text_of, url
from tests.payments.test_reversals import debit, reject
from tests.spaces import plain
from tests.world import WHO, Town, later, make_invoice

pytestmark = pytest.mark.django_db


def titles(town: Town) -> list[str]:
    invoice = make_invoice(town)
    pay(invoice)
    return [entry.title for entry in reversed(agent_timeline(invoice, with_bank=True))]


def test_of_one_instant_what_was_caused_comes_after_what_caused_it(town: Town) -> None:
    told = titles(town)
    place = {plain(title): rank for rank, title in enumerate(told)}
    order = [
        "Facture émise et déposée",
        "Courriel « Facture déposée »",
        "Tentative ouverte",
        "Banque : création du paiement",
        "Usager envoyé à la banque",
        "Banque : interrogation",
        "Paiement accepté : 52,00 €",
        "Facture soldée",
    ]
    assert [place[title] for title in order] == sorted(place[title] for title in order), told


def test_a_document_is_made_of_an_invoice_that_is_issued_whatever_its_clock_says(town: Town) -> None:
    invoice = make_invoice(town)
    assert invoice.issued_at is not None
    pdf_documents.ensure_invoice_pdf(invoice_id=invoice.pk, at=invoice.issued_at - timedelta(minutes=2))
    told = [entry.title for entry in agent_timeline(invoice, with_bank=False)]
    assert told.index("PDF produit et conservé") < told.index("Facture émise et déposée")


def test_authors_have_the_names_that_people_say() -> None:
    assert [author(actor) for actor in (actors.WORKER, actors.gateway("payfip"), WHO)] == [
        "Automatique",
        "PayFiP",
        WHO.name,
    ]


def test_the_story_is_asked_for_by_parts_in_the_address(town: Town, client: Client) -> None:
    invoice = make_invoice(town)
    pay(invoice)
    pages = {
        part: text_of(get(client, "invoice", invoice.pk, histoire=part)).partition("Tout ce qui s’est passé")[2]
        for part in ("", "argent", "courriels", "changements", "zzz")
    }
    assert all(said in pages[""] for said in ("Paiement accepté", "Courriel «", "Facture émise"))
    assert pages["zzz"] == pages[""]
    assert "Paiement accepté" in pages["argent"] and "Courriel «" not in pages["argent"]
    assert "Courriel «" in pages["courriels"] and "Facture émise" not in pages["courriels"]
    assert "Facture émise" in pages["changements"] and "Paiement" not in pages["changements"]
    assert "payfip" not in pages[""] and "sandbox" not in pages[""]


def test_what_is_to_be_done_leads_to_its_task_for_who_does_it(town: Town, client: Client) -> None:
    invoice = bill(town, 70_09)
    pay(invoice)
    task = Anomaly.objects.get(invoice=invoice)
    for who, leads in ((client, True), (browser(town.agent), False)):
        page = html.fromstring(get(who, "invoice", invoice.pk).content.decode())
        assert bool(page.xpath(f"//ol//a[@href='{url('task', task.pk)}']")) is leads


def test_a_task_says_that_the_invoice_was_paid_since(town: Town, client: Client) -> None:
    invoice = make_invoice(town)
    receipt = debit(town, invoice)
    reject(receipt)
    task = Anomaly.objects.get(receipt=receipt, kind=Anomaly.Kind.REVERSED)
    assert anomaly_list.tasks_of([task])[0].since == ""
    money = payments.Money(cents=52_00, means=Receipt.Means.CASH, payer_name="")
    payments.take_money(invoice_id=invoice.pk, money=money, request_key="k", actor=WHO, at=later(days=10))
    task = queries.anomalies(town.regisseur).get(pk=task.pk)
    assert anomaly_list.tasks_of([task])[0].since == "La facture a été payée depuis, le 05/12/2026."
    assert "payée depuis" in text_of(get(client, "task", task.pk))
    assert Record.objects.filter(verb="anomaly.open").exists()
