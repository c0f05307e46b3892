"""Who chose English reads each mail in English, whatever the language of who had it sent; who did not, in French."""

import io
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import translation
from pypdf import PdfReader

from obole.billing import operations as billing
from obole.billing.models import Invoice, Letter
from obole.billing.rules import reminder_plan
from obole.billing.rules.reminder_plan import Step
from obole.directory import operations as directory
from obole.directory.models import Authority, Citizen
from obole.gateways.base import Exchange, Outcome, Status
from obole.lib import actors, texts
from obole.lib.languages import Language
from obole.mailing import operations as mailing
from obole.mailing.models import Message
from obole.payments import operations as payments
from obole.payments.models import Receipt, Reversal
from obole.recovery import operations as recovery
from obole.recovery.tasks import follow_agreements
from obole.reminders import operations as reminders, pdf_documents
from obole.reminders.emails import SEVERAL
from obole.reminders.tasks import run
from tests.actors import somebody
from tests.payments.steps import pay
from tests.payments.test_counter import take
from tests.payments.test_reversals import hear_debit
from tests.recovery.agreements import agree
from tests.recovery.steps import hand_over, remind_all
from tests.spaces import plain
from tests.world import (
    RIB,
    WHO,
    Town,
    bill_dossier,
    handed,
    later,
    make_citizen,
    make_dossier,
    make_fixed_invoice,
    make_invoice,
    make_town,
    run_tasks,
    steps,
)

pytestmark = pytest.mark.django_db
OURS = (
    *("Bonjour", "acture", "échéance", "échue", "à payer", "à régler", "Voir", "votre", "Votre", "vous", "n°", "«"),
    *("décembre", "janvier", "février", "mars 2027", "solde", "espèces", "carte", "référence", "autorisation"),
    *(" autre", "quittance ", "Il reste", "Motif", "Le comptable", "de la ", "Sans règlement", "transmise"),
    *("\u00a0:", "\u202f;"),
)
"""What our French mails say, and no English one does."""


@pytest.fixture
def town(db: None) -> Town:
    town = make_town()
    # The label of an invoice and what agents type stay as they are: here they say nothing that is looked for.
    billing.configure_type(type_id=town.type.pk, values={"name": "Canteen"}, actor=WHO, at=later())
    return town


@pytest.fixture(params=Language)
def language_of_the_screen(request: Any) -> Iterator[str]:
    """Whoever has it sent, agent or worker, may look at English or French pages."""
    with translation.override(request.param):
        yield request.param


def english(town: Town) -> Citizen:
    directory.update_citizen(citizen_id=town.citizen.pk, values={"language": Language.ENGLISH}, actor=WHO, at=later())
    return Citizen.objects.get(pk=town.citizen.pk)


def the_mail(kind: str) -> Message:
    return Message.objects.filter(kind=kind).latest("id")


def french_of(text: str) -> list[str]:
    """Return what is ours and French in a text, addresses and institutions without an English name apart."""
    said = re.sub(r"https?://\S+", "", text).replace("avis des sommes à payer", "")
    return [words for words in OURS if words in said]


def assert_english(*kinds: str) -> None:
    """Fail unless the last mail of each kind is in English from its subject to its page, and has nothing French."""
    for kind in kinds:
        mail = the_mail(kind)
        said = f"{mail.subject}\n{mail.text}"
        assert "Dear Maud Lefèvre," in said and '<html lang="en">' in mail.html, kind
        assert french_of(said) == [], (kind, said)
        if "url" in mailing.KINDS[kind].variables:
            assert mail.html.count("display:inline-block") == 1, kind


def live(*days: int) -> None:
    for day in days:
        with time_machine.travel(later(days=day), tick=False):
            run.func(timestamp=0)
            run_tasks()


