"""The account pages: in French, labelled, with the frame of the portal."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from tests.ui.pages import squeezed

pytestmark = pytest.mark.django_db

OPEN = {
    "login/": "Se connecter",
    "signup/": "Créer un compte",
    "password/reset/": "Mot de passe oublié",
    "password/reset/done/": "Consultez votre messagerie",
    "password/reset/key/1-abc/": "Ce lien n’est plus valable",
    "password/reset/key/done/": "Votre mot de passe est changé",
    "inactive/": "Ce compte est désactivé",
}
SIGNED_IN = {
    "logout/": "Se déconnecter",
    "email/": "Mon adresse de connexion",
    "password/change/": "Changer de mot de passe",
    "reauthenticate/": "Confirmer que c’est bien vous",
}


@pytest.fixture
def signed_in(client: Client) -> Client:
    user = get_user_model()(email="claire@demo.example")
    user.set_password("une longue phrase")
    user.save()
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    return client


def check(html: str, heading: str) -> None:
    assert f"<h1>{heading}</h1>" in squeezed(html)
    assert '<html lang="fr">' in html
    assert 'href="#contenu"' in html
    assert "UNDEFINED" not in html
    assert " style=" not in html
    assert "placeholder" not in html


@pytest.mark.parametrize(("path", "heading"), OPEN.items())
def test_open_pages(client: Client, path: str, heading: str) -> None:
    check(client.get(f"/compte/{path}").content.decode(), heading)


@pytest.mark.parametrize(("path", "heading"), SIGNED_IN.items())
def test_pages_of_people_signed_in(signed_in: Client, path: str, heading: str) -> None:
    check(signed_in.get(f"/compte/{path}").content.decode(), heading)


def test_a_wrong_password_is_said_at_the_top(client: Client) -> None:
    html = client.post("/compte/login/", {"login": "x@demo.example", "password": "faux"}).content.decode()

    assert 'role="alert" tabindex="-1" autofocus' in html
    assert "<title>Erreur – Se connecter" in html


def test_the_menu_depends_on_who_is_there(client: Client, signed_in: Client) -> None:
    assert "Mes factures" in signed_in.get("/compte/logout/").content.decode()
    assert "Mes factures" not in Client().get("/compte/login/").content.decode()
    assert 'action="/compte/logout/"' in signed_in.get("/compte/email/").content.decode()
