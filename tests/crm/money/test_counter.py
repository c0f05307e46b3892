"""
At the counter: money is taken, its quittance is given, an entry is taken back; an invoice is cancelled and done again.
"""

import pytest
import time_machine
from django.test import Client

from obole.billing.models import CreditNote, Invoice, InvoiceType
from obole.lib import actors, texts
from obole.payments import operations as payments, queries
from obole.payments.models import Receipt
from obole.regies.models import Regie
from tests.books import check_books
from tests.crm.desk import Desk, bill, browser, draft_form, get, make_desk, text_of, try_to_pay, url
from tests.world import WHO, later, make_invoice, run_tasks

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    with time_machine.travel(later(30), tick=False):
        return make_desk()


@pytest.fixture
def client(desk: Desk) -> Client:
    return browser(desk.town.regisseur)


def handed(cents: str, means: str = "cash", **more: str) -> dict[str, str]:
    return {
        "cents": cents,
        "means": means,
        "payer_name": "M. Lefèvre",
        "reference": "",
        "request_key": texts.token(),
        **more,
    }


def test_money_is_taken_in_parts_and_each_gives_a_quittance(desk: Desk, client: Client) -> None:
    due = desk.due
    total = due.total_cents
    page = text_of(get(client, "take_money", due.pk))
    assert "doit encore" in page and "CESU" not in page
    answer = client.post(url("take_money", due.pk), handed("2,00"), follow=True)
    assert "ENF-Q-2026-000001" in text_of(answer) and "Partiellement payée" in text_of(answer)
    receipt = Receipt.objects.get(request_key__startswith=f"{due.pk}:")
    assert client.get(url("receipt_pdf", receipt.pk)).content.startswith(b"%PDF")
    client.post(url("take_money", due.pk), handed(f"{(total - 200) // 100},{(total - 200) % 100:02d}", "terminal"))
    due.refresh_from_db()
    assert due.state == "paid"
    run_tasks()
    check_books()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (handed("9999,00"), "n’encaissez pas davantage"),
        (handed("dix"), "Saisissez un montant en euros"),
        (handed("0,00"), "au moins"),
        (handed("2,00", "cesu"), "Sélectionnez un choix valide"),
        (handed("2,00", "card"), "Sélectionnez un choix valide"),
    ],
)
def test_a_wrong_input_says_how_to_mend_it_and_takes_nothing(
    desk: Desk, client: Client, given: dict[str, str], sentence: str
) -> None:
    before = Receipt.objects.count()
    answer = client.post(url("take_money", desk.due.pk), given)
    assert answer.status_code == 200
    assert sentence in text_of(answer) and "M. Lefèvre" in answer.content.decode()
    assert Receipt.objects.count() == before


def test_the_same_form_twice_takes_the_money_once(desk: Desk, client: Client) -> None:
    given = handed("2,00")
    for _twice in range(2):
        client.post(url("take_money", desk.due.pk), given)
    assert Receipt.objects.filter(invoice=desk.due).count() == 1


def test_a_wrong_entry_is_taken_back_after_a_page_that_says_so(desk: Desk, client: Client) -> None:
    client.post(url("take_money", desk.due.pk), handed("2,00"))
    receipt = Receipt.objects.get(invoice=desk.due)
    assert "Reprendre…" in text_of(get(client, "receipt", receipt.pk))
    assert "écriture inverse" in text_of(get(client, "receipt_reverse", receipt.pk))
    target = url("receipt_reverse", receipt.pk)
    assert "Écrivez le motif" in text_of(client.post(target, {"kind": "mistake", "reason": ""}))
    page = text_of(client.post(target, {"kind": "mistake", "reason": "Mauvaise facture"}, follow=True))
    assert "Mauvaise facture" in page and "Reprendre…" not in page
    assert "ne peut pas être repris" in text_of(client.get(target, follow=True))
    desk.due.refresh_from_db()
    assert desk.due.received_cents == 0
    check_books()