def test_applications_notices_and_receipts(town: Town, language_of_the_screen: str) -> None:
    payer = english(town)
    invoice = make_invoice(town, citizen=payer)
    run_tasks()
    take(invoice.pk, 2000)
    run_tasks()
    assert_english("dossier_received", "invoice_deposited", "payment_receipt")
    said = plain(the_mail("payment_receipt").text)
    assert "(cash, receipt ENF-Q-2026-000001). 32,00 € is left to pay." in said
    assert "on 25 November 2026 at 12:01" in said
    assert "52,00 €, to be paid by 15 December 2026" in plain(the_mail("invoice_deposited").text)


def test_a_card_that_is_refused_then_taken(town: Town, language_of_the_screen: str) -> None:
    invoice = make_invoice(town, citizen=english(town))
    attempt = pay(invoice)
    facts: dict[str, Any] = {"exchange": Exchange(request="?", response="?"), "facts": attempt.sent}
    for minute, outcome in (
        (1, Outcome(status=Status.REFUSED, said="R", **facts)),
        (2, Outcome(status=Status.PAID_BY_CARD, said="P", amount_cents=5200, authorisation="A1B2", **facts)),
    ):
        payments.apply_gateway_status(
            attempt_id=attempt.pk, outcome=outcome, actor=actors.gateway("payfip"), at=later(minute)
        )
        run_tasks()
    assert_english("payment_refused", "payment_receipt")
    assert "(bank card online, authorisation A1B2, reference ENF2026000001T1). Your invoice is paid in full." in plain(
        the_mail("payment_receipt").text
    )


def test_several_invoices_paid_at_once(town: Town) -> None:
    payer = english(town)
    invoices = [make_invoice(town, citizen=payer) for _n in range(3)]
    payments.take_for_invoices(
        invoice_ids=[invoice.pk for invoice in invoices],
        money=handed(15600, payer="Mme Lefèvre"),
        request_key=texts.token(),
        actor=WHO,
        at=later(1),
    )
    run_tasks()
    assert_english("payment_receipt")
    mail = the_mail("payment_receipt")
    assert mail.subject == "Payment received: invoice ENF-2026-000001 and 2 others"
    assert "It pays your invoices in full: No. ENF-2026-000001 (52,00 €), No." in plain(mail.text)


def means_of(kind: Reversal.Kind) -> Receipt.Means:
    return Receipt.Means.CHEQUE if kind == Reversal.Kind.BOUNCED else Receipt.Means.CASH


@pytest.mark.parametrize("kind", Reversal.Kind)
def test_money_taken_back(town: Town, kind: Reversal.Kind, language_of_the_screen: str) -> None:
    invoice = make_invoice(town, citizen=english(town))
    rejected = kind == Reversal.Kind.REJECTED
    receipt = hear_debit(pay(invoice)) if rejected else take(invoice.pk, 5200, means_of(kind))
    code = Reversal.Code.FUNDS if rejected else None
    payments.reverse_receipt(
        receipt_id=receipt.pk, kind=kind, code=code, reason="" if code else "Typed", actor=WHO, at=later(days=2)
    )
    assert_english("payment_reversed" if kind != Reversal.Kind.MISTAKE else "quittance_cancelled")


def test_money_that_is_not_needed_and_given_back(town: Town) -> None:
    invoice = make_invoice(town, citizen=english(town))
    receipt = hear_debit(pay(invoice))
    payments.cancel_invoice(invoice_id=invoice.pk, code="quantity", comment="12 meals", actor=WHO, at=later(4))
    run_tasks()
    refund = payments.request_refund(
        receipt_id=receipt.pk, cents=5200, reason="x", account=RIB, request_key="k", actor=WHO, at=later(5)
    )
    payments.approve_refund(refund_id=refund.pk, actor=somebody("autre@valbourg.example"), at=later(6))
    payments.complete_refund(refund_id=refund.pk, mandate="M-1", actor=WHO, at=later(7))
    assert_english("invoice_cancelled", "payment_refunded")
    assert "Reason: Wrong quantity: 12 meals" in the_mail("invoice_cancelled").text


