"""An invoice is cancelled and done again: the draft until it is issued, and who acts first when two do."""

from collections.abc import Callable

import pytest
import time_machine
from django.test import Client
from lxml import html

from obole.billing import operations as billing
from obole.billing.models import CreditNote, Invoice
from obole.crm.invoices import cancel_and_redo
from obole.directory.access import AgentRequest
from obole.payments.models import Receipt
from tests.books import check_books
from tests.crm.desk import Desk, browser, draft_form, get, make_desk, text_of, url
from tests.payments.test_counter import take
from tests.world import WHO, later, make_old_draft, run_tasks

pytestmark = pytest.mark.django_db
REDO = {"code": "quantity", "comment": "", "refaire": "1"}


@pytest.fixture
def desk() -> Desk:
    with time_machine.travel(later(30), tick=False):
        return make_desk()


@pytest.fixture
def client(desk: Desk) -> Client:
    return browser(desk.town.regisseur)


@pytest.fixture
def draft(desk: Desk, client: Client) -> Invoice:
    client.post(url("invoice_cancel", desk.due.pk), REDO)
    return Invoice.objects.get(replaces=desk.due)


def test_an_open_draft_is_on_its_dossier_until_it_is_issued(desk: Desk, client: Client, draft: Invoice) -> None:
    there = {"panneau": "factures"}
    page = text_of(get(client, "dossier", desk.due.dossier_id, **there))
    assert f"qui remplace la facture {desk.due.number}" in page and "à émettre ou à abandonner" in page
    assert url("draft", draft.pk) in get(client, "dossier", desk.due.dossier_id, **there).content.decode()
    client.post(url("draft", draft.pk), draft_form(client, draft, emettre="1"))
    assert "à émettre ou à abandonner" not in text_of(get(client, "dossier", desk.due.dossier_id, **there))


def test_the_same_cancellation_sent_twice_leads_to_its_one_draft(desk: Desk, client: Client, draft: Invoice) -> None:
    assert client.post(url("invoice_cancel", desk.due.pk), REDO)["Location"] == url("draft", draft.pk)
    page = text_of(client.post(url("invoice_cancel", desk.due.pk), {"code": "quantity", "comment": ""}))
    assert "Cette facture a changé" in page
    assert (CreditNote.objects.count(), Invoice.objects.filter(replaces=desk.due).count()) == (1, 1)


def test_another_reason_without_a_word_is_asked_for_at_its_field(desk: Desk, client: Client) -> None:
    page = client.post(url("invoice_cancel", desk.due.pk), {"code": "other", "comment": " "})
    assert "Précision : Écrivez le motif" in text_of(page)
    assert not CreditNote.objects.exists()


def test_doing_it_again_later_does_not_say_that_an_avoir_was_issued_now(desk: Desk, client: Client) -> None:
    client.post(url("invoice_cancel", desk.due.pk), {"code": "quantity", "comment": ""})
    page = text_of(client.post(url("invoice_redo", desk.due.pk), follow=True))
    assert "orrigez le brouillon" in page and "avoir est émis" not in page


def test_a_draft_issued_twice_is_issued_once_and_its_old_address_leads_to_the_invoice(
    desk: Desk, client: Client, draft: Invoice
) -> None:
    sent = draft_form(client, draft, emettre="1")
    for _twice in range(2):
        page = text_of(client.post(url("draft", draft.pk), sent, follow=True))
    draft.refresh_from_db()
    assert f"c’est la facture {draft.number}" in page
    assert client.get(url("draft", draft.pk))["Location"] == url("invoice", draft.pk)
    run_tasks()
    check_books()


@pytest.mark.parametrize("wrong", ["-1", "beaucoup"])
def test_a_wrong_quantity_changes_nothing_and_keeps_what_was_typed(client: Client, draft: Invoice, wrong: str) -> None:
    before = draft.total_cents
    answer = client.post(url("draft", draft.pk), draft_form(client, draft, emettre="1", **{"r-repas": wrong}))
    assert answer.status_code == 200 and "à corriger" in text_of(answer)
    assert f'value="{wrong}"' in answer.content.decode()
    draft.refresh_from_db()
    assert (draft.state, draft.total_cents) == ("draft", before)


