"""Forms carry their token, no cache keeps a page, and a shared computer mixes nobody up."""

import pytest
from django.test import Client

from obole.dossiers import operations as dossiers
from obole.lib import texts
from obole.payments import operations as payments
from tests.portal.conftest import signed_in
from tests.world import WHO, Town, later, make_dossier, make_invoice

pytestmark = pytest.mark.django_db

KEY = texts.token()


@pytest.fixture
def addresses(town: Town) -> dict[str, str]:
    """The addresses of everything that the town's citizen has."""
    dossier = make_dossier(town)
    dossiers.ask_complement(dossier_id=dossier.pk, reason="Merci", actor=WHO, at=later(1))
    invoice = make_invoice(town)
    attempt = payments.start_payment(
        invoice_id=invoice.pk, email="usager@example.org", request_key=KEY, actor=WHO, at=later(1)
    )
    mine, bill = f"/mes-demarches/{dossier.public_id}/", f"/mes-factures/{invoice.public_id}/"
    return {
        "dossier": mine,
        "complete": f"{mine}completer/",
        "withdraw": f"{mine}retirer/",
        "invoice": bill,
        "pay": f"{bill}payer/",
        "to_bank": f"/paiements/{attempt.public_id}/vers-la-banque/",
    }


def test_forms_carry_their_token(addresses: dict[str, str], town: Town) -> None:
    guarded = signed_in(town.citizen, enforce_csrf_checks=True)
    page = guarded.get(addresses["withdraw"])
    response = guarded.post(addresses["withdraw"], {"csrfmiddlewaretoken": page.context["csrf_token"]})
    assert response.status_code == 303


def test_pages_are_kept_by_no_cache(addresses: dict[str, str], browser: Client) -> None:
    for address in addresses.values():
        assert "no-store" in browser.get(address)["Cache-Control"]


def test_on_a_shared_computer_a_page_sent_by_who_comes_next_is_theirs(
    town: Town, browser: Client, stranger: Client
) -> None:
    apply = f"/demarches/{town.scheme.public_id}/demande/"
    values = {"answer_enfant": "Zoé", "answer_ecole": "Jules-Ferry", "answer_repas": "1"}
    key = texts.token()
    places = [item.post(apply, values | {"request_key": key})["Location"] for item in (browser, stranger, stranger)]
    assert places[0] != places[1] == places[2]
    assert stranger.get(places[0]).status_code == 404
