"""Coming back from the bank: the page shows what the bank said when asked, with a session or without one."""

from datetime import timedelta

import pytest
from django.test import Client

from obole.gateways.base import Outcome
from obole.gateways.sandbox.gateway import Sandbox
from obole.payments import operations as payments
from obole.payments.models import Attempt, BankExchange, Receipt, Reversal
from tests.portal.conftest import Clock, bill, text_of
from tests.world import NOON, WHO, Town, later, make_town

pytestmark = pytest.mark.django_db


def leave(town: Town, cents: int) -> Attempt:
    return payments.start_payment(
        invoice_id=bill(town, cents).pk, email="usager@example.org", request_key=f"key-{cents}", actor=WHO, at=NOON
    )


def address(attempt: Attempt) -> str:
    return f"/paiements/retour/{attempt.public_id}/"


@pytest.mark.parametrize(
    ("cents", "title", "sentence", "state"),
    [
        (5200, "Paiement reçu", "Merci, votre paiement est reçu", "paid"),
        (5210, "Paiement reçu", "Merci, votre paiement est reçu", "paid"),
        (5201, "Paiement refusé par votre banque", "Aucune somme n’a été débitée.", "refused"),
        (5202, "Paiement abandonné", "Aucune somme n’a été débitée.", "abandoned"),
        (5203, "Paiement en cours de confirmation", "ne payez pas une seconde fois", "waiting"),
        (5204, "Paiement en cours de confirmation", "ne payez pas une seconde fois", "waiting"),
        (5205, "La banque ne répond pas pour l’instant", "ne payez pas une seconde fois", "waiting"),
        (5206, "Paiement non commencé", "Aucune somme n’a été débitée", "failed"),
        (5208, "Paiement en cours de confirmation", "ne payez pas une seconde fois", "waiting"),
        (5209, "Paiement reçu", "Votre argent est bien arrivé. Ne payez pas une seconde fois.", "paid"),
    ],
)
@pytest.mark.parametrize("with_session", [True, False])
def test_what_the_bank_says_is_shown(
    town: Town, browser: Client, cents: int, title: str, sentence: str, state: str, with_session: bool
) -> None:
    attempt = leave(town, cents)
    response = (browser if with_session else Client()).get(address(attempt))
    page = text_of(response)
    assert response.status_code == 200
    assert f"<h1>{title}</h1>" in page and sentence in page
    attempt.refresh_from_db()
    assert attempt.state == state
    assert ('http-equiv="refresh"' in page) == (state == "waiting")
    assert ("hx-trigger" in page) == (state == "waiting")
    assert (str(attempt.invoice.number) in page) == with_session


def test_a_debit_that_was_rejected_since_is_no_payment_under_way(town: Town, browser: Client) -> None:
    attempt = leave(town, 5210)
    browser.get(address(attempt))
    payments.reverse_receipt(
        receipt_id=Receipt.objects.get().pk, kind=Reversal.Kind.REJECTED, reason="Compte clos", actor=WHO, at=later(9)
    )
    page = text_of(browser.get(address(attempt)))
    assert "<h1>Paiement rejeté par votre banque</h1>" in page
    assert "de nouveau à payer" in page and "ne payez pas une seconde fois" not in page


def test_a_paid_return_leads_its_payer_to_the_receipt_and_nobody_else(
    town: Town, browser: Client, stranger: Client
) -> None:
    attempt = leave(town, 5200)
    page = text_of(browser.get(address(attempt)))
    receipt = Receipt.objects.get()
    assert f"/mes-factures/{attempt.invoice.public_id}/recus/{receipt.public_id}.pdf" in page
    for other in (stranger, Client()):
        page = text_of(other.get(address(attempt)))
        assert "Paiement reçu" in page and "52,00 €" in page
        for secret in (
            attempt.invoice.public_id,
            receipt.public_id,
            "Lefèvre",
            "usager@example.org",
            attempt.reference,
        ):
            assert secret not in page


def test_a_test_payment_is_said_to_be_one(clock: Clock) -> None:
    town = make_town(gateway_settings={"mode": "T"})
    attempt = leave(town, 5200)
    page = text_of(Client().get(address(attempt)))
    assert "C’était un essai : aucune somme n’a été débitée." in page
    assert not Receipt.objects.exists()


def test_an_expired_payment_says_not_to_hurry(town: Town, clock: Clock) -> None:
    attempt = leave(town, 5204)
    clock.pass_(days=1)
    assert "Paiement non abouti" in text_of(Client().get(address(attempt)))


def test_what_the_browser_says_of_the_result_is_ignored(town: Town) -> None:
    attempt = leave(town, 5201)
    page = text_of(Client().get(address(attempt), {"resultrans": "P", "etat": "paid", "idop": "forged"}))
    assert "Paiement refusé" in page
    assert not Receipt.objects.exists()


def test_coming_back_twice_pays_once(town: Town, clock: Clock) -> None:
    attempt = leave(town, 5200)
    for _time in range(3):
        assert "Paiement reçu" in text_of(Client().get(address(attempt)))
        clock.pass_(seconds=10)
    assert Receipt.objects.count() == 1


def test_an_unknown_payment_is_not_found(town: Town) -> None:
    assert Client().get("/paiements/retour/inconnu/").status_code == 404
    assert Client().post("/paiements/retour/inconnu/").status_code == 404


def test_the_bank_is_not_asked_again_at_once(town: Town, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, ask = [], Sandbox.ask

    def counted(self: Sandbox, reference: str) -> Outcome:
        asked.append(reference)
        return ask(self, reference)

    monkeypatch.setattr(Sandbox, "ask", counted)
    attempt = leave(town, 5203)
    for _reload in range(3):
        assert "Paiement en cours de confirmation" in text_of(Client().get(address(attempt)))
    assert len(asked) == 1
    clock.pass_(seconds=5)
    Client().get(address(attempt))
    assert len(asked) == 2


def test_the_page_looks_again_seldom_then_no_more(town: Town, clock: Clock) -> None:
    attempt = leave(town, 5203)
    for passed, expected in ((0, 'content="5"'), (4, 'content="30"'), (30, "")):
        clock.at = NOON + timedelta(minutes=passed, seconds=1)
        page = text_of(Client().get(address(attempt)))
        assert expected in page
        assert ("http-equiv" in page) == bool(expected)


def test_a_refusal_can_be_tried_again(town: Town, browser: Client) -> None:
    attempt = leave(town, 5201)
    browser.get(address(attempt))
    page = text_of(browser.get(f"/mes-factures/{attempt.invoice.public_id}/"))
    assert "Payer maintenant" in page and "Paiement refusé par votre banque" in page


def test_the_exchange_with_the_bank_is_kept(town: Town) -> None:
    attempt = leave(town, 5205)
    Client().get(address(attempt))
    kinds = list(BankExchange.objects.filter(attempt=attempt).order_by("id").values_list("kind", flat=True))
    assert kinds == ["start", "ask"]
