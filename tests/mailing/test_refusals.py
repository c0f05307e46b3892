"""What the mail server refuses for good is asked once, and told in words."""

import smtplib
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from obole.mailing import operations as mailing, rules
from tests.mailing.server import PostOffice, start_post_office
from tests.mailing.test_outbox import deliver, queue
from tests.spaces import plain

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(settings: Any) -> Iterator[PostOffice]:
    with start_post_office() as office:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.SMTP_URL = "smtp://127.0.0.1"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", office.port, 3
        yield office


def test_an_address_that_does_not_exist_is_asked_once(office: PostOffice) -> None:
    office.refuses.add("personne@example.org")
    message = queue(to="personne@example.org")
    assert deliver(message) == "failed"
    assert (message.tries, message.last_error) == (1, "550 no such user")
    assert rules.explain(message.state, message.last_error) == "L’adresse n’existe pas."


def test_a_mail_that_the_server_will_never_take_is_given_once(office: PostOffice) -> None:
    office.says = "554 5.7.1 looks like spam"
    message = queue()
    assert deliver(message) == "failed"
    assert rules.explain(message.state, message.last_error) == "Le serveur du destinataire refuse ce courriel."


def test_a_server_that_is_busy_is_asked_again(office: PostOffice) -> None:
    office.says = "451 4.3.2 later"
    message = queue()
    with pytest.raises(OSError):
        deliver(message)
    message.refresh_from_db()
    assert (message.state, message.last_error) == ("queued", "451 4.3.2 later")
    assert rules.explain(message.state, message.last_error) == "Le serveur du destinataire demande d’attendre."
    office.says = "250 OK"
    assert deliver(message, 2) == "sent"
    assert rules.explain(message.state, message.last_error) == ""


@pytest.mark.parametrize(
    "error",
    [
        smtplib.SMTPAuthenticationError(535, b"bad password"),
        smtplib.SMTPSenderRefused(550, b"not from here", "ville@example.org"),
        smtplib.SMTPConnectError(554, b"go away"),
        smtplib.SMTPRecipientsRefused({"a@example.org": (450, b"busy")}),
        smtplib.SMTPServerDisconnected("closed"),
        ConnectionRefusedError(111, "refused"),
    ],
)
def test_what_is_said_of_us_or_for_now_is_not_for_good(error: OSError) -> None:
    assert not rules.is_for_good(error)


@pytest.mark.parametrize(
    ("state", "said", "words"),
    [
        ("failed", "550 5.1.1 No such user", "L’adresse n’existe pas."),
        ("failed", "{'paul@demo.example': (550, b'5.1.1 No such user')}", "L’adresse n’existe pas."),
        ("failed", "550 5.1.2 bad domain", "Le domaine de l’adresse n’existe pas."),
        ("failed", "552 full", "La boîte du destinataire est pleine, ou le courriel trop lourd pour elle."),
        ("failed", "550 5.2.1 disabled", "La boîte du destinataire est fermée."),
        ("failed", "550 5.7.1 blocked", "Le serveur du destinataire refuse ce courriel."),
        ("failed", "timed out", "Le serveur de courriel n’a pas répondu."),
        ("failed", "interrupted", "L’envoi a été interrompu."),
        ("doubtful", "closed", "L’envoi a été interrompu : le courriel est peut-être parti."),
        ("dropped", "the invoice is not due any more", "La facture n’était plus à payer."),
        ("sent", "550 before", ""),
        ("queued", "", ""),
    ],
)
def test_what_the_server_says_is_told_in_words(state: str, said: str, words: str) -> None:
    assert plain(rules.explain(state, said)) == words


def test_a_copy_says_the_same_and_is_made_once(office: PostOffice) -> None:
    message = queue(at_most_once=True)
    with transaction.atomic():
        first = mailing.queue_again(message, to="neuve@example.org", at=message.created_at)
        again = mailing.queue_again(message, to="autre@example.org", at=message.created_at)
    assert first is not None and again == first
    assert (first.to, first.text, first.at_most_once) == ("neuve@example.org", "Texte", True)
    assert deliver(first) == "sent"
    assert office.got[0].rcpt_tos == ["neuve@example.org"]
