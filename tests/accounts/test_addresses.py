"""One address an account, proven before it gives anything; a known address answers like an unknown one."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import hashers
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client

from obole.accounts import queries
from obole.audit_log.models import Record
from obole.directory import operations as directory
from obole.directory.models import Citizen, User
from tests.accounts.browsers import sign_in as sign_in_as
from tests.accounts.mails import code_sent_to, link_sent_to, mails_to
from tests.world import PASSWORD, Town, make_citizen, make_town

pytestmark = pytest.mark.django_db
NEW, KNOWN = "neuf@example.org", "usager@example.org"
CODE_PAGE = "/compte/confirm-email/"


@pytest.fixture
def town() -> Town:
    return make_town()


def sign_up(client: Client, email: str, **changes: str) -> HttpResponse:
    names = {"first_name": "Léa", "last_name": "Petit"}
    values = {"email": email, "password1": PASSWORD, "password2": PASSWORD, **names, **changes}
    return client.post("/compte/signup/", values)


def sign_in(client: Client, email: str, password: str = PASSWORD) -> HttpResponse:
    return client.post("/compte/login/", {"login": email, "password": password})


def words(response: HttpResponse, *emails: str) -> str:
    """Return a page without what is of one address, and without the tokens of its forms."""
    page = response.content.decode()
    for email in emails:
        page = page.replace(email, "…")
    return "\n".join(line for line in page.splitlines() if "csrfmiddlewaretoken" not in line and "nonce=" not in line)


def test_an_account_gives_nothing_before_its_address_is_proven(client: Client, town: Town) -> None:
    answer = sign_up(client, NEW)
    assert (answer.status_code, answer["Location"]) == (302, CODE_PAGE)
    for path in ("/mes-factures/", "/mon-compte/", "/compte/email/"):
        assert client.get(path)["Location"].startswith("/compte/login/")
    code = code_sent_to(NEW)
    # One code in ten seconds: the limiter is not what is tried here.
    cache.clear()
    assert sign_in(Client(), NEW)["Location"] == CODE_PAGE
    assert not queries.is_proven(User.objects.get(email=NEW))
    client.post(CODE_PAGE, {"code": "AAAAAA"})
    assert client.get("/mes-factures/").status_code == 302
    client.post(CODE_PAGE, {"code": code})
    assert client.get("/mes-factures/").status_code == 200
    assert queries.is_proven(User.objects.get(email=NEW))
    assert Record.objects.get(verb="account.prove_address").actor.name == "Léa Petit"


def test_three_wrong_codes_are_enough(client: Client, town: Town) -> None:
    sign_up(client, NEW)
    code = code_sent_to(NEW)
    for _turn in range(3):
        client.post(CODE_PAGE, {"code": "AAAAAA"})
    client.post(CODE_PAGE, {"code": code})
    assert not queries.is_proven(User.objects.get(email=NEW))


def test_who_had_an_account_before_is_asked_for_a_code_once(client: Client, town: Town) -> None:
    user = User.objects.create_user("ancien@example.org", PASSWORD)
    assert sign_in(client, user.email)["Location"] == CODE_PAGE
    client.post(CODE_PAGE, {"code": code_sent_to(user.email)})
    again = Client()
    assert sign_in(again, user.email)["Location"] == "/crm/"


@pytest.mark.parametrize("known", [KNOWN, KNOWN.upper(), "admin@valbourg.example", "jamais@example.org"])
def test_a_known_address_signs_up_like_a_new_one(town: Town, known: str) -> None:
    User.objects.create_user("jamais@example.org", None)
    before = User.objects.count(), Citizen.objects.count()
    ours, theirs = Client(), Client()
    answers = sign_up(ours, NEW), sign_up(theirs, known)
    assert answers[0].status_code == answers[1].status_code
    assert answers[0]["Location"] == answers[1]["Location"]
    pages = ours.get(CODE_PAGE), theirs.get(CODE_PAGE)
    assert words(pages[0], NEW) == words(pages[1], known, known.lower())
    wrong = ours.post(CODE_PAGE, {"code": "AAAAAA"}), theirs.post(CODE_PAGE, {"code": "AAAAAA"})
    assert words(wrong[0], NEW) == words(wrong[1], known, known.lower())
    assert (User.objects.count(), Citizen.objects.count()) == (before[0] + 1, before[1] + 1)
    [told] = mails_to(known.lower())
    assert told.subject == "Votre adresse a déjà un compte"
    assert "/compte/password/reset/" in told.text and PASSWORD not in told.text


def test_a_known_address_costs_as_many_hashes_as_a_new_one(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    counts: list[int] = []
    encode = hashers.MD5PasswordHasher.encode

    def counted(self: Any, password: str, salt: str) -> str:
        counts[-1] += 1
        return encode(self, password, salt)

    monkeypatch.setattr(hashers.MD5PasswordHasher, "encode", counted)
    for email in (NEW, KNOWN):
        counts.append(0)
        sign_up(Client(), email)
    assert counts[0] == counts[1] == 1
    for email in (KNOWN, "personne@example.org"):
        counts.append(0)
        sign_in(Client(), email, "un mauvais mot de passe")
    assert counts[2] == counts[3] == 1


def test_a_reset_answers_alike(client: Client, town: Town) -> None:
    pages = []
    for email in (KNOWN, "personne@example.org"):
        answer = client.post("/compte/password/reset/", {"email": email})
        pages.append((answer.status_code, answer["Location"], words(client.get(answer["Location"]))))
    assert pages[0] == pages[1]
    assert [message.subject for message in mails_to("personne@example.org")] == ["Aucun compte à cette adresse"]
    assert "/password/reset/key/" not in mails_to("personne@example.org")[0].text


def test_a_reset_proves_the_address_and_ends_every_session(client: Client, town: Town) -> None:
    user = User.objects.create_user("ancien@example.org", "celui de quelqu’un d’autre")
    theirs = Client()
    theirs.force_login(user)
    client.post("/compte/password/reset/", {"email": user.email}, headers={"host": "127.0.0.1:6666"})
    page = client.get(link_sent_to(user.email))["Location"]
    client.post(page, {"password1": "trois mots sans lien", "password2": "trois mots sans lien"})
    assert queries.is_proven(user)
    assert theirs.get("/compte/email/").status_code == 302
    assert sign_in(Client(), user.email, "trois mots sans lien")["Location"] == "/crm/"
    assert mails_to(user.email)[0].subject == "Votre mot de passe a changé"


def test_an_address_is_changed_by_a_proof_of_the_new_and_a_word_to_the_old(client: Client, town: Town) -> None:
    user = User.objects.get(email=KNOWN)
    sign_in_as(client, user)
    assert client.post("/compte/email/", {"action_add": "", "email": NEW})["Location"] == CODE_PAGE
    user.refresh_from_db()
    assert user.email == KNOWN
    client.post(CODE_PAGE, {"code": code_sent_to(NEW)})
    user.refresh_from_db()
    assert user.email == NEW
    assert [(row.email, row.verified) for row in EmailAddress.objects.filter(user=user)] == [(NEW, True)]
    assert [message.subject for message in mails_to(KNOWN)] == ["L’adresse de votre compte a changé"]
    record = Record.objects.get(verb="account.change_address")
    assert (record.details["before"], record.details["after"]) == (KNOWN, NEW)
    assert Citizen.objects.get(user=user).email == NEW, "their invoices would go on going to the old address"


@pytest.mark.parametrize("taken", ["autre@example.org", "admin@valbourg.example", "jamais@example.org"])
def test_an_address_in_use_elsewhere_is_never_taken(client: Client, town: Town, taken: str) -> None:
    User.objects.create_user("jamais@example.org", None)
    make_citizen("autre@example.org")
    sign_in_as(client, User.objects.get(email=KNOWN))
    answers = [client.post("/compte/email/", {"action_add": "", "email": email}) for email in (NEW, taken)]
    assert answers[0].status_code == answers[1].status_code
    assert answers[0]["Location"] == answers[1]["Location"]
    [told] = mails_to(taken)
    assert told.subject == "Votre adresse a déjà un compte"
    for action in ("action_primary", "action_send", "action_remove"):
        assert client.post("/compte/email/", {action: "", "email": taken}).status_code == 302
    assert client.post(CODE_PAGE, {"code": "AAAAAA"}).status_code == 200
    assert User.objects.get(email=taken).emailaddress_set.exclude(user__email=taken).count() == 0
    assert EmailAddress.objects.filter(user__email=KNOWN).count() == 1


def test_two_accounts_that_prove_one_address_are_told_apart(client: Client, town: Town) -> None:
    """The second to type its code is refused in words, whoever came meanwhile."""
    sign_in_as(client, User.objects.get(email=KNOWN))
    client.post("/compte/email/", {"action_add": "", "email": NEW})
    code = code_sent_to(NEW)
    directory.open_account(email=NEW, password=PASSWORD, proven=True)
    answer = client.post(CODE_PAGE, {"code": code})
    assert answer.status_code == 200
    assert User.objects.filter(email=KNOWN).exists()


def test_an_agent_does_not_change_their_own_address(client: Client, town: Town) -> None:
    agent = town.regisseur
    client.force_login(agent.user)
    assert "un administrateur change votre adresse" in client.get("/compte/email/").content.decode()
    for data in (
        {"action_add": "", "email": NEW},
        {"action_primary": "", "email": agent.user.email},
        {"action_remove": "", "email": agent.user.email},
    ):
        answer = client.post("/compte/email/", data)
        assert answer.status_code in {200, 302}
    assert EmailAddress.objects.get(user=agent.user).email == agent.user.email
    assert mails_to(NEW) == []


def test_a_sign_up_that_breaks_leaves_nothing(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    before = User.objects.count()

    def broken(**_values: object) -> Citizen:
        raise RuntimeError("the machine stops here")

    monkeypatch.setattr(directory, "register_citizen", broken)
    with pytest.raises(RuntimeError):
        sign_up(Client(), NEW)
    assert User.objects.count() == before


def test_two_sign_ups_at_once_make_one_account(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client()
    # What the form looked at was true when it looked.
    monkeypatch.setattr("allauth.account.forms.flows.manage_email.email_already_exists", lambda email: (email, False))
    directory.open_account(email=NEW, password=PASSWORD, proven=False)
    assert sign_up(client, NEW)["Location"] == CODE_PAGE
    assert User.objects.filter(email=NEW).count() == 1
    assert Citizen.objects.filter(email=NEW).count() == 0


@pytest.mark.parametrize("blank", ["\u200b", "\u2060\u200d", " \u00a0 ", "\u202e", "\x07"])
def test_a_name_that_shows_nothing_is_refused_at_its_field(client: Client, town: Town, blank: str) -> None:
    users = User.objects.count()
    page = sign_up(client, NEW, last_name=blank).content.decode()
    assert 'id="id_last_name_error"' in page
    assert User.objects.count() == users
    sign_in_as(client, User.objects.get(email=KNOWN))
    details = {"kind": "person", "last_name": blank, "first_name": "Maud"}
    assert 'id="id_last_name_error"' in client.post("/mon-compte/", details).content.decode()
    company = {"kind": "company", "organisation": blank, "last_name": "Martin"}
    assert 'id="id_organisation_error"' in client.post("/mon-compte/", company).content.decode()
    client.force_login(town.agent.user)
    for path in ("/crm/usagers/nouveau/", f"/crm/usagers/{town.citizen.pk}/modifier/"):
        assert 'id="id_last_name_error"' in client.post(path, details).content.decode(), path
    town.citizen.refresh_from_db()
    assert town.citizen.last_name == "Lefèvre"


@pytest.mark.parametrize(
    "guessed", ["motdepasse2026", "Bonjour2026!", "valbourg2026", "VilleDeValbourg1", "1234567890123", "azertyuiop"]
)
def test_a_password_that_is_tried_first_is_refused(client: Client, town: Town, guessed: str) -> None:
    page = sign_up(client, NEW, password1=guessed, password2=guessed).content.decode()
    assert 'id="id_password1_error"' in page
    assert not User.objects.filter(email=NEW).exists()
