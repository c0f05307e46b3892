"""What belongs to somebody else is not there, a page that is only read changes nothing, and forms need their token."""

import pytest
from django.test import Client

from obole.dossiers import operations as dossiers
from obole.lib import words
from obole.payments import operations as payments
from tests.portal.conftest import row_counts, signed_in
from tests.world import WHO, Town, later, make_dossier, make_invoice

pytestmark = pytest.mark.django_db(transaction=True)

KEY = words.token()


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


def test_nothing_of_another_citizen_is_there(addresses: dict[str, str], stranger: Client) -> None:
    before = row_counts()
    others = [f"{addresses['invoice']}facture.pdf", f"{addresses['complete']}montant/"]
    for address in [*addresses.values(), *others]:
        assert stranger.post(address).status_code in {404, 405}, address
        if not address.endswith("montant/"):
            assert stranger.get(address).status_code == 404, address
    assert row_counts() == before


def test_lists_hold_nothing_of_another_citizen(addresses: dict[str, str], stranger: Client) -> None:
    for address in ("/", "/mes-demarches/", "/mes-factures/"):
        page = stranger.get(address).content.decode()
        assert addresses["dossier"] not in page and addresses["invoice"] not in page


def test_an_agent_does_not_enter_by_the_citizens_door(addresses: dict[str, str], town: Town) -> None:
    desk = Client()
    desk.force_login(town.admin.user)
    for address in addresses.values():
        assert desk.get(address).status_code == 404, address


def test_reading_changes_nothing(addresses: dict[str, str], town: Town, browser: Client) -> None:
    scheme = f"/demarches/{town.scheme.public_id}/"
    public = ["/", "/demarches/", scheme, f"{scheme}demande/", "/mes-demarches/", "/mes-factures/", "/mon-compte/"]
    before = row_counts()
    for address in [*public, *addresses.values()]:
        assert browser.get(address).status_code in {200, 303}, address
        assert browser.head(address).status_code in {200, 303}, address
    assert row_counts() == before


def test_writing_needs_the_pages_own_token(addresses: dict[str, str], town: Town) -> None:
    guarded = signed_in(town.citizen, enforce_csrf_checks=True)
    before = row_counts()
    apply = f"/demarches/{town.scheme.public_id}/demande/"
    for address in (addresses["complete"], addresses["withdraw"], addresses["pay"], "/mon-compte/", apply):
        assert guarded.post(address, {"request_key": words.token()}).status_code == 403, address
    assert row_counts() == before


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
    values = {"answer_enfant": "Zoé", "answer_ecole": "Jules-Ferry", f"quantity_{town.meal.pk}": "1"}
    key = words.token()
    places = [one.post(apply, values | {"request_key": key})["Location"] for one in (browser, stranger, stranger)]
    assert places[0] != places[1] == places[2]
    assert stranger.get(places[0]).status_code == 404
