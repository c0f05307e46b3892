"""Who has no address for mails reads on paper what others read in mails: their invoice, its avoir."""

import csv
import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from pypdf import PdfReader

from obole.billing import operations as billing
from obole.billing.models import Invoice, Letter, LetterBatch, LetterBatchPdf
from obole.directory.models import Citizen
from obole.dossiers.models import Dossier
from obole.dossiers.states import DossierState
from obole.lib import files, stored_files
from obole.mailing.models import Message, UndeliverableAddress
from obole.payments import operations as payments
from obole.payments.models import Receipt
from obole.personal_data import operations as forgetting
from obole.reminders import operations as reminders, pdf_documents
from tests.crm.desk import browser, get, text_of, url
from tests.spaces import plain
from tests.world import NOON, WHO, Town, handed, later, make_citizen, make_invoice, make_old_draft, make_town, run_tasks

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(db: None) -> Town:
    return make_town()


def without_email(number: int = 1, *, address: str = "Chez Léa\n3 rue Basse\n99999 Valbourg") -> Citizen:
    payer = make_citizen(f"papier{number}@example.org", last_name=f"Courrier{number}")
    Citizen.objects.filter(pk=payer.pk).update(email="", address=address)
    return Citizen.objects.get(pk=payer.pk)


def make_draft(town: Town, citizen: Citizen) -> Invoice:
    draft = make_old_draft(town)
    Invoice.objects.filter(pk=draft.pk).update(payer=citizen)
    return draft


def gather(town: Town, at: Any = None) -> LetterBatch:
    batch = reminders.make_batch(regie_id=town.regie.pk, actor=town.agent.actor, at=at or later(2))
    assert batch is not None
    return batch


def pages_of(batch: LetterBatch) -> list[str]:
    content = pdf_documents.read_pdf(pdf_documents.ensure_batch_pdf(batch_id=batch.pk, at=later(3)))
    return [plain(" ".join(page.extract_text().split())) for page in PdfReader(io.BytesIO(content)).pages]


def kinds() -> list[str]:
    return list(Letter.objects.order_by("id").values_list("kind", flat=True))


def test_an_address_that_mails_come_back_from_is_none(town: Town) -> None:
    payer = make_citizen("revient@example.org", last_name="Courrier")
    Citizen.objects.filter(pk=payer.pk).update(address="3 rue Basse\n99999 Valbourg")
    UndeliverableAddress.objects.create(address="revient@example.org", fault="mailbox", diagnostic="550", since=NOON)
    alone = make_invoice(town, citizen=payer)
    together = billing.issue_batch(
        invoice_ids=[make_draft(town, payer).pk, make_draft(town, make_citizen("va@example.org")).pk],
        shown_cents=None,
        actor=WHO,
        at=later(1),
    )
    run_tasks()
    billing.cancel_invoice(invoice_id=alone.pk, code="twice", comment="", actor=WHO, at=later(2))
    written = Letter.objects.order_by("id").values_list("invoice", "kind")
    assert list(written) == [(alone.pk, "notice"), (together[0].pk, "notice"), (alone.pk, "credit_note")]
    kinds_of_mails = ("invoice_deposited", "invoice_cancelled")
    assert [mail.about_id for mail in Message.objects.filter(kind__in=kinds_of_mails)] == [together[1].pk]


def test_an_invoice_is_written_where_its_mail_would_have_been_queued(town: Town) -> None:
    invoice = make_invoice(town, citizen=without_email())
    letter = Letter.objects.get()
    assert (letter.invoice_id, letter.kind, letter.written_at) == (invoice.pk, "notice", invoice.issued_at)
    assert letter.subject == f"Votre facture {invoice.number}" and "52,00" in letter.text
    assert not Message.objects.filter(kind="invoice_deposited").exists()


def test_who_has_an_email_or_no_address_at_all_gets_none(town: Town) -> None:
    make_invoice(town)
    make_invoice(town, citizen=without_email(address=""))
    assert kinds() == []


