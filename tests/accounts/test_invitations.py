"""Making somebody an agent adopts no password, no session and no unproven account: a link lets them in, once."""

import logging
from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import transaction
from django.test import Client

from obole.accounts import operations as accounts, queries
from obole.accounts.models import Invitation
from obole.audit_log.models import Record
from obole.directory.models import Agent, User
from obole.directory.rules import Profile
from obole.lib.logs import JsonFormatter
from tests.accounts.mails import code_sent_to, link_sent_to, mails_to
from tests.world import NOON, PASSWORD, WHO, Town, make_town

pytestmark = pytest.mark.django_db
NADIA = "nadia@valbourg.example"
CHOSEN = {"password1": "trois mots sans lien", "password2": "trois mots sans lien"}
VALUES = {"name": "Nadia Costa", "profile": Profile.ADMINISTRATOR}


@pytest.fixture
def town() -> Town:
    with time_machine.travel(NOON, tick=False):
        yield make_town()


def invite(email: str = NADIA) -> accounts.Invited:
    return accounts.invite_agent(email=email, values=VALUES, actor=WHO, at=NOON)


def sign_in(client: Client, email: str, password: str = CHOSEN["password1"]) -> str:
    answer = client.post("/compte/login/", {"login": email, "password": password})
    return str(answer.headers.get("Location", answer.status_code))


def test_an_invitation_lets_an_agent_in(client: Client, town: Town) -> None:
    invited = invite()
    assert not invited.had_account
    assert invited.link.endswith(link_sent_to(NADIA))
    page = client.get(link_sent_to(NADIA))
    assert page.status_code == 200
    assert "Nadia Costa" in page.content.decode()
    assert client.post(link_sent_to(NADIA), CHOSEN)["Location"] == "/compte/login/"
    assert sign_in(client, NADIA) == "/crm/"
    assert client.get("/crm/parametrage/").status_code == 200
    assert Record.objects.filter(verb="agent.accept_invitation", subject_id=invited.agent.pk).count() == 1


def test_the_secret_is_kept_nowhere_but_in_the_mail(town: Town) -> None:
    token = invite().link.rstrip("/").rsplit("/", 1)[1]
    assert len(token) > 40
    assert token not in str(list(Invitation.objects.values()))
    assert token not in str(list(Record.objects.values()))


def test_an_invitation_serves_once(client: Client, town: Town) -> None:
    link = invite().link
    client.post(link, CHOSEN)
    for answer in (client.get(link), client.post(link, {"password1": PASSWORD, "password2": PASSWORD})):
        assert answer.status_code == 410
        assert "Cette invitation n’est plus valable" in answer.content.decode()
    assert User.objects.get(email=NADIA).check_password(CHOSEN["password1"])


def test_an_invitation_expires(client: Client, town: Town) -> None:
    link = invite().link
    with time_machine.travel(NOON + timedelta(days=7, seconds=1), tick=False):
        assert client.get(link).status_code == 410
        assert client.post(link, CHOSEN).status_code == 410
    token = link.rstrip("/").rsplit("/", 1)[1]
    with pytest.raises(accounts.InvitationClosed), transaction.atomic():
        accounts.accept_invitation(token=token, password=PASSWORD, at=NOON + timedelta(days=7))
    assert not User.objects.get(email=NADIA).has_usable_password()


def test_another_invitation_replaces_the_first(client: Client, town: Town) -> None:
    first = invite()
    second = accounts.invite_again(agent_id=first.agent.pk, actor=WHO, at=NOON)
    assert client.post(first.link, CHOSEN).status_code == 410
    assert client.post(second.link, CHOSEN).status_code == 303
    with pytest.raises(accounts.AlreadyAnswered), transaction.atomic():
        accounts.invite_again(agent_id=first.agent.pk, actor=WHO, at=NOON)