def test_cancel_and_redo_takes_two_clicks_and_a_reason(desk: Desk, client: Client) -> None:
    page = text_of(client.post(url("invoice_cancel", desk.due.pk), {"refaire": "1"}))
    assert "Choisissez un motif" in page
    answer = client.post(url("invoice_cancel", desk.due.pk), {"code": "quantity", "comment": "", "refaire": "1"})
    draft = Invoice.objects.get(replaces=desk.due)
    assert answer["Location"] == url("draft", draft.pk)
    assert "Brouillon de facture" in text_of(get(client, "draft", draft.pk))
    client.post(url("draft", draft.pk), draft_form(client, draft, **{"r-repas": "1"}))
    draft.refresh_from_db()
    assert draft.number is None
    client.post(url("draft", draft.pk), draft_form(client, draft, emettre="1"))
    draft.refresh_from_db()
    assert (draft.state, draft.total_cents) == ("due", 325)
    page = text_of(get(client, "invoice", desk.due.pk))
    assert (
        "ENF-AV-2026-000001" in page
        and draft.number is not None
        and draft.number in page
        and "Quantité erronée" in page
    )
    assert client.get(url("credit_note_pdf", desk.due.pk)).content.startswith(b"%PDF")
    run_tasks()
    check_books()


def test_a_draft_is_given_up_and_done_again_later(desk: Desk, client: Client) -> None:
    client.post(url("invoice_cancel", desk.due.pk), {"code": "other", "comment": "à revoir", "refaire": "1"})
    draft = Invoice.objects.get(replaces=desk.due)
    client.post(url("draft_discard", draft.pk))
    assert client.get(url("draft", draft.pk)).status_code == 404
    assert "Refaire" in text_of(get(client, "invoice", desk.due.pk))
    client.post(url("invoice_redo", desk.due.pk))
    assert Invoice.objects.filter(replaces=desk.due, state="draft").count() == 1


def test_who_does_not_answer_for_the_regie_takes_and_frees_no_money(desk: Desk) -> None:
    reviewer = browser(desk.town.agent)
    assert reviewer.get(url("take_money", desk.due.pk)).status_code == 404
    answer = reviewer.post(url("invoice_cancel", desk.paid.pk), {"code": "twice", "comment": ""})
    assert "Cette facture a changé" in text_of(answer)
    assert not CreditNote.objects.filter(invoice=desk.paid).exists()


def test_a_paid_invoice_is_cancelled_by_who_answers_for_it_and_its_money_waits(desk: Desk, client: Client) -> None:
    assert "recettes à classer" in text_of(get(client, "invoice_cancel", desk.paid.pk))
    client.post(url("invoice_cancel", desk.paid.pk), {"code": "not_provided", "comment": ""})
    desk.paid.refresh_from_db()
    assert desk.paid.state == "cancelled"
    check_books()


def test_too_much_cash_says_the_limit_its_article_and_what_may_still_be_taken(desk: Desk, client: Client) -> None:
    big = bill(desk.town, 400_00)
    client.post(url("take_money", big.pk), handed("200,00"))
    page = text_of(client.post(url("take_money", big.pk), handed("100,01")))
    assert "Au plus 300 € en espèces par facture (article 1680 du CGI)" in page and "être pris 100,00 €" in page
    client.post(url("take_money", big.pk), handed("100,01", "cheque", reference="0001234", bank="La Banque postale"))
    big.refresh_from_db()
    assert big.received_cents == 300_01


def test_nothing_is_taken_for_an_invoice_that_ended_nor_by_a_regie_that_is_off(desk: Desk, client: Client) -> None:
    before = Receipt.objects.count()
    assert "n’encaissez rien" in text_of(client.post(url("take_money", desk.paid.pk), handed("2,00")))
    assert "Cette facture a changé" in text_of(client.get(url("take_money", desk.paid.pk), follow=True))
    Regie.objects.update(enabled=False)
    assert "La régie est désactivée" in text_of(client.post(url("take_money", desk.due.pk), handed("2,00")))
    assert Receipt.objects.count() == before