def test_reminders_one_after_the_other_then_the_comptable(town: Town) -> None:
    invoice = make_invoice(town, citizen=english(town))
    remind_all(town)
    assert_english("reminder_1", "reminder_2", "reminder_3")
    assert "Despite our message of 22 December 2026, the sum of" in the_mail("reminder_2").text
    (line,) = hand_over(town, invoice)
    assert_english("invoice_transferred")
    assert "The public accountant (comptable public) of Ville de Valbourg" in the_mail("invoice_transferred").text
    recovery.return_line(
        line_id=line.pk,
        due_date=later(days=140).date(),
        reason="Typed",
        reference="R-1",
        actor=town.regisseur.actor,
        at=later(days=110),
    )
    assert_english("invoice_returned")


def test_a_reminder_before_the_due_date_and_a_new_one(town: Town) -> None:
    billing.configure_type(type_id=town.type.pk, values={"reminder_steps": steps(-5, 7)}, actor=WHO, at=later())
    invoice = make_invoice(town, citizen=english(town))
    live(15)
    assert_english("reminder_before")
    billing.change_due_date(
        invoice_id=invoice.pk, due_date=later(days=40).date(), reason="x", actor=WHO, at=later(days=16)
    )
    assert_english("due_date_changed")
    assert the_mail("due_date_changed").subject == "Your invoice ENF-2026-000001 is to be paid by 4 January 2027"


def test_several_late_invoices_in_one_mail(town: Town) -> None:
    own = Step(7, "Nos mots", "Bonjour {{ nom }}, payez {{ reste_du }}.")
    values = {"reminder_steps": reminder_plan.as_kept((own,)), "reminder_together": True}
    billing.configure_type(type_id=town.type.pk, values=values, actor=WHO, at=later())
    payer, neighbour = english(town), make_citizen("voisin@example.org", last_name="Durand")
    for citizen in (payer, payer, neighbour, neighbour):
        make_invoice(town, citizen=citizen)
    live(27)
    mail, other = (Message.objects.get(kind=SEVERAL, to=citizen.email) for citizen in (payer, neighbour))
    assert plain(mail.subject) == "2 invoices are still to be paid: 104,00 €"
    assert "- No. ENF-2026-000001 (Canteen): 52,00 €, due on 15 December 2026\n- No." in plain(mail.text)
    assert french_of(mail.text) == []
    assert plain(other.subject) == "2 factures restent à régler : 104,00 €"
    assert "échue le 15 décembre 2026" in other.text and '<html lang="fr">' in other.html


def test_the_last_call_says_until_when(town: Town) -> None:
    values = {"reminder_steps": steps(7, 14, 21), "reminder_together": True}
    billing.configure_type(type_id=town.type.pk, values=values, actor=WHO, at=later())
    payer = english(town)
    for _twice in range(2):
        make_invoice(town, citizen=payer)
    live(27, 34, 41)
    mail = the_mail(SEVERAL)
    assert "; unless paid by 13 February 2027, passed to the public accountant (comptable public)\n" in plain(mail.text)
    assert french_of(mail.text) == []


def test_an_agreement_kept_then_broken(town: Town) -> None:
    invoice = make_invoice(town, citizen=english(town))
    agree(invoice, later(days=1), 2)
    assert_english("agreement_made")
    assert "\n\n- 6 December 2026: 26,00 €\n- 6 January 2027: 26,00 €\n\n" in plain(the_mail("agreement_made").text)
    live_agreement(7, 16, 25)
    assert_english("instalment_soon", "instalment_late", "agreement_broken")


def live_agreement(*days: int) -> None:
    for day in days:
        with time_machine.travel(later(days=day) + timedelta(hours=1), tick=False):
            follow_agreements.func(timestamp=0)
            run_tasks()


def test_an_error_that_was_reported_is_answered(town: Town) -> None:
    invoice = make_invoice(town, citizen=english(town))
    dispute = recovery.report_error(invoice_id=invoice.pk, said="Typed", actor=town.citizen.actor, at=later(1))
    recovery.close_dispute(dispute_id=dispute.pk, answer="Réponse d’un agent", actor=WHO, at=later(2))
    assert_english("dispute_answered")
    assert "Our answer:\n\nRéponse d’un agent\n" in the_mail("dispute_answered").text


