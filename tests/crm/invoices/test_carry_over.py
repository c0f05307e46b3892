"""A price under the threshold, on the screens: carried over, billed with the next invoice, or given up."""

from typing import Any

import pytest
from django.test import Client

from obole.billing import operations as billing
from obole.billing.models import CarryOver, CreditNote, Invoice
from obole.dossiers.models import Dossier
from tests.billing.priced import COPIES, publish
from tests.crm.desk import browser, get, text_of, url
from tests.crm.dossiers.test_generate_priced import form_of, panel, send
from tests.world import NOON, WHO, Town, later, make_dossier, make_town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(time_machine: Any) -> Town:
    time_machine.move_to(later(30), tick=False)
    return make_town()


@pytest.fixture
def client(town: Town) -> Client:
    return browser(town.agent)


@pytest.fixture
def dossier(town: Town) -> Dossier:
    publish(town, COPIES)
    return make_dossier(town)


def test_a_small_price_is_offered_to_be_carried_over(client: Client, dossier: Dossier) -> None:
    sent = {**panel(client, dossier), "r-pages": "21"}
    assert "Reporter sur la prochaine facture" in text_of(send(client, dossier, sent, recalculer="1"))
    assert "Reporter" not in text_of(send(client, dossier, sent, recalculer="1", **{"r-pages": "75"}))
    assert send(client, dossier, sent, reporter="1").status_code == 302
    assert CarryOver.objects.get().cents == 420 and not Invoice.objects.exists()
    page = text_of(get(client, "dossier", dossier.pk, panneau="factures"))
    assert "Reports" in page and "en attente" in page and "4,20" in page


def test_the_next_invoice_says_what_it_bills_besides(client: Client, dossier: Dossier) -> None:
    sent = {**panel(client, dossier), "r-pages": "21"}
    send(client, dossier, sent, reporter="1")
    sent = {**panel(client, dossier), "r-pages": "100"}
    looked = text_of(send(client, dossier, sent, recalculer="1"))
    assert "la facture sera de 24,20 €" in looked and f"{dossier.reference}, novembre 2026 : 4,20 €" in looked
    send(client, dossier, sent)
    invoice = Invoice.objects.get()
    assert invoice.total_cents == 2420
    assert f"Report de novembre 2026, {dossier.reference}" in text_of(get(client, "invoice", invoice.pk))
    assert invoice.number is not None
    assert invoice.number in text_of(get(client, "carried", CarryOver.objects.get().pk))


def test_a_forged_button_carries_no_large_price(client: Client, dossier: Dossier) -> None:
    refused = send(client, dossier, {**panel(client, dossier), "r-pages": "100"}, reporter="1")
    assert "n’est pas sous le seuil" in text_of(refused) and not CarryOver.objects.exists()


def test_a_draft_done_again_is_issued_with_what_it_bills_besides(client: Client, dossier: Dossier) -> None:
    send(client, dossier, {**panel(client, dossier), "r-pages": "21"}, reporter="1")
    send(client, dossier, {**panel(client, dossier), "r-pages": "100"})
    old = Invoice.objects.get()
    billing.cancel_invoice(invoice_id=old.pk, code=CreditNote.Reason.QUANTITY, comment="", actor=WHO, at=NOON)
    draft = billing.redo_invoice(invoice_id=old.pk, actor=WHO, at=NOON)
    page = get(client, "draft", draft.pk)
    assert "Avec les reports de 4,20 €" in text_of(page)
    sent = {**form_of(page, None), "r-pages": "200"}
    looked = form_of(client.post(url("draft", draft.pk), {**sent, "recalculer": "1"}), None)
    client.post(url("draft", draft.pk), {**looked, "emettre": "1"})
    draft.refresh_from_db()
    assert (draft.state, draft.total_cents) == ("due", 4420)


def test_it_is_given_up_with_a_reason(client: Client, dossier: Dossier) -> None:
    send(client, dossier, {**panel(client, dossier), "r-pages": "21"}, reporter="1")
    pk = CarryOver.objects.get().pk
    assert "Écrivez le motif" in text_of(client.post(url("carried", pk), {"reason": " "}))
    assert client.post(url("carried", pk), {"reason": "Erreur de saisie"}).status_code == 302
    assert "Erreur de saisie" in text_of(get(client, "carried", pk))
    assert "n’attend plus" in text_of(client.post(url("carried", pk), {"reason": "encore"}))
    assert client.get(url("carried", 4321)).status_code == 404
