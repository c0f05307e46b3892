"""Several invoices paid at once, as their payer sees it."""

import html
import re

import pytest
from django.test import Client

from obole.billing.models import Invoice
from obole.gateways.base import Exchange, Unreachable
from obole.gateways.sandbox.gateway import Sandbox
from obole.lib import texts
from obole.payments import operations as payments
from obole.payments.models import Attempt, AttemptLine, Receipt
from tests.portal.conftest import Clock, bill, row_counts
from tests.world import (
    WHO,
    Town,
    bill_dossier,
    handed,
    later,
    make_citizen,
    make_dossier,
    make_invoice,
    make_regie,
    make_type,
    run_tasks,
)

pytestmark = pytest.mark.django_db
PAGE = "/mes-factures/payer-ensemble/"


def three(town: Town) -> list[Invoice]:
    return [make_invoice(town, meals=meals) for meals in (16, 10, 1)]


def read(page: object) -> str:
    """Return what a page says, without its tags."""
    said = re.sub(r"<[^>]*>", " ", page.content.decode())  # type: ignore[attr-defined]
    return " ".join(html.unescape(said).split())


def press(browser: Client, invoices: list[Invoice], total: int, **values: str) -> object:
    ids = [invoice.public_id for invoice in invoices]
    return browser.post(PAGE, {"request_key": texts.token(), "facture": ids, "total": str(total)} | values)


def test_the_list_offers_to_pay_all_at_once(town: Town, browser: Client) -> None:
    three(town)
    assert "Payer ensemble 3 factures : 87,75" in read(browser.get("/mes-factures/"))


def test_one_invoice_is_no_basket(town: Town, browser: Client) -> None:
    make_invoice(town)
    assert "Payer ensemble" not in read(browser.get("/mes-factures/"))
    assert browser.get(PAGE)["Location"] == "/mes-factures/"


def test_the_page_ticks_all_and_says_the_total(town: Town, browser: Client) -> None:
    three(town)
    before = row_counts()
    page = browser.get(PAGE)
    assert page.content.decode().count(" checked>") == 3
    assert "Total de 3 factures 87,75" in read(page)
    assert row_counts() == before


def test_unticking_changes_the_total_without_a_script(town: Town, browser: Client) -> None:
    first, _second, last = three(town)
    page = browser.get(PAGE, {"choix": "1", "avec": first.public_id, "facture": [first.public_id, last.public_id]})
    assert "Total de 2 factures 55,25" in read(page)
    nothing = browser.get(PAGE, {"choix": "1", "avec": first.public_id})
    assert "Cochez au moins une facture." in read(nothing) and "Payer 0" not in read(nothing)


def test_the_same_form_sent_again_leads_to_the_same_payment(town: Town, browser: Client) -> None:
    first, second, _last = three(town)
    answers = [press(browser, [first, second], 8450, request_key="k" * 20) for _press in range(2)]
    attempt = Attempt.objects.get()
    for answer in answers:
        assert (answer.status_code, answer["Location"]) == (303, attempt.gateway_url)  # type: ignore[attr-defined,index]


def test_an_invoice_whose_money_waits_is_not_in_the_basket(town: Town, browser: Client) -> None:
    wrong, _one, _two = bill(town, 1209), make_invoice(town), make_invoice(town)
    attempt = payments.start_payment(
        invoice_id=wrong.pk, email="usager@example.org", request_key="k", actor=WHO, at=later(1)
    )
    payments.resolve_attempt(attempt_id=attempt.pk, actor=WHO, at=later(2))
    page = browser.get(PAGE).content.decode()
    assert page.count(" checked>") == 2 and wrong.public_id not in page


def test_paying_leads_to_the_bank_with_the_total(town: Town, browser: Client) -> None:
    first, second, _last = three(town)
    answer = press(browser, [first, second], 8450)
    attempt = Attempt.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, attempt.gateway_url)  # type: ignore[attr-defined,index]
    assert attempt.amount_cents == 8450
    assert set(AttemptLine.objects.values_list("invoice", "cents")) == {(first.pk, 5200), (second.pk, 3250)}


