"""Who has no address for mails is reminded on paper: gathered, printed once, handed to the post."""

import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from pypdf import PdfReader

from obole.audit_log.models import Record
from obole.billing import operations as billing
from obole.billing.models import Invoice, Letter, LetterBatch
from obole.directory.models import Citizen
from obole.directory.rules import NotAllowed, Profile
from obole.dossiers.models import Dossier
from obole.dossiers.states import DossierState
from obole.mailing.models import Message
from obole.personal_data import operations as forgetting, queries as personal
from obole.recovery import operations as recovery
from obole.recovery.models import Hold
from obole.recovery.operations import HoldRequest
from obole.reminders import operations as reminders, pdf_documents, queries
from obole.reminders.models import Reminder
from tests.crm.desk import browser, get, text_of, url
from tests.spaces import plain
from tests.world import WHO, Town, later, make_agent, make_citizen, make_invoice, make_town

pytestmark = pytest.mark.django_db
DUE_IN = 20


@pytest.fixture
def town(db: None) -> Town:
    return make_town()


def late(days_late: int) -> Any:
    return later(days=DUE_IN + days_late)


def on_paper(town: Town, number: int = 1, *, address: str = "3 rue Basse\n99999 Valbourg") -> Invoice:
    """Issue an invoice to somebody who has no e-mail any more when it is late."""
    payer = make_citizen(f"papier{number}@example.org", last_name=f"Courrier{number}")
    invoice = make_invoice(town, citizen=payer)
    Citizen.objects.filter(pk=payer.pk).update(email="", address=address)
    return invoice


def gather(town: Town, days_late: int = 8, *, by: Any = None) -> LetterBatch | None:
    actor = by or town.agent.actor
    return reminders.make_batch(regie_id=town.regie.pk, actor=actor, at=late(days_late))


def test_a_step_is_a_letter_where_there_is_no_mail_and_counts_as_one(town: Town) -> None:
    invoice = on_paper(town)
    reminder = reminders.remind(invoice_id=invoice.pk, at=late(7))
    assert reminder is not None and reminder.message is None
    assert reminders.remind(invoice_id=invoice.pk, at=late(8)) is None
    assert not Message.objects.filter(kind__startswith="reminder").exists()
    letter = Letter.objects.get()
    assert letter.subject == f"Votre facture {invoice.number} reste à régler"
    assert "52,00" in letter.text
    assert list(queries.candidates(late(20).date())) == []
    assert list(queries.candidates(late(21).date())) == [invoice.pk]


def test_without_any_address_nothing_is_written(town: Town) -> None:
    invoice = on_paper(town, address="")
    assert reminders.remind(invoice_id=invoice.pk, at=late(7)) is None
    found = queries.next_reminder(Invoice.objects.get(pk=invoice.pk), today=late(7).date())
    assert found.obstacle == queries.ReminderObstacle.NO_ADDRESS


def test_they_are_printed_once_with_their_list(town: Town) -> None:
    invoices = [on_paper(town, n) for n in range(1, 4)]
    for invoice in invoices:
        reminders.remind(invoice_id=invoice.pk, at=late(7))
    batch = gather(town)
    assert batch is not None and batch.count == 3
    assert gather(town) is None
    paper = pdf_documents.ensure_batch_pdf(batch_id=batch.pk, at=late(8))
    assert pdf_documents.ensure_batch_pdf(batch_id=batch.pk, at=late(9)).pk == paper.pk
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(pdf_documents.read_pdf(paper))).pages]
    assert len(pages) == 4
    for number, (invoice, page) in enumerate(zip(invoices, pages[1:], strict=True), start=1):
        said = plain(" ".join(page.split()))
        assert f"Courrier{number} 3 rue Basse 99999 Valbourg" in said
        assert f"Votre facture {invoice.number} reste à régler" in said
        assert str(invoice.number) in pages[0]


def test_what_is_not_due_any_more_is_not_printed(town: Town) -> None:
    cancelled, held, due = (on_paper(town, n) for n in range(1, 4))
    for invoice in (cancelled, held, due):
        reminders.remind(invoice_id=invoice.pk, at=late(7))
    billing.cancel_invoice(invoice_id=cancelled.pk, code="other", comment="x", actor=WHO, at=late(8))
    asked = HoldRequest(late(30).date(), "difficulty")
    recovery.place_hold(invoice_id=held.pk, asked=asked, actor=WHO, at=late(8))
    batch = gather(town)
    assert batch is not None
    printed = list(batch.letters.values_list("invoice", "kind"))
    assert printed == [(due.pk, "reminder"), (cancelled.pk, "credit_note")], "an avoir is told of all the same"
    assert Letter.objects.filter(dropped_at=late(8)).count() == 2
    assert gather(town) is None
    # The step of who was left in peace is not lost: it comes again, as another letter.
    assert reminders.remind(invoice_id=held.pk, at=late(31)) is not None
    again = gather(town, 31)
    assert again is not None
    assert list(again.letters.values_list("invoice", "reminder__step")) == [(held.pk, 1)]


def test_an_agent_gathers_what_they_handle_and_says_that_it_left(town: Town) -> None:
    reminders.remind(invoice_id=on_paper(town).pk, at=late(7))
    reader = make_agent(Profile.READER, email="lecture@example.org")
    elsewhere = make_agent(Profile.REVIEWER, email="ailleurs@example.org", all_services=False)
    for stranger in (reader, elsewhere):
        with pytest.raises(NotAllowed):
            gather(town, by=stranger.actor)
    batch = gather(town)
    assert batch is not None
    for stranger in (reader, elsewhere):
        with pytest.raises(NotAllowed):
            reminders.post_batch(batch_id=batch.pk, actor=stranger.actor, at=late(8))
    for day in (8, 9):
        reminders.post_batch(batch_id=batch.pk, actor=town.agent.actor, at=late(day))
    assert LetterBatch.objects.get().posted_at == late(8)
    verbs = list(Record.objects.filter(verb__startswith="letter").order_by("id").values_list("verb", flat=True))
    assert verbs == ["letter.print", "letter.post"]


