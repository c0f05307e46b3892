"""Second factors: offered to all, required of agents who may touch money or settings, kept encrypted."""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from obole.accounts import operations as accounts
from obole.audit_log.models import Record
from obole.directory.models import Agent, User
from tests.accounts.browsers import sign_in
from tests.accounts.mails import code_sent_to, mails_to
from tests.world import NOON, PASSWORD, WHO, Town, make_town

pytestmark = pytest.mark.django_db
SECURITY = "/mon-compte/securite/"
ADD, PROVE = "/compte/preuves/totp/activate/", "/compte/preuves/authenticate/"


@pytest.fixture
def town() -> Town:
    return make_town()


@pytest.fixture
def required(settings: Settings) -> None:
    settings.REQUIRE_MFA = True


def code_of(secret: str) -> str:
    """Return the code that an application shows now."""
    value: str = totp.format_hotp_value(totp.hotp_value(secret, next(iter(totp.yield_hotp_counters_from_time()))))
    return value


def protect(client: Client) -> str:
    """Add an application, as its owner does; return its key."""
    secret = client.get(ADD).context["form"].secret
    answer = client.post(ADD, {"code": code_of(secret)})
    assert answer["Location"] == "/compte/preuves/recovery-codes/"
    cache.clear()
    return str(secret)


def type_password(user: User) -> tuple[Client, str]:
    client = Client()
    answer = client.post("/compte/login/", {"login": user.email, "password": PASSWORD})
    return client, answer["Location"]


@pytest.mark.parametrize("who", ["regisseur", "admin"])
def test_money_and_settings_wait_for_a_second_factor(town: Town, required: None, who: str) -> None:
    agent: Agent = getattr(town, who)
    client = Client()
    sign_in(client, agent.user)
    for path in ("/crm/", "/crm/usagers/", "/crm/regies/", "/crm/profil/"):
        for answer in (client.get(path), client.post(path)):
            assert (answer.status_code, answer["Location"]) == (302, SECURITY), path
    page = client.get(SECURITY).content.decode()
    assert "une seconde preuve est obligatoire" in page
    protect(client)
    assert client.get("/crm/usagers/").status_code == 200
    assert "une seconde preuve est obligatoire" not in client.get(SECURITY).content.decode()


def test_who_reviews_dossiers_is_offered_one_and_not_forced(town: Town, required: None) -> None:
    client = Client()
    sign_in(client, town.agent.user)
    assert client.get("/crm/usagers/").status_code == 200
    assert "Ajouter une application d’authentification" in client.get(SECURITY).content.decode()


def test_what_is_not_there_stays_unknown_to_citizens(town: Town, required: None) -> None:
    client = Client()
    assert town.citizen.user is not None
    client.force_login(town.citizen.user)
    assert client.get("/crm/").status_code == 404


def test_an_operator_may_do_without(town: Town, settings: Settings) -> None:
    settings.REQUIRE_MFA = False
    client = Client()
    sign_in(client, town.admin.user)
    assert client.get("/crm/usagers/").status_code == 200


def test_a_password_alone_does_not_let_in(town: Town) -> None:
    mine = Client()
    sign_in(mine, town.admin.user)
    secret = protect(mine)
    client, there = type_password(town.admin.user)
    assert there == PROVE
    assert client.get("/crm/")["Location"].startswith("/compte/login/")
    assert client.get(PROVE).status_code == 200
    assert client.post(PROVE, {"code": "000000"}).status_code == 200
    assert client.get("/crm/").status_code == 302
    cache.clear()
    assert client.post(PROVE, {"code": code_of(secret)})["Location"] == "/crm/"
    assert client.get("/crm/usagers/").status_code == 200


def test_who_knows_the_password_does_not_guess_the_code(town: Town) -> None:
    mine = Client()
    sign_in(mine, town.admin.user)
    secret = protect(mine)
    client, _there = type_password(town.admin.user)
    for _try in range(10):
        assert client.post(PROVE, {"code": "000000"}).status_code == 200
    assert client.post(PROVE, {"code": code_of(secret)}).status_code == 200, "the right one comes too late"
    assert client.get("/crm/").status_code == 302


def test_a_code_serves_once(town: Town) -> None:
    mine = Client()
    sign_in(mine, town.admin.user)
    secret = protect(mine)
    code = code_of(secret)
    first, _there = type_password(town.admin.user)
    assert first.post(PROVE, {"code": code})["Location"] == "/crm/"
    second, _there = type_password(town.admin.user)
    assert second.post(PROVE, {"code": code}).status_code == 200


