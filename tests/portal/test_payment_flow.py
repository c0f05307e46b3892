"""From « Payer maintenant » to the bank."""

import pytest
from django.http import HttpResponse
from django.test import Client

from obole.directory import operations as directory
from obole.gateways.sandbox.gateway import Sandbox
from obole.lib import texts
from obole.payments import operations as payments
from obole.payments.models import Attempt
from obole.regies import operations as regies
from tests.portal.conftest import Clock, bill, row_counts, signed_in, text_of
from tests.world import NOON, WHO, Town, make_invoice

pytestmark = pytest.mark.django_db


def address(invoice: object) -> str:
    return f"/mes-factures/{invoice.public_id}/payer/"  # type: ignore[attr-defined]


def press(browser: Client, invoice: object, **values: str) -> object:
    return browser.post(address(invoice), {"request_key": texts.token()} | values)


def without_email(town: Town, email: str = "") -> None:
    directory.update_citizen(citizen_id=town.citizen.pk, values={"email": email}, actor=WHO, at=NOON)


def test_paying_leads_to_the_bank(town: Town, browser: Client) -> None:
    response = press(browser, make_invoice(town))
    attempt = Attempt.objects.get()
    assert (response.status_code, response["Location"]) == (303, attempt.gateway_url)  # type: ignore[attr-defined,index]
    assert (attempt.state, attempt.email, attempt.amount_cents) == ("waiting", "usager@example.org", 5200)


def test_a_link_only_asks(town: Town, browser: Client) -> None:
    invoice = make_invoice(town)
    before = row_counts()
    page = text_of(browser.get(address(invoice)))
    assert "Payer ma facture" in page and "52,00 €" in page and "Payer maintenant" in page
    assert 'name="email"' not in page
    assert row_counts() == before


def test_a_double_click_makes_one_attempt_and_leads_to_the_same_bank_page(town: Town, browser: Client) -> None:
    invoice, key = make_invoice(town), texts.token()
    first, second = (press(browser, invoice, request_key=key) for _click in range(2))
    assert first["Location"] == second["Location"]  # type: ignore[index]
    assert Attempt.objects.count() == 1


def test_the_button_of_another_tab_says_that_a_payment_is_in_progress(town: Town, browser: Client) -> None:
    invoice = make_invoice(town)
    press(browser, invoice)
    response = press(browser, invoice)
    assert response["Location"] == f"/mes-factures/{invoice.public_id}/"  # type: ignore[index]
    assert "Un paiement est déjà en cours, commencé à 12 h 01" in text_of(
        browser.get(f"/mes-factures/{invoice.public_id}/")
    )
    assert Attempt.objects.count() == 1


def test_after_the_release_delay_the_bank_is_asked_and_paying_goes_on(
    town: Town, browser: Client, clock: Clock
) -> None:
    invoice = bill(town, 2203)
    press(browser, invoice)
    clock.pass_(minutes=21)
    response = press(browser, invoice)
    old, new = Attempt.objects.order_by("id")
    assert old.released_at is not None and old.state == "waiting"
    assert response["Location"] == new.gateway_url  # type: ignore[index]


def test_after_the_release_delay_a_payment_that_succeeded_is_not_made_twice(
    town: Town, browser: Client, clock: Clock
) -> None:
    invoice = make_invoice(town)
    press(browser, invoice)
    clock.pass_(minutes=21)
    response = press(browser, invoice)
    page = text_of(browser.get(response["Location"]))  # type: ignore[index]
    assert "Cette facture n’est plus à payer ici." in page and "Payée" in page
    assert Attempt.objects.count() == 1


def test_after_the_release_delay_a_silent_bank_keeps_the_invoice(town: Town, browser: Client, clock: Clock) -> None:
    invoice = bill(town, 2205)
    press(browser, invoice)
    clock.pass_(minutes=21)
    response = press(browser, invoice)
    assert "Un paiement est déjà en cours" in text_of(browser.get(response["Location"]))  # type: ignore[index]
    assert Attempt.objects.count() == 1


@pytest.mark.parametrize(
    ("cents", "said"), [(2206, "La banque ne répond pas."), (2207, "La banque refuse d’ouvrir ce paiement.")]
)
def test_a_bank_that_is_down_or_refuses_takes_nothing(town: Town, browser: Client, cents: int, said: str) -> None:
    invoice = bill(town, cents)
    response = press(browser, invoice)
    assert response["Location"] == f"/mes-factures/{invoice.public_id}/"  # type: ignore[index]
    page = text_of(browser.get(response["Location"]))  # type: ignore[index]
    assert f"{said} Aucune somme n’a été débitée" in page
    assert "Payer maintenant" in page and "22,0" in page
    assert Attempt.objects.get().state == "failed"


