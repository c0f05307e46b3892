"""The dossier de preuve: one archive, whose digests are right, without anything that a profile does not open."""

import hashlib
import io
import zipfile
from email import message_from_bytes

import pytest
from django.test import Client

from obole.audit_log import seals
from obole.audit_log.models import Access
from obole.billing.models import Invoice
from obole.lib import actors
from obole.payments import operations as payments
from obole.regies.models import Entry
from tests.access.sides import beside
from tests.crm.desk import browser, get, pay, text_of, url
from tests.crm.money.test_seen_attempts import of_one_prestation
from tests.world import WHO, Town, later, make_invoice, run_tasks

pytestmark = pytest.mark.django_db


def paid(town: Town) -> Invoice:
    invoice = make_invoice(town)
    pay(invoice)
    run_tasks()
    return Invoice.objects.get(pk=invoice.pk)


def archive_of(client: Client, invoice: Invoice) -> dict[str, bytes]:
    answer = client.get(url("invoice_proof", invoice.pk))
    assert answer.status_code == 200 and answer["Content-Type"] == "application/zip"
    assert f"dossier-de-preuve-{invoice.number}.zip" in answer["Content-Disposition"]
    assert answer.streaming
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as made:  # type: ignore[attr-defined]
        assert made.testzip() is None
        return {name: made.read(name) for name in made.namelist()}


def test_all_that_is_kept_is_there_with_its_digest(town: Town, client: Client) -> None:
    invoice = paid(town)
    assert seals.seal(at=later(30))
    files = archive_of(client, invoice)
    lines = [line.split("  ", 1) for line in files.pop("SHA256SUMS").decode().splitlines()]
    sums = {name: digest for digest, name in lines}
    assert sums == {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    receipt = invoice.receipts.get().number
    for name in (
        "00-page-de-garde.pdf",
        f"facture-{invoice.number}.pdf",
        "chronologie.pdf",
        f"recus/recu-{receipt}.pdf",
    ):
        assert files[name].startswith(b"%PDF"), name
    story = files["chronologie.csv"].decode()
    assert story.index("Facture émise") < story.index("Paiement accepté")
    mails = [message_from_bytes(content) for name, content in files.items() if name.endswith(".eml")]
    assert {mail["To"] for mail in mails} == {invoice.payer.email} and all(mail["Date"] for mail in mails)
    assert any(part.get_content_type() == "application/pdf" for mail in mails for part in mail.walk())
    assert any(name.startswith("echanges/") for name in files)
    entry = Entry.objects.filter(cause_kind="receipt").get()
    assert entry.hash in files["ecritures.csv"].decode()
    heads = files["tetes-de-chaine.csv"].decode()
    assert Entry.objects.latest("number").hash in heads and "audit_log_record" in heads


def test_it_is_kept_that_it_was_taken_away(town: Town, client: Client) -> None:
    invoice = paid(town)
    archive_of(client, invoice)
    kept = Access.objects.get(verb="export")
    assert (kept.subject_id, kept.details["what"], kept.details["with_money"]) == (invoice.pk, "proof", True)


def test_what_a_profile_does_not_open_is_not_in_it(town: Town) -> None:
    invoice = paid(town)
    files = archive_of(browser(of_one_prestation(town)), invoice)
    assert f"facture-{invoice.number}.pdf" in files and "chronologie.pdf" in files
    assert not any(name.startswith("echanges/") or name in ("ecritures.csv", "tetes-de-chaine.csv") for name in files)
    assert b"Banque :" not in files["chronologie.csv"]


def test_it_is_for_who_sees_the_invoice(town: Town) -> None:
    other = beside(town)
    invoice = make_invoice(other, citizen=other.citizen)
    assert browser(of_one_prestation(town)).get(url("invoice_proof", invoice.pk)).status_code == 404


def test_who_is_there_is_asked_once_more(town: Town) -> None:
    invoice = make_invoice(town)
    client = Client()
    client.force_login(town.regisseur.user)
    answer = client.get(url("invoice_proof", invoice.pk))
    assert answer.status_code == 302 and "reauthenticate" in answer["Location"]


def test_a_cancelled_invoice_has_its_avoir_in_it(town: Town, client: Client) -> None:
    invoice = make_invoice(town)
    payments.cancel_invoice(invoice_id=invoice.pk, code="other", comment="erreur", actor=WHO, at=later(20))
    invoice = Invoice.objects.select_related("credit_note").get(pk=invoice.pk)
    files = archive_of(client, invoice)
    assert files[f"avoir-{invoice.credit_note.number}.pdf"].startswith(b"%PDF")
    assert actors.WORKER.name not in files["chronologie.csv"].decode()
    assert "Dossier de preuve" in text_of(get(client, "invoice", invoice.pk))