def test_a_recovery_code_lets_in_once(town: Town) -> None:
    mine = Client()
    sign_in(mine, town.admin.user)
    protect(mine)
    page = mine.get("/compte/preuves/recovery-codes/").content.decode()
    recovery = RecoveryCodes(Authenticator.objects.get(user=town.admin.user, type="recovery_codes"))
    code = recovery.get_unused_codes()[0]
    assert code in page
    for expected in (302, 200):
        client, _there = type_password(town.admin.user)
        assert client.post(PROVE, {"code": code}).status_code == expected
        cache.clear()


def test_the_last_one_of_who_needs_one_is_not_removed(town: Town, required: None) -> None:
    client = Client()
    sign_in(client, town.regisseur.user)
    protect(client)
    page = client.post("/compte/preuves/totp/deactivate/")
    assert page.status_code == 200
    assert Authenticator.objects.filter(user=town.regisseur.user, type="totp").exists()


def test_a_citizen_removes_theirs_and_is_told(town: Town, django_capture_on_commit_callbacks: Any) -> None:
    user = town.citizen.user
    assert user is not None
    client = Client()
    sign_in(client, user)
    with django_capture_on_commit_callbacks(execute=True):
        protect(client)
    assert client.post("/compte/preuves/totp/deactivate/")["Location"] == "/compte/preuves/"
    assert not Authenticator.objects.filter(user=user, type="totp").exists()
    assert [mail.subject for mail in mails_to(user.email)] == [
        "Une seconde preuve a été retirée de votre compte",
        "Une seconde preuve protège votre compte",
    ]


def test_secrets_are_kept_encrypted(town: Town) -> None:
    client = Client()
    sign_in(client, town.admin.user)
    secret = protect(client)
    kept = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in kept
    recovery = RecoveryCodes(Authenticator.objects.get(user=town.admin.user, type="recovery_codes"))
    assert not any(code in kept for code in recovery.get_unused_codes())


def test_to_add_one_asks_who_is_there(town: Town) -> None:
    client = Client()
    sign_in(client, town.admin.user, ago=601)
    assert client.get(ADD)["Location"].startswith("/compte/reauthenticate/")
    assert client.post("/compte/preuves/webauthn/add/")["Location"].startswith("/compte/reauthenticate/")


def test_an_administrator_forgets_the_second_factors_of_who_lost_them(town: Town) -> None:
    theirs = Client()
    sign_in(theirs, town.regisseur.user)
    protect(theirs)
    admin = Client()
    sign_in(admin, town.admin.user)
    page = admin.post(f"/crm/parametrage/agents/{town.regisseur.pk}/preuves/", follow=True).content.decode()
    assert "n’a plus de seconde preuve" in page
    assert not Authenticator.objects.filter(user=town.regisseur.user).exists()
    assert theirs.get("/crm/").status_code == 302
    assert Record.objects.filter(verb="agent.forget_second_factors", subject_id=town.regisseur.pk).count() == 1
    assert mails_to(town.regisseur.user.email)[0].subject == "Vos secondes preuves ont été retirées"


def test_nobody_forgets_their_own(town: Town) -> None:
    admin = Client()
    sign_in(admin, town.admin.user)
    protect(admin)
    assert admin.post(f"/crm/parametrage/agents/{town.admin.pk}/preuves/").status_code == 404
    assert Authenticator.objects.filter(user=town.admin.user, type="totp").exists()


def test_an_invitation_drops_what_a_stranger_had_added(town: Town) -> None:
    user = town.citizen.user
    assert user is not None
    client = Client()
    sign_in(client, user)
    protect(client)
    values = {"name": "Nadia", "profile": "admin"}
    accounts.invite_agent(email=user.email, values=values, actor=WHO, at=NOON)
    assert not Authenticator.objects.filter(user=user).exists()


def test_a_citizen_signs_in_by_a_code(town: Town) -> None:
    user = town.citizen.user
    assert user is not None
    client = Client()
    answer = client.post("/compte/login/code/", {"email": user.email})
    assert answer["Location"] == "/compte/login/code/confirm/"
    assert client.get(answer["Location"]).status_code == 200
    client.post(answer["Location"], {"code": "AAAAAA"})
    assert client.get("/mes-factures/").status_code == 302
    client.post(answer["Location"], {"code": code_sent_to(user.email)})
    assert client.get("/mes-factures/").status_code == 200


def test_a_code_asked_for_nobody_or_for_an_agent_answers_alike(town: Town) -> None:
    pages: list[Any] = []
    for email in ("usager@example.org", "personne@example.org", town.admin.user.email):
        client = Client()
        answer = client.post("/compte/login/code/", {"email": email})
        page = client.get(answer["Location"]).content.decode().replace(email, "…")
        pages.append([line for line in page.splitlines() if "csrf" not in line and "nonce" not in line])
    assert pages[0] == pages[1] == pages[2]
    [told] = mails_to(town.admin.user.email)
    assert told.subject == "Aucun compte à cette adresse"
