"""Mails about accounts: in French, from the town, through the outbox, and read by no agent."""

import pytest
from django.test import Client

from obole.mailing.models import Message
from tests.accounts.browsers import sign_in
from tests.world import PASSWORD, Town

pytestmark = pytest.mark.django_db


def sign_up(client: Client, email: str) -> None:
    names = {"first_name": "Léa", "last_name": "Petit"}
    client.post("/compte/signup/", {"email": email, "password1": PASSWORD, "password2": PASSWORD} | names)


def the_mail(email: str) -> Message:
    message = Message.objects.get(to=email)
    assert message.confidential
    assert message.text.startswith("Bonjour,") and message.text.endswith("Ville de Valbourg")
    assert "&" not in message.text
    return message


def test_a_new_account_is_announced(client: Client, town: Town) -> None:
    sign_up(client, "neuf@example.org")
    assert the_mail("neuf@example.org").subject == "Le code pour ouvrir votre compte"


@pytest.mark.parametrize(
    ("email", "subject"),
    [
        ("usager@example.org", "Choisissez un nouveau mot de passe"),
        ("inconnu@example.org", "Aucun compte à cette adresse"),
    ],
)
def test_a_forgotten_password(client: Client, town: Town, email: str, subject: str) -> None:
    client.post("/compte/password/reset/", {"email": email})
    assert the_mail(email).subject == subject


def test_a_new_address_is_sent_a_code(browser: Client, town: Town) -> None:
    assert town.citizen.user is not None
    sign_in(browser, town.citizen.user)
    browser.post("/compte/email/", {"action_add": "", "email": "autre@example.org"})
    assert the_mail("autre@example.org").subject == "Le code qui confirme votre adresse"