def test_an_agent_has_a_letter_written_by_hand(town: Town) -> None:
    invoice = on_paper(town)
    reminders.remind_now(invoice_id=invoice.pk, actor=town.agent.actor, at=late(2))
    with pytest.raises(reminders.ReminderRefused):
        reminders.remind_now(invoice_id=invoice.pk, actor=town.agent.actor, at=late(2))
    assert (Reminder.objects.count(), Letter.objects.count()) == (1, 1)


def test_the_page_leads_from_what_waits_to_the_post(town: Town) -> None:
    invoice, client = on_paper(town), browser(town.agent)
    reminders.remind(invoice_id=invoice.pk, at=late(7))
    assert "Courriers à poster" in text_of(get(client, "home"))
    assert "Cantine et périscolaire 1" in text_of(get(client, "letters"))
    client.post(url("letters_gather", town.regie.pk))
    batch = LetterBatch.objects.get()
    paper = client.get(url("letters_pdf", batch.pk))
    assert paper["Content-Type"] == "application/pdf"
    client.post(url("letters_posted", batch.pk))
    page = text_of(get(client, "letters"))
    assert "Aucun courrier n’attend." in page and f"Lot n° {batch.pk} (PDF)" in page
    told = text_of(get(client, "invoice", invoice.pk))
    assert "Relance 1, sur papier" in told and "Relance remise à l’affranchissement" in told
    client.post(url("letters_gather", town.regie.pk))
    assert "aucun courrier à imprimer" in text_of(get(client, "letters"))


def test_many_are_decided_together_each_as_it_would_be_alone(town: Town, django_assert_max_num_queries: Any) -> None:
    """Mail, paper, cancelled, held, already reminded: one transaction, and as many queries for ten as for two."""
    mail, paper, cancelled, held = make_invoice(town), on_paper(town), make_invoice(town), make_invoice(town, meals=3)
    billing.cancel_invoice(invoice_id=cancelled.pk, code="other", comment="x", actor=WHO, at=late(1))
    asked = HoldRequest(late(30).date(), "difficulty")
    recovery.place_hold(invoice_id=held.pk, asked=asked, actor=WHO, at=late(1))
    more = [make_invoice(town, meals=4) for _n in range(6)]
    every = [mail.pk, paper.pk, cancelled.pk, held.pk, *(one.pk for one in more)]
    with django_assert_max_num_queries(18):
        made = reminders.remind_many(invoice_ids=every, at=late(8))
    assert {one.invoice_id for one in made} == {mail.pk, paper.pk, *(one.pk for one in more)}
    assert reminders.remind_many(invoice_ids=every, at=late(9)) == []
    assert (Message.objects.filter(kind="reminder_1").count(), Letter.objects.count()) == (7, 1)
    assert Record.objects.filter(verb__in=("reminder.send", "reminder.write")).count() == 8


def test_words_on_paper_are_let_go_of_as_those_of_mails_are(town: Town) -> None:
    """Old ones lose their words by night; somebody who is forgotten loses all of theirs, and why they were spared."""
    invoice = on_paper(town)
    reminders.remind(invoice_id=invoice.pk, at=late(7))
    batch = gather(town)
    assert batch is not None
    years = late(8) + timedelta(days=5 * 366)
    assert not personal.old_letters(years).exists(), "it waits for the post"
    reminders.post_batch(batch_id=batch.pk, actor=town.agent.actor, at=late(8))
    assert not personal.old_letters(late(9)).exists()
    asked = HoldRequest(late(30).date(), "other", "Hospitalisé")
    recovery.place_hold(invoice_id=invoice.pk, asked=asked, actor=WHO, at=late(9))
    assert "Hospitalis" not in str(list(Record.objects.values_list("details", flat=True)))
    billing.cancel_invoice(invoice_id=invoice.pk, code="other", comment="x", actor=WHO, at=late(10))
    Dossier.objects.filter(citizen=invoice.payer).update(state=DossierState.CLOSED, decided_at=late(10))
    forgetting.purge(at=late(9) + timedelta(days=3 * 366))
    assert Letter.objects.get(kind="reminder").text == ""
    forgetting.forget_citizen(citizen_id=invoice.payer_id, actor=WHO, at=years)
    assert set(Letter.objects.values_list("subject", "text")) == {("", "")}
    assert Hold.objects.get().comment == ""


def test_an_agent_reads_that_the_reminder_is_to_be_posted_and_the_proof_holds_it(town: Town) -> None:
    invoice = on_paper(town)
    with time_machine.travel(late(2), tick=False):
        client = browser(town.agent)
        assert "par courrier" in text_of(get(client, "invoice_remind", invoice.pk))
        client.post(url("invoice_remind", invoice.pk))
        assert "la relance est à poster" in text_of(get(client, "letters"))
        gather(town, 2)
        with zipfile.ZipFile(io.BytesIO(client.get(url("invoice_proof", invoice.pk)).getvalue())) as proof:
            [name] = [name for name in proof.namelist() if name.startswith("courriers/")]
            assert f"Votre facture {invoice.number} reste à régler" in proof.read(name).decode()