def test_an_address_that_the_bank_refuses_is_asked_for_again(
    town: Town, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Sandbox, "payer_codes", frozenset({"REJECTED"}))
    refused = bill(town, 2207)
    page: HttpResponse = press(browser, refused)  # type: ignore[assignment]
    assert page.status_code == 200
    assert "La banque refuse cette adresse électronique." in text_of(page)
    assert 'name="email" value="usager@example.org"' in page.content.decode()
    key = Attempt.objects.get().request_key.rpartition(".")[2]
    assert key not in page.content.decode(), "the same key would be the same refusal"


def test_what_the_browser_says_of_the_amount_is_ignored(town: Town, browser: Client) -> None:
    press(browser, make_invoice(town), amount="1", cents="100", montant="1,00")
    assert Attempt.objects.get().amount_cents == 5200


def test_a_regie_switched_off_meanwhile_takes_nothing(town: Town, browser: Client) -> None:
    invoice = make_invoice(town)
    regies.configure_regie(regie_id=town.regie.pk, values={"enabled": False}, actor=WHO, at=NOON)
    response = press(browser, invoice)
    assert "est fermé pour le moment" in text_of(browser.get(response["Location"]))  # type: ignore[index]
    assert not Attempt.objects.exists()


def test_the_email_is_kept_when_the_box_is_ticked(town: Town, browser: Client) -> None:
    without_email(town)
    press(browser, make_invoice(town), email="moi@example.org", remember="on")
    town.citizen.refresh_from_db()
    assert town.citizen.email == "moi@example.org"


@pytest.mark.parametrize(
    ("email", "sentence"),
    [
        ("", "Ce champ est obligatoire."),
        ("moi", "Saisissez une adresse"),
        ("é@example.org", "adresse"),
        (f"{'x' * 60}@{'y' * 20}.example.org", "80"),
    ],
)
def test_a_wrong_email_is_said_at_its_field(town: Town, browser: Client, email: str, sentence: str) -> None:
    without_email(town)
    page = text_of(press(browser, make_invoice(town), email=email))
    assert "id_email_error" in page and sentence in page
    assert not Attempt.objects.exists()


def test_a_page_without_a_usable_key_pays_all_the_same(town: Town, browser: Client) -> None:
    for key in ("", "court", "é" * 20, "x" * 200):
        press(browser, bill(town, 5000), request_key=key)
    assert Attempt.objects.filter(state="waiting").count() == 4


def test_a_twin_that_is_still_at_the_bank_waits_for_it(town: Town, browser: Client) -> None:
    invoice, key = make_invoice(town), texts.token()
    attempt, _new = payments.open_attempt(
        invoice_id=invoice.pk, email="usager@example.org", request_key=f"{invoice.pk}.{key}", actor=WHO, at=NOON
    )
    response = press(browser, invoice, request_key=key)
    there = f"/paiements/{attempt.public_id}/vers-la-banque/"
    assert (response.status_code, response["Location"]) == (303, there)  # type: ignore[attr-defined,index]
    waiting = browser.get(there)
    assert waiting["Refresh"] == "2"
    assert "Nous demandons la page de paiement à la banque" in text_of(waiting)


def test_the_way_to_the_bank_follows_the_attempt(town: Town, browser: Client, stranger: Client) -> None:
    press(browser, make_invoice(town))
    attempt = Attempt.objects.get()
    there = f"/paiements/{attempt.public_id}/vers-la-banque/"
    before = row_counts()
    response = browser.get(there)
    assert (response.status_code, response["Location"]) == (303, attempt.gateway_url)
    assert stranger.get(there).status_code == 404
    assert Client().get(there).status_code == 302
    assert row_counts() == before
    payments.resolve_attempt(attempt_id=attempt.pk, actor=WHO, at=NOON)
    assert browser.get(there)["Location"] == f"/paiements/retour/{attempt.public_id}/"


def test_the_way_to_a_bank_that_failed_says_so(town: Town, browser: Client) -> None:
    press(browser, bill(town, 2206))
    page = text_of(browser.get(f"/paiements/{Attempt.objects.get().public_id}/vers-la-banque/"))
    assert "La banque n’a pas ouvert le paiement" in page and "Aucune somme n’a été débitée" in page


def test_paying_needs_the_pages_own_token(town: Town) -> None:
    invoice = make_invoice(town)
    guarded = signed_in(town.citizen, enforce_csrf_checks=True)
    assert press(guarded, invoice).status_code == 403  # type: ignore[attr-defined]
    assert not Attempt.objects.exists()