def test_an_empty_draft_is_not_issued(client: Client, draft: Invoice) -> None:
    client.post(url("draft", draft.pk), draft_form(client, draft, **{"r-repas": "0"}))
    answer = client.post(url("draft", draft.pk), draft_form(client, draft, emettre="1"), follow=True)
    assert "il n’y a rien à facturer" in text_of(answer)
    draft.refresh_from_db()
    assert draft.number is None


@pytest.mark.parametrize("act", ["draft", "draft_discard"])
def test_who_comes_after_the_issue_is_led_to_the_invoice(
    client: Client, draft: Invoice, act: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    look: Callable[[AgentRequest, int], Invoice] = cancel_and_redo._draft

    def look_then_lose(request: AgentRequest, pk: int) -> Invoice:
        seen = look(request, pk)
        if seen.state == "draft":
            billing.issue_invoice(invoice_id=pk, actor=WHO, at=later(31))
        return seen

    sent = draft_form(client, draft)
    monkeypatch.setattr(cancel_and_redo, "_draft", look_then_lose)
    answer = client.post(url(act, draft.pk), sent)
    assert answer["Location"] == url("invoice", draft.pk)
    draft.refresh_from_db()
    assert draft.state == "due"


def test_money_that_comes_while_a_reviewer_cancels_is_not_freed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    take(desk.due.pk, 100, Receipt.Means.CASH, minutes=31)
    monkeypatch.setattr(cancel_and_redo, "may_cancel", lambda _request, _invoice: True)
    page = text_of(browser(desk.town.agent).post(url("invoice_cancel", desk.due.pk), {"code": "twice", "comment": ""}))
    assert "déjà payée" in page
    desk.due.refresh_from_db()
    assert (desk.due.state, desk.due.received_cents) == ("due", 100)
    assert not CreditNote.objects.exists()


def test_money_freed_by_an_avoir_is_said_not_to_count_beside_its_receipt(desk: Desk, client: Client) -> None:
    assert "ne compte pas pour cette facture" not in text_of(get(client, "invoice", desk.paid.pk))
    client.post(url("invoice_cancel", desk.paid.pk), {"code": "not_provided", "comment": ""})
    assert "ne compte pas pour cette facture" in text_of(get(client, "invoice", desk.paid.pk))


def test_a_draft_that_no_pricing_made_is_issued_as_it_is(desk: Desk, client: Client) -> None:
    old = make_old_draft(desk.town)
    page = text_of(get(client, "draft", old.pk))
    assert "Repas 16 repas 3,10 49,60" in page and "Émettez ces lignes telles quelles" in page
    client.post(url("draft", old.pk), draft_form(client, old, emettre="1"))
    old.refresh_from_db()
    assert (old.state, old.total_cents) == ("due", 4960)
    check_books()


def test_or_it_is_made_anew_by_the_pricing_of_its_dispositif(desk: Desk, client: Client) -> None:
    old = make_old_draft(desk.town)
    address = f"{url('draft', old.pk)}?reponses=1"
    assert 'href="?reponses=1"' in get(client, "draft", old.pk).content.decode()
    page = html.fromstring(client.get(address).content.decode())
    sent = dict(next(form for form in page.forms if "draft" in form.get("class", "")).form_values())
    assert (sent["r-repas"], sent["shown"]) == ("16", "5200")
    client.post(address, {**sent, "r-repas": "10"})
    old.refresh_from_db()
    assert (old.state, old.total_cents) == ("draft", 3250)
    client.post(url("draft", old.pk), draft_form(client, old, emettre="1"))
    old.refresh_from_db()
    assert (old.state, old.total_cents) == ("due", 3250)
    check_books()