def test_an_agent_who_was_switched_off_does_not_come_in_by_an_invitation(client: Client, town: Town) -> None:
    invited = invite()
    accounts.configure_agent(agent_id=invited.agent.pk, values={}, active=False, email=NADIA, actor=WHO, at=NOON)
    assert client.post(invited.link, CHOSEN).status_code == 410
    token = invited.link.rstrip("/").rsplit("/", 1)[1]
    with pytest.raises(accounts.InvitationClosed), transaction.atomic():
        accounts.accept_invitation(token=token, password=PASSWORD, at=NOON)


def test_an_address_that_changed_closes_the_invitation_of_the_old(client: Client, town: Town) -> None:
    invited = invite()
    accounts.configure_agent(
        agent_id=invited.agent.pk, values={}, active=True, email="costa@valbourg.example", actor=WHO, at=NOON
    )
    assert client.post(invited.link, CHOSEN).status_code == 410
    assert client.post(link_sent_to("costa@valbourg.example"), CHOSEN).status_code == 303


@pytest.mark.parametrize("typed", ["abc", "é", "%00", "x" * 10_000])
def test_a_link_that_was_never_ours_is_refused(client: Client, town: Town, typed: str) -> None:
    assert client.get(f"/compte/invitation/{typed}/").status_code in {404, 410}


def test_a_stranger_who_signed_up_first_becomes_nobody(town: Town) -> None:
    """The address of an agent to come, an attacker's password and session, then the town's ordinary act."""
    attacker = Client()
    names = {"first_name": "A", "last_name": "B"}
    attacker.post("/compte/signup/", {"email": NADIA, "password1": PASSWORD, "password2": PASSWORD, **names})
    live = Client()
    live.force_login(User.objects.get(email=NADIA))
    code = code_sent_to(NADIA)
    invited = invite()
    assert invited.had_account
    for browser in (attacker, live):
        assert browser.get("/crm/").status_code == 302
        assert browser.get("/crm/parametrage/").status_code == 302
    attacker.post("/compte/confirm-email/", {"code": "AAAAAA"})
    assert sign_in(Client(), NADIA, PASSWORD) == "200"
    assert not queries.is_proven(invited.agent.user)
    # Even who reads the mailbox cannot finish the sign-up that was left open: its password came from a stranger.
    attacker.post("/compte/confirm-email/", {"code": code})
    assert attacker.get("/crm/").status_code == 302
    owner = Client()
    owner.post(invited.link, CHOSEN)
    assert sign_in(owner, NADIA) == "/"
    assert live.get("/crm/").status_code == 302
    assert attacker.get("/crm/").status_code == 302


def test_a_citizen_who_becomes_an_agent_keeps_their_file_and_nothing_that_lets_in(town: Town) -> None:
    citizen = town.citizen
    assert citizen.user is not None
    theirs = Client()
    theirs.force_login(citizen.user)
    invited = invite(citizen.user.email)
    assert theirs.get("/mes-factures/").status_code == 302
    assert sign_in(Client(), citizen.user.email, PASSWORD) == "200"
    theirs.post(invited.link, CHOSEN)
    assert sign_in(theirs, citizen.user.email) == "/"
    assert theirs.get("/mes-factures/").status_code == 200
    assert theirs.get("/crm/usagers/").status_code == 200


def test_an_agent_is_invited_once(town: Town) -> None:
    before = Agent.objects.count()
    with pytest.raises(ValidationError) as refused, transaction.atomic():
        invite(town.agent.user.email.upper())
    assert refused.value.message_dict == {"email": ["Un agent a déjà cette adresse."]}
    assert (Agent.objects.count(), mails_to(town.agent.user.email)) == (before, [])
    assert town.agent.user.has_usable_password()


@pytest.mark.parametrize("path", ["/compte/invitation/abc-DEF_1/", "/compte/password/reset/key/5-abc-def/"])
def test_a_log_does_not_hold_what_lets_in(path: str) -> None:
    record = logging.LogRecord("django.request", logging.WARNING, "", 0, "Not Found: %s", (path,), None)
    line = JsonFormatter().format(record)
    assert "abc" not in line and "Not Found: /compte/" in line