def test_cesu_is_offered_once_the_type_accepts_it(desk: Desk, client: Client) -> None:
    InvoiceType.objects.update(accepts_cesu=True)
    assert "CESU" in text_of(get(client, "take_money", desk.due.pk))
    client.post(url("take_money", desk.due.pk), handed("2,00", "cesu"))
    assert Receipt.objects.get(invoice=desk.due).means == "cesu"


def test_a_payer_who_is_at_the_bank_is_said_to_be_there(desk: Desk, client: Client) -> None:
    assert "en train de payer en ligne" not in text_of(get(client, "take_money", desk.due.pk))
    assert "en train de payer en ligne" in text_of(get(client, "take_money", desk.waiting.pk))


def test_a_key_takes_nothing_for_another_invoice(desk: Desk, client: Client) -> None:
    given = handed("2,00")
    for invoice in (desk.due, desk.late):
        client.post(url("take_money", invoice.pk), given)
    assert Receipt.objects.filter(invoice__in=[desk.due, desk.late]).count() == 2


def test_a_refund_asked_for_meanwhile_keeps_the_receipt(
    desk: Desk, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.post(url("take_money", desk.due.pk), handed("2,00"))
    receipt = Receipt.objects.get(invoice=desk.due)

    def refuse(**_given: object) -> None:
        monkeypatch.setattr(queries, "pending_refunds", lambda _receipt: Receipt.objects.all())
        raise payments.NotReversible

    monkeypatch.setattr(payments, "reverse_receipt", refuse)
    answer = client.post(url("receipt_reverse", receipt.pk), {"kind": "mistake", "reason": "x"})
    assert answer.status_code == 200 and "abandonnez-le" in text_of(answer)


def test_a_remainder_that_cannot_be_paid_online_is_said_before(desk: Desk, client: Client) -> None:
    left = desk.due.remaining_cents
    given = handed(f"{(left - 50) / 100:.2f}".replace(".", ","))
    answer = client.post(url("take_money", desk.due.pk), given)
    assert "Il resterait 0,50 €, qui ne se paient pas en ligne" in text_of(answer)
    assert 'name="confirmed"' in answer.content.decode()
    assert not Receipt.objects.filter(invoice=desk.due).exists()

    client.post(url("take_money", desk.due.pk), {**given, "confirmed": "on"})

    assert Receipt.objects.get(invoice=desk.due).cents == left - 50
    assert 'name="confirmed"' not in get(client, "take_money", desk.late.pk).content.decode()


def test_what_came_twice_for_an_invoice_is_said_on_its_page(desk: Desk, client: Client) -> None:
    invoice = make_invoice(desk.town, meals=3)
    attempt = try_to_pay(invoice)
    client.post(url("take_money", invoice.pk), handed(f"{invoice.remaining_cents / 100:.2f}".replace(".", ",")))
    payments.resolve_attempt(attempt_id=attempt.pk, actor=actors.PAYER_RETURN, at=later(30))
    receipt = Receipt.objects.get(attempt=attempt)
    answer = get(client, "invoice", invoice.pk)
    page = text_of(answer)
    assert "Payée deux fois : 9,75 € en recettes à classer." in page
    assert url("task", receipt.anomalies.get().pk) in answer.content.decode() and receipt.number in page


def test_a_transaction_for_several_invoices_says_so_in_the_lists(desk: Desk, client: Client) -> None:
    one, two = make_invoice(desk.town, meals=3), make_invoice(desk.town, meals=4)
    payments.start_payment(
        invoice_id=one.pk, also=[two.pk], email="u@example.org", request_key="both", actor=WHO, at=later(6)
    )
    assert "et 1 autre" in text_of(get(client, "attempts", q=two.number))
