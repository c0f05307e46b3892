"""Transactions, régies, what is to be dealt with, and the story of an invoice."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from obole.audit_log.models import Record
from obole.payments import operations as payments
from obole.payments.models import Anomaly
from obole.regies import operations as regies
from tests.actors import somebody
from tests.crm.desk import Desk, bill, browser, get, make_desk, pay, text_of, try_to_pay, url
from tests.world import WHO, later, make_invoice, make_regie

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(time_machine: Any) -> Desk:
    time_machine.move_to(later(30), tick=False)
    return make_desk()


@pytest.fixture
def client(desk: Desk) -> Client:
    return browser(desk.town.regisseur)


def test_an_invoice_tells_everything_that_happened(desk: Desk, client: Client) -> None:
    page = text_of(get(client, "invoice", desk.paid.pk))
    for words in (
        "Facture émise et déposée",
        "Courriel « Facture déposée »",
        "Tentative ouverte",
        "Paiement accepté : 52,00 €",
        "Facture soldée",
        "cartes en instance",
        "recettes à verser 7067",
        "R-ENF-000002",
        desk.paid_attempt.reference,
        "Régie Enfance",
        "payé par carte (CARD)",
        "échange brut",
    ):
        assert words in page, words
    assert "La facture est revenue à « À payer »" in text_of(get(client, "invoice", desk.refused.pk))


def test_an_invoice_is_cancelled_with_a_reason(desk: Desk, client: Client) -> None:
    page = text_of(get(client, "invoice_cancel", desk.waiting.pk))
    assert "L’usager est en train de payer" in page and "60,03 €" in page
    before = Record.objects.count()
    answer = client.post(url("invoice_cancel", desk.due.pk), {"code": "other", "comment": " "})
    assert answer.status_code == 200 and "Écrivez le motif" in text_of(answer) and Record.objects.count() == before
    assert client.post(url("invoice_cancel", desk.due.pk), {"code": "other", "comment": "x" * 301}).status_code == 200
    assert client.post(url("invoice_cancel", desk.due.pk), {"code": "quantity", "comment": ""}).status_code == 302
    page = text_of(get(client, "invoice", desk.due.pk))
    assert "Annulée" in page and "Quantité erronée" in page and "Annuler ou refaire…" not in page


def test_documents_are_given(desk: Desk, client: Client) -> None:
    for answer in (client.get(url("invoice_pdf", desk.paid.pk)), client.get(url("receipt_pdf", desk.receipt.pk))):
        assert answer.status_code == 200 and answer.content.startswith(b"%PDF-1.7")
        assert answer["Content-Type"] == "application/pdf"
    assert client.get(url("receipt_pdf", desk.odd_attempt.receipt.pk)).status_code == 404


def test_what_was_sent_stands_beside_what_was_said(desk: Desk, client: Client) -> None:
    page = text_of(get(client, "attempt", desk.odd_attempt.pk))
    assert "La banque répond autre chose que ce qui lui a été envoyé : Montant" in page
    assert "Montant 70,09 € 70,10 € différent" in page and "en recettes à classer" in page
    assert "différent" not in text_of(get(client, "attempt", desk.paid_attempt.pk))
    assert "pas encore de réponse" in text_of(get(client, "attempt", desk.waiting_attempt.pk))


def test_the_bank_is_asked_again(desk: Desk, client: Client) -> None:
    other = make_invoice(desk.town, meals=1)
    attempt = try_to_pay(other)
    answer = client.post(url("attempt_ask", attempt.pk), follow=True)
    assert "la banque a répondu : « Acceptée »" in text_of(answer)
    other.refresh_from_db()
    assert (
        other.state == "paid"
        and Record.objects.get(verb="invoice.settle", subject_id=other.pk).actor == desk.town.regisseur.actor
    )
    answer = client.post(url("attempt_ask", desk.waiting_attempt.pk), follow=True)
    assert "la banque ne dit rien de nouveau" in text_of(answer)
    assert "Interroger la banque" not in text_of(get(client, "attempt", attempt.pk))
    stale = client.post(url("attempt_ask", attempt.pk), follow=True)
    assert "il n’y a plus rien à demander : ce paiement est « Acceptée »" in text_of(stale)


def test_a_silent_bank_is_said_to_be_silent(desk: Desk, client: Client) -> None:
    attempt = try_to_pay(bill(desk.town, 80_05), minutes=6)
    answer = client.post(url("attempt_ask", attempt.pk), follow=True)
    assert "la banque n’a pas répondu" in text_of(answer)
    assert "pas de réponse utilisable" in text_of(answer)


def test_transactions_are_listed_filtered_and_found(desk: Desk, client: Client) -> None:
    for query, found in (
        ({"state": "refused"}, desk.refused_attempt),
        ({"state": "waiting"}, desk.waiting_attempt),
        ({"q": desk.paid_attempt.gateway_reference}, desk.paid_attempt),
        ({"q": desk.odd.number}, desk.odd_attempt),
        ({"q": desk.paid_attempt.reference.lower()}, desk.paid_attempt),
    ):
        page = text_of(get(client, "attempts", **query))
        all_of_them = {desk.paid_attempt, desk.refused_attempt, desk.waiting_attempt, desk.odd_attempt}
        assert f"{found.reference}SBX" in page.replace(" SBX", "SBX"), query
        assert not any(f"{other.reference}SBX" in page.replace(" SBX", "SBX") for other in all_of_them - {found}), query
    assert "Aucune transaction" in text_of(get(client, "attempts", opened_to="2020-01-01"))
    for column in ("reference", "opened_at", "invoice", "payer", "regie", "amount_cents", "state"):
        get(client, "attempts", sort=f"-{column}")


def test_a_mail_that_did_not_leave_is_to_be_dealt_with(desk: Desk, client: Client) -> None:
    assert "Courriel non remis" not in text_of(get(client, "tasks"))
    type(desk.message).objects.filter(pk=desk.message.pk).update(state="failed", last_error="550 inconnu")
    payments.open_overdue_tasks(at=later(90))
    assert "Courriel non remis" in text_of(get(client, "tasks"))
    payments.close_anomaly(
        anomaly_id=Anomaly.objects.get(kind="mail").pk, note="Appelé", actor=somebody("regisseur"), at=later(91)
    )
    assert "Courriels non remis" not in text_of(get(client, "tasks")), "what was dealt with does not wait any more"
    page = text_of(get(client, "messages", state=["failed", "doubtful"]))
    assert "Non remis" in page and desk.message.subject in page
    assert "550 inconnu" in text_of(get(client, "message", desk.message.pk))


def test_a_confidential_mail_keeps_its_text(desk: Desk) -> None:
    for agent in (desk.town.agent, desk.town.admin):
        page = get(browser(agent), "message", desk.secret.pk)
        assert "Contenu confidentiel" in text_of(page) and "Changer votre mot de passe" in text_of(page)
        assert "cle-secrete" not in page.content.decode()
        assert "Aucun courriel" in text_of(get(browser(agent), "messages", q="cle-secrete")), "its text is not searched"


def test_a_regie_shows_its_balances_and_entries(desk: Desk, client: Client) -> None:
    page = text_of(get(client, "regie", desk.town.regie.pk))
    received = "Encaissements des 30 derniers jours : 122,10 €"
    for words in (received, "Recettes à classer 70,10 €", "Facture émise", desk.odd_attempt.reference):
        assert words in page, words
    assert "Régler" not in page and "Régler" in text_of(get(browser(desk.town.admin), "regie", desk.town.regie.pk))
    for _n in range(12):
        pay(make_invoice(desk.town, meals=1), minutes=8)
    assert "Suivante" in text_of(get(client, "regie", desk.town.regie.pk))
    assert "Précédente" in text_of(get(client, "regie", desk.town.regie.pk, page=2))


def test_the_home_page_counts(desk: Desk, client: Client) -> None:
    page = text_of(get(client, "home"))
    for words in (
        "Dossiers à prendre en charge 1",
        "Encaissé ce mois 122,10 €",
        "Recettes à classer 70,10 €",
        "Points à traiter 1",
        "Dont en retard 16,25 €",
    ):
        assert words in page, words
    reviewer = text_of(get(browser(desk.town.agent), "home"))
    assert "Encaissé" not in reviewer and "classer" not in reviewer and "Dont en retard 16,25 €" in reviewer


def test_one_box_finds_everything(desk: Desk, client: Client) -> None:
    assert desk.paid.number in text_of(get(client, "search", q=desk.paid.number))
    assert "DOS-000007" in text_of(get(client, "search", q="DOS-000007"))
    assert "Maud Lefèvre" in text_of(get(client, "search", q="LEFEVRE maud"))
    found = text_of(get(client, "search", q=desk.paid_attempt.gateway_reference))
    assert desk.paid_attempt.reference in found and desk.paid.number in found
    reviewer = get(browser(desk.town.agent), "search", q=desk.paid_attempt.gateway_reference)
    assert (
        desk.paid.number in text_of(reviewer) and url("attempt", desk.paid_attempt.pk) not in reviewer.content.decode()
    )
    assert "Rien ne répond" in text_of(get(client, "search", q="zzz<b>"))
    for odd in ("", "   ", "\x00", "%", "_", "\\", "'", "9" * 30, "x" * 500):
        get(client, "search", q=odd)


def test_a_pages_cost_does_not_grow(desk: Desk, client: Client) -> None:
    names: list[tuple[object, ...]] = [("regie", desk.town.regie.pk), ("citizen", desk.town.citizen.pk)]
    names += [(name,) for name in ("home", "regies", "attempts", "messages", "citizens", "dossiers")]

    def cost() -> dict[object, int]:
        counted: dict[object, int] = {}
        for name, *args in names:
            get(client, str(name), *args)
            with CaptureQueriesContext(connection) as queries:
                get(client, str(name), *args)
            counted[name] = len(queries)
        return counted

    few = cost()
    for n in range(8):
        pay(make_invoice(desk.town, meals=1), minutes=9)
        more = make_regie("ABCDEFGH"[n] * 3, f"Régie {n}")
        regies.give_mandates(regie_id=more.pk, agent_ids=[desk.town.regisseur.pk], actor=WHO, at=later())
    assert cost() == few