def test_nothing_ticked_or_another_total_goes_nowhere(town: Town, browser: Client) -> None:
    invoices = three(town)
    assert "Cochez au moins une facture." in read(press(browser, [], 0, avec=invoices[0].public_id))
    assert "Le total a changé" in read(press(browser, invoices, 8774))
    assert not Attempt.objects.exists()


def test_an_invoice_paid_meanwhile_changes_the_total(town: Town, browser: Client) -> None:
    invoices = three(town)
    money = handed(325, Receipt.Means.CHEQUE)
    payments.take_money(invoice_id=invoices[2].pk, money=money, request_key=texts.token(), actor=WHO, at=later(0))
    page = read(press(browser, invoices, 8775))
    assert "Le total a changé" in page and "Total de 2 factures 84,50" in page


def test_what_is_somebody_elses_is_not_in_the_basket(town: Town, browser: Client) -> None:
    three(town)
    other = make_citizen("autre@example.org")
    theirs = [make_invoice(town, citizen=other) for _twice in range(2)]
    page = read(browser.get(PAGE, {"avec": theirs[0].public_id}))
    assert theirs[0].number not in page
    assert "Cochez" in read(press(browser, theirs, 10400))


def test_two_regies_make_two_baskets(town: Town, browser: Client) -> None:
    three(town)
    sport = make_type(make_regie("SPO", "Régie Sports"), [town.scheme], name="Sports")
    for _twice in range(2):
        bill_dossier(make_dossier(town), sport, period="", at=later(0))
    page = read(browser.get("/mes-factures/"))
    assert (
        "Payer ensemble 3 factures" in page and "Payer ensemble 2 factures : 104,00" in page and "Régie Sports" in page
    )


def test_a_basket_in_progress_is_not_started_again(town: Town, browser: Client, clock: Clock) -> None:
    invoices = three(town)
    press(browser, invoices[:2], 8450)
    assert "Payer ensemble" not in read(browser.get("/mes-factures/"))
    assert Attempt.objects.count() == 1


def test_coming_back_names_every_invoice_and_each_has_the_receipt(town: Town, browser: Client) -> None:
    invoices = three(town)
    press(browser, invoices, 8775)
    attempt = Attempt.objects.get()
    back = read(browser.get(f"/paiements/retour/{attempt.public_id}/"))
    assert "Paiement reçu" in back and "Les factures de ce paiement" in back and "ENF-2026-000003" in back
    run_tasks()
    receipt = Receipt.objects.get()
    for invoice in invoices:
        pdf = browser.get(f"/mes-factures/{invoice.public_id}/recus/{receipt.public_id}.pdf")
        assert pdf.content.startswith(b"%PDF")
        assert receipt.number in read(browser.get(f"/mes-factures/{invoice.public_id}/"))
    assert read(browser.get("/mes-factures/")).count("Reçu " + receipt.number) == 3


def test_an_address_that_the_bank_refuses_is_asked_again(town: Town, browser: Client) -> None:
    invoices = three(town)
    page = read(press(browser, invoices, 8775, email="pas une adresse"))
    assert "adresse" in page and not Attempt.objects.exists()


def test_an_address_given_for_the_basket_is_kept_if_the_payer_wants_it(town: Town, browser: Client) -> None:
    invoices = three(town)
    press(browser, invoices[:2], 8450, email="neuve@example.org", remember="on")
    town.citizen.refresh_from_db()
    assert (Attempt.objects.get().email, town.citizen.email) == ("neuve@example.org", "neuve@example.org")


def test_a_bank_that_opens_nothing_leads_back_to_the_invoices(
    town: Town, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoices = three(town)
    monkeypatch.setattr(Sandbox, "start", down)
    answer = press(browser, invoices, 8775)
    assert answer["Location"] == "/mes-factures/"  # type: ignore[index]
    assert "Aucune somme n’a été débitée" in read(browser.get("/mes-factures/"))


def down(*_args: object) -> None:
    raise Unreachable("down", exchange=Exchange(request="start", response=""))


def test_a_piece_of_the_page_brings_no_style_that_the_page_would_refuse(town: Town, browser: Client) -> None:
    three(town)
    assert "<style" in browser.get(PAGE).content.decode()
    piece = browser.get(PAGE, headers={"HX-Request": "true"}).content.decode()
    assert "<style" not in piece and 'id="payer"' in piece