def test_what_is_told_on_paper_is_english_too(town: Town) -> None:
    payer = english(town)
    Citizen.objects.filter(pk=payer.pk).update(email="")
    invoice = make_invoice(town, citizen=Citizen.objects.get(pk=payer.pk))
    live(27)
    payments.cancel_invoice(invoice_id=invoice.pk, code="twice", comment="", actor=WHO, at=later(days=28))
    letters = list(Letter.objects.order_by("id"))
    assert [letter.kind for letter in letters] == ["notice", "reminder", "credit_note"]
    for letter in letters:
        said = letter.subject + letter.text
        assert "Dear Maud Lefèvre," in said and french_of(said) == []


def test_a_letter_is_framed_in_its_language(town: Town) -> None:
    payer, neighbour = english(town), make_citizen("voisin@example.org", last_name="Durand")
    Citizen.objects.update(email="")
    for citizen in (payer, neighbour):
        make_invoice(town, citizen=Citizen.objects.get(pk=citizen.pk))
    batch = reminders.make_batch(regie_id=town.regie.pk, actor=town.agent.actor, at=later(2))
    assert batch is not None
    content = pdf_documents.read_pdf(pdf_documents.ensure_batch_pdf(batch_id=batch.pk, at=later(3)))
    pages = [plain(" ".join(page.extract_text().split())) for page in PdfReader(io.BytesIO(content)).pages]
    (mine,) = (page for page in pages if "Dear Maud Lefèvre," in page)
    (theirs,) = (page for page in pages if "Bonjour Maud Durand," in page)
    assert "On 25 November 2026 Invoice ENF-2026-000001" in mine
    assert "Le 25 novembre 2026 Facture ENF-2026-000002" in theirs


def test_who_chose_nothing_reads_french_whatever_the_screen(town: Town, language_of_the_screen: str) -> None:
    invoice = make_invoice(town)
    take(invoice.pk, 2000)
    run_tasks()
    said = plain(the_mail("payment_receipt").text)
    assert "(espèces, quittance ENF-Q-2026-000001). Il reste 32,00 € à payer." in said
    assert "le 25 novembre 2026 à 12 h 01" in said
    payments.cancel_invoice(invoice_id=invoice.pk, code="twice", comment="deux fois", actor=WHO, at=later(2))
    assert "Motif : Facturée deux fois : deux fois" in plain(the_mail("invoice_cancelled").text)
    agree(make_invoice(town), later(days=1), 2)
    assert "- 6 décembre 2026 : 26,00 €\n- 6 janvier 2027 : 26,00 €" in plain(the_mail("agreement_made").text)
    assert not Message.objects.filter(html__contains='lang="en"').exists()


def test_it_is_the_payer_who_counts_and_at_the_moment_of_writing(town: Town) -> None:
    first, other = make_invoice(town), make_citizen("autre@example.org", last_name="Autre")
    directory.update_citizen(citizen_id=other.pk, values={"language": "en"}, actor=WHO, at=later())
    make_fixed_invoice(town, 4200)
    assert not Message.objects.filter(html__contains='lang="en"').exists()
    english(town)
    bill_dossier(make_dossier(town, citizen=Citizen.objects.get(pk=town.citizen.pk)), town.type)
    assert Message.objects.filter(kind="invoice_deposited", html__contains='lang="en"').count() == 1
    assert Message.objects.get(kind="invoice_deposited", about_id=first.pk).subject.startswith("Votre facture")


def test_a_comptable_with_a_name_keeps_it(town: Town) -> None:
    Authority.objects.update(treasury="SGC de Valbourg")
    invoice = make_invoice(town, citizen=english(town))
    remind_all(town)
    hand_over(town, invoice)
    assert "\nSGC de Valbourg\n" in the_mail("invoice_transferred").text
    assert "(comptable public), SGC de Valbourg, who will" in the_mail("reminder_3").text
    assert Invoice.objects.get().state == "transferred" and not Receipt.objects.exists()
