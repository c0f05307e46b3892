"""A citizen's own details."""

import pytest
from django.test import Client

from tests.portal.conftest import row_counts, text_of
from tests.world import Town

pytestmark = pytest.mark.django_db

DETAILS = {
    "kind": "person",
    "organisation": "",
    "civility": "Mme",
    "first_name": "Maud",
    "last_name": "Lefèvre-Noël",
    "email": "maud@example.org",
    "phone": "01 23 45 67 89",
    "address": "4 rue des Halles\r\n99999 Valbourg",
}


def test_details_are_shown_with_the_ways_to_change_the_password(town: Town, browser: Client) -> None:
    page = text_of(browser.get("/mon-compte/"))
    assert 'value="Lefèvre"' in page and "3 rue des Halles" in page
    assert "/compte/password/change/" in page and "/compte/email/" in page


def test_details_are_changed(town: Town, browser: Client) -> None:
    response = browser.post("/mon-compte/", DETAILS)
    assert (response.status_code, response["Location"]) == (303, "/mon-compte/")
    assert "Vos coordonnées sont enregistrées." in text_of(browser.get("/mon-compte/"))
    town.citizen.refresh_from_db()
    assert town.citizen.display_name == "Mme Maud Lefèvre-Noël"
    assert town.citizen.address == "4 rue des Halles\n99999 Valbourg"
    assert town.citizen.email == "maud@example.org"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"last_name": " "}, "Ce champ est obligatoire."),
        ({"email": "pas une adresse"}, "Saisissez une adresse"),
        ({"kind": "company"}, "Donnez le nom de l’association ou de l’entreprise."),
        ({"kind": "alien"}, "Sélectionnez un choix valide"),
        ({"last_name": "x" * 81}, "80"),
        ({"first_name": "a\x00b"}, "caractère"),
    ],
)
def test_wrong_details_change_nothing(town: Town, browser: Client, change: dict[str, str], sentence: str) -> None:
    before = row_counts()
    response = browser.post("/mon-compte/", DETAILS | change)
    assert response.status_code == 200
    assert sentence in text_of(response)
    assert "4 rue des Halles" in text_of(response), "nothing typed is lost"
    town.citizen.refresh_from_db()
    assert town.citizen.last_name == "Lefèvre"
    assert row_counts() == before


def test_an_association_is_shown_by_its_name(town: Town, browser: Client) -> None:
    browser.post("/mon-compte/", DETAILS | {"kind": "association", "organisation": "Les Amis du Val"})
    assert "Bonjour Les Amis du Val" in text_of(browser.get("/"))
    browser.post("/mon-compte/", DETAILS | {"organisation": "Les Amis du Val"})
    assert "Bonjour Mme Maud Lefèvre-Noël" in text_of(browser.get("/"))
