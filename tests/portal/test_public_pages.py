"""What anybody sees: home, catalogue, a dispositif, the pages of the footer, and where signing in leads."""

import pytest
from django.test import Client
from django.urls import reverse

from obole.catalogue import operations as catalogue
from obole.directory import operations as directory
from tests.accounts.mails import code_sent_to
from tests.portal.conftest import signed_in, text_of
from tests.world import NOON, PASSWORD, WHO, Town, later, make_citizen

pytestmark = pytest.mark.django_db


def test_home_says_what_can_be_done_here(client: Client, town: Town) -> None:
    page = text_of(client.get("/"))
    assert "Vos démarches et vos factures, en ligne" in page
    assert "Restauration scolaire" in page
    assert reverse("account_login") in page and reverse("account_signup") in page


def test_home_works_in_an_empty_town(client: Client) -> None:
    assert client.get("/").status_code == 200
    assert "Aucune démarche n’est ouverte" in text_of(client.get("/demarches/"))


def test_catalogue_lists_dispositifs_by_prestation(client: Client, town: Town) -> None:
    page = text_of(client.get("/demarches/"))
    assert "Restauration scolaire" in page and "Inscription cantine 2026-2027" in page


def test_a_dispositif_says_its_prices_and_its_questions_signed_out(client: Client, town: Town) -> None:
    page = text_of(client.get(f"/demarches/{town.scheme.public_id}/"))
    assert "3,25 € par repas" in page and "de 0 à 31" in page
    assert "Majoration hors délai" in page and "fixée par l’agent" in page
    assert "Prénom de l’enfant" in page and "(facultatif)" in page


def test_applying_asks_to_sign_in_and_comes_back(client: Client, town: Town) -> None:
    address = f"/demarches/{town.scheme.public_id}/demande/"
    response = client.get(address)
    assert response.status_code == 302
    assert response["Location"] == f"/compte/login/?next={address}"
    response = client.post(response["Location"], {"login": town.citizen.email, "password": PASSWORD})
    assert response["Location"] == address


def test_a_closed_dispositif_says_so(client: Client, town: Town, browser: Client) -> None:
    catalogue.configure_scheme(scheme_id=town.scheme.pk, values={"enabled": False}, actor=WHO, at=NOON)
    for item, address in ((client, ""), (browser, "demande/")):
        response = item.get(f"/demarches/{town.scheme.public_id}/{address}")
        assert response.status_code == 410
        assert "n’accepte pas de demande" in text_of(response)
    assert "Inscription cantine" not in text_of(client.get("/demarches/"))


def test_a_dispositif_without_a_form_is_closed(client: Client, town: Town) -> None:
    scheme = catalogue.configure_scheme(
        scheme_id=None, values={"service": town.scheme.service, "name": "Sans formulaire"}, actor=WHO, at=NOON
    )
    assert client.get(f"/demarches/{scheme.public_id}/").status_code == 410


def test_an_unknown_dispositif_is_not_found(client: Client, town: Town) -> None:
    assert client.get("/demarches/inconnu/").status_code == 404


@pytest.mark.parametrize(
    ("slug", "sentence"),
    [
        ("accessibilite", "Aucun audit n’a encore été fait"),
        ("mentions-legales", "PayFiP"),
        ("donnees-personnelles", "ni vu ni gardé"),
        ("cookies", "csrftoken"),
    ],
)
def test_pages_of_the_footer(client: Client, town: Town, slug: str, sentence: str) -> None:
    response = client.get(f"/pages/{slug}/")
    assert response.status_code == 200
    assert sentence in text_of(response)


def test_an_unknown_page_is_not_found(client: Client, town: Town) -> None:
    assert client.get("/pages/contact/").status_code == 404


def test_signing_in_leads_agents_to_their_desk_and_citizens_home(town: Town, browser: Client) -> None:
    desk = Client()
    desk.force_login(town.agent.user)
    assert desk.get("/bienvenue/")["Location"] == "/crm/"
    assert browser.get("/bienvenue/")["Location"] == "/"
    assert Client().get("/bienvenue/")["Location"] == "/"
    assert "/crm/" in text_of(desk.get("/"))


def test_an_agent_without_a_citizen_file_has_no_invoices(town: Town) -> None:
    desk = Client()
    desk.force_login(town.agent.user)
    assert desk.get("/mes-factures/").status_code == 404


def test_signing_up_opens_a_citizen_file(client: Client, town: Town) -> None:
    values = {
        "email": "neuf@example.org",
        "password1": PASSWORD,
        "password2": PASSWORD,
        "first_name": "Léa",
        "last_name": "Petit",
    }
    response = client.post("/compte/signup/", values)
    assert response.status_code == 302
    assert "Bonjour" not in text_of(client.get("/")), "nothing is given before the address is proven"
    client.post("/compte/confirm-email/", {"code": code_sent_to("neuf@example.org")})
    assert "Bonjour Léa Petit" in text_of(client.get("/"))


def test_home_of_a_citizen_who_owes_nothing(browser: Client) -> None:
    assert "Vous n’avez aucune facture à payer." in text_of(browser.get("/"))


def test_the_catalogue_costs_the_same_however_long(
    client: Client, town: Town, django_assert_num_queries: object
) -> None:
    for number in range(5):
        service = catalogue.configure_service(
            service_id=None, values={"name": f"Prestation {number}"}, actor=WHO, at=later(1)
        )
        catalogue.configure_scheme(
            scheme_id=None, values={"service": service, "name": f"Dispositif {number}"}, actor=WHO, at=later(1)
        )
    with django_assert_num_queries(3):  # type: ignore[operator]
        client.get("/demarches/")


def test_nobody_enters_the_pages_of_citizens_signed_out(client: Client, town: Town) -> None:
    for address in ("/mes-demarches/", "/mes-factures/", "/mon-compte/", "/mes-factures/abc/payer/"):
        assert client.get(address)["Location"] == f"/compte/login/?next={address}"


def test_a_citizen_with_an_odd_name_is_escaped(town: Town) -> None:
    citizen = make_citizen("odd@example.org", last_name="<script>alert(1)</script>")
    page = text_of(signed_in(citizen).get("/"))
    assert "<script>alert" not in page and "&lt;script&gt;" in page


@pytest.mark.parametrize(
    ("name", "article", "to", "subject"),
    [
        ("Ville de Valbourg", "", "à la Ville de Valbourg", "La Ville de Valbourg"),
        ("Département du Lot", "", "au Département du Lot", "Le Département du Lot"),
        ("Grand Lac", "le", "au Grand Lac", "Le Grand Lac"),
        ("Annecy", "", "à Annecy", "Annecy"),
    ],
)
def test_the_town_is_named_with_its_article(
    client: Client, town: Town, name: str, article: str, to: str, subject: str
) -> None:
    directory.configure_authority(values={"name": name, "article": article}, actor=WHO, at=NOON)
    assert f"Faites une demande {to}, suivez-la" in text_of(client.get("/"))
    assert f"{subject} s’engage à rendre ce service accessible" in text_of(client.get("/pages/accessibilite/"))
    client.cookies["language"] = "en"
    assert f"Apply to {name}, follow" in text_of(client.get("/"))