def test_an_avoir_is_written_too_and_neither_twice(town: Town) -> None:
    invoice = make_invoice(town, citizen=without_email())
    note = billing.cancel_invoice(invoice_id=invoice.pk, code="other", comment="Absent", actor=WHO, at=later(1))
    assert kinds() == ["notice", "credit_note"]
    assert note.number in Letter.objects.get(kind="credit_note").text
    row = Letter.objects.get(kind="notice")
    with pytest.raises(IntegrityError), transaction.atomic():
        Letter.objects.create(invoice=invoice, kind="notice", subject="x", text="x", written_at=row.written_at)


def test_issuing_that_is_undone_leaves_no_letter(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = make_draft(town, citizen=without_email())

    def fail(*_args: Any, **_values: Any) -> None:
        raise OSError("no queue")

    monkeypatch.setattr("obole.billing.operations.issuing.defer", fail)
    with pytest.raises(OSError, match="no queue"):
        billing.issue_invoice(invoice_id=draft.pk, actor=WHO, at=later(1))
    assert kinds() == []


def test_many_issued_together_are_written_once_at_a_constant_price(town: Town) -> None:
    drafts = [make_draft(town, citizen=without_email(n)) for n in range(1, 6)]
    costs = []
    for some in (drafts[:1], drafts[1:]):
        issued = billing.issue_batch(invoice_ids=[one.pk for one in some], actor=WHO, at=later(1))
        numbers = sorted(one.sequence or 0 for one in issued)
        with CaptureQueriesContext(connection) as queries:
            deposit(town, numbers)
        costs.append(len(queries))
    assert kinds() == ["notice"] * 5
    one, four = costs
    assert four - one <= 3 * 4
    # A worker that begins again finds what it wrote.
    deposit(town, numbers)
    assert Letter.objects.count() == 5


def deposit(town: Town, numbers: list[int]) -> None:
    billing.deposit_batch(regie_id=town.regie.pk, year=2026, first=numbers[0], last=numbers[-1], at=later(1))


def test_behind_each_letter_stands_its_document(town: Town) -> None:
    invoice = make_invoice(town, citizen=without_email(1))
    cancelled = make_invoice(town, citizen=without_email(2))
    note = billing.cancel_invoice(invoice_id=cancelled.pk, code="other", comment="Absent", actor=WHO, at=later(1))
    batch = gather(town)
    assert list(batch.letters.values_list("kind", flat=True)) == ["notice", "credit_note"], (
        "a cancelled one is not sent"
    )
    first, letter, paper, told, avoir = pages_of(batch)
    assert f"Facture {invoice.number}" in first and f"Avoir {cancelled.number}" in first
    assert "Courrier1 Chez Léa 3 rue Basse 99999 Valbourg" in letter and "Page 1/1" in letter
    assert f"Votre facture {invoice.number}" in letter
    assert "Net à payer" in paper and str(invoice.number) in paper
    assert "est annulée par l’avoir" in told and note.number in avoir


def test_what_was_paid_before_it_is_printed_is_left_at_the_office(town: Town) -> None:
    invoice = make_invoice(town, citizen=without_email(1))
    due = make_invoice(town, citizen=without_email(2))
    money = handed(invoice.total_cents, Receipt.Means.CASH)
    payments.take_money(invoice_id=invoice.pk, money=money, request_key="k", actor=WHO, at=later(1))
    assert list(gather(town).letters.values_list("invoice", flat=True)) == [due.pk]
    assert Letter.objects.get(invoice=invoice).dropped_at == later(2)


def test_the_page_says_of_which_kind_the_letters_are_and_so_does_the_story(town: Town) -> None:
    invoice, client = make_invoice(town, citizen=without_email(1)), browser(town.agent)
    make_invoice(town, citizen=without_email(2))
    cancelled = make_invoice(town, citizen=without_email(3))
    billing.cancel_invoice(invoice_id=cancelled.pk, code="other", comment="Absent", actor=WHO, at=later(1))
    assert "3 factures, 1 avoir" in text_of(get(client, "letters"))
    client.post(url("letters_gather", town.regie.pk))
    batch = LetterBatch.objects.get()
    assert "2 factures, 1 avoir" in text_of(get(client, "letters"))
    client.post(url("letters_posted", batch.pk))
    told = text_of(get(client, "invoice", invoice.pk))
    assert "Facture imprimée, à poster" in told and "Facture remise à l’affranchissement" in told
    assert "Avoir remis à l’affranchissement" in text_of(get(client, "invoice", cancelled.pk))


def exported(response: HttpResponse) -> tuple[zipfile.ZipFile, list[dict[str, str]]]:
    archive = zipfile.ZipFile(io.BytesIO(response.getvalue()))
    raw = archive.read("courriers.csv")
    assert raw.startswith(b"\xef\xbb\xbf")
    return archive, list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig")), delimiter=";"))


def test_a_print_service_gets_a_pdf_for_each_envelope_and_their_list(town: Town) -> None:
    invoice = make_invoice(town, citizen=without_email(1))
    abroad = make_invoice(town, citizen=without_email(2, address="=1+1\nGenève"))
    reminders.remind_now(invoice_id=invoice.pk, actor=town.agent.actor, at=later(days=60))
    batch = gather(town, later(days=60))
    archive, rows = exported(browser(town.agent).get(url("letters_export", batch.pk)))
    assert sorted(archive.namelist()) == sorted(["courriers.csv", *(row["Fichier"] for row in rows)])
    assert [(row["Nature"], row["Facture"], row["Pages"]) for row in rows] == [
        ("Facture", invoice.number, "2"),
        ("Facture", abroad.number, "2"),
        ("Relance", invoice.number, "1"),
    ]
    first, second, _third = rows
    place = ("Complément d’adresse", "Voie", "Suite de l’adresse", "Code postal", "Ville")
    assert [first[name] for name in place] == ["Chez Léa", "3 rue Basse", "", "99999", "Valbourg"]
    assert first["Nom"].endswith("Courrier1") and first["Fichier"] == f"001-facture-{invoice.number}.pdf"
    assert len({row["Référence"] for row in rows}) == 3
    assert [second[name] for name in place] == ["", "'=1+1 Genève", "", "", ""], "no spreadsheet runs it"
    for row in rows:
        pages = PdfReader(io.BytesIO(archive.read(row["Fichier"]))).pages
        assert len(pages) == int(row["Pages"])
        assert row["Facture"] in pages[0].extract_text() and row["Nom"] in plain(pages[0].extract_text())


def test_its_pdf_goes_with_the_words_of_its_letters_and_not_before(town: Town) -> None:
    invoice = make_invoice(town, citizen=without_email())
    batch = gather(town)
    paper = pdf_documents.ensure_batch_pdf(batch_id=batch.pk, at=later(3))
    with pytest.raises(IntegrityError), transaction.atomic():
        LetterBatchPdf.objects.filter(pk=paper.pk).delete()
    reminders.post_batch(batch_id=batch.pk, actor=town.agent.actor, at=later(4))
    years = later(4) + timedelta(days=5 * 366)
    assert forgetting.purge(at=years, dry_run=True)["letters"] == 1
    assert LetterBatchPdf.objects.exists()
    forgetting.purge(at=years)
    assert not LetterBatchPdf.objects.exists() and Letter.objects.get(invoice=invoice).text == ""
    with time_machine.travel(years + timedelta(days=60), tick=False):
        removed = stored_files.collect(at=years + timedelta(days=60))
    assert paper.digest in {orphan.digest for orphan in removed}
    with pytest.raises(FileNotFoundError):
        files.get(paper.digest)
    client = browser(town.agent)
    for name in ("letters_pdf", "letters_export"):
        assert "les textes de ce lot sont effacés" in text_of(client.get(url(name, batch.pk), follow=True))
    assert not LetterBatchPdf.objects.exists()


def test_who_is_forgotten_is_in_no_batch_any_more_and_the_others_still_are(town: Town) -> None:
    gone, stays = make_invoice(town, citizen=without_email(1)), make_invoice(town, citizen=without_email(2))
    batch = gather(town)
    assert any("Courrier1" in page for page in pages_of(batch))
    billing.cancel_invoice(invoice_id=gone.pk, code="other", comment="x", actor=WHO, at=later(4))
    Dossier.objects.filter(citizen=gone.payer).update(state=DossierState.CLOSED, decided_at=later(4))
    forgetting.forget_citizen(citizen_id=gone.payer_id, actor=WHO, at=later(5))
    pages = pages_of(batch)
    assert Letter.objects.get(kind="credit_note").dropped_at == later(5), "nothing of theirs waits for the post"
    assert not any("Courrier1" in page for page in pages)
    assert any(str(stays.number) in page and "Courrier2" in page for page in pages)
