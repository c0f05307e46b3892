"""FranceConnect and ProConnect, against a provider that signs: known by ``sub``, never by an address."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from pytest_django import Settings

from obole.accounts import operations as accounts
from obole.accounts.models import Identity
from obole.directory.models import Citizen, User
from obole.mailing.models import Message
from tests.accounts.browsers import sign_in
from tests.accounts.provider import CLIENT, SECRET, IdentityProvider, running
from tests.world import NOON, WHO, Town, make_town

pytestmark = pytest.mark.django_db
CITIZENS, AGENTS = "/compte/identite/franceconnect/", "/compte/identite/proconnect/"


@pytest.fixture
def town() -> Town:
    return make_town()


@pytest.fixture
def provider(town: Town, settings: Settings) -> Iterator[IdentityProvider]:
    with running() as started:
        common = {"url": started.url, "client_id": CLIENT, "secret": SECRET, "scope": "openid identite_pivot email"}
        settings.OPENID_PROVIDERS = [
            {"id": "franceconnect", "label": "FranceConnect", **common},
            {"id": "proconnect", "label": "ProConnect", **common},
        ]
        yield started


def come_in(client: Client, provider: IdentityProvider, by: str = CITIZENS) -> Any:
    """Follow the link, prove who one is there, and come back."""
    return client.get(provider.visit(client.get(by)["Location"]))


def is_in(client: Client, path: str = "/mes-factures/") -> bool:
    return bool(client.get(path).status_code == 200)


def test_nothing_is_offered_until_the_operator_declares_it(client: Client, town: Town) -> None:
    assert "FranceConnect" not in client.get("/compte/login/").content.decode()
    for path in (CITIZENS, AGENTS, f"{CITIZENS}retour/", f"{CITIZENS}deconnecte/", "/compte/identite/autre/"):
        assert client.get(path).status_code == 404, path


def test_a_citizen_comes_in_and_is_the_same_person_the_next_time(client: Client, provider: IdentityProvider) -> None:
    assert "S’identifier avec FranceConnect" in client.get("/compte/login/").content.decode()
    assert come_in(client, provider)["Location"] == "/"
    assert is_in(client)
    asked = provider.asked[0]
    assert (asked["acr_values"], asked["code_challenge_method"]) == ("eidas1", "S256")
    assert asked["redirect_uri"] == "http://localhost:8000/compte/identite/franceconnect/retour/"
    identity = Identity.objects.get()
    assert set(identity.pivot) == {"family_name", "given_name", "birthdate", "birthplace", "gender"}
    assert identity.user.citizen.display_name == "Maud Jeanne LEFEVRE"
    again = Client()
    come_in(again, provider)
    assert is_in(again)
    assert Identity.objects.count() == 1


def test_an_equal_address_is_nobody(client: Client, town: Town, provider: IdentityProvider) -> None:
    """The provider's mail is a citizen's of the town already: another person's, for all that is known."""
    theirs = town.citizen.user
    assert theirs is not None
    assert provider.claims["email"] == theirs.email
    come_in(client, provider)
    opened = Identity.objects.get().user
    assert opened != theirs
    assert opened.citizen.email == theirs.email
    assert not opened.has_address
    assert not opened.has_usable_password()
    page = client.get("/mon-compte/securite/").content.decode()
    assert ".invalid" not in page + client.get("/mon-compte/").content.decode()
    Client().post("/compte/password/reset/", {"email": opened.email})
    client.post("/compte/password/reset/", {"email": theirs.email})
    assert not Message.objects.filter(to__endswith=".invalid").exists()


@pytest.mark.parametrize(
    "lies",
    [
        {"key": "id_token"},
        {"key": "userinfo"},
        {"algorithm": "id_token"},
        {"algorithm": "userinfo"},
        {"unsigned_userinfo": True},
        {"id_token": {"nonce": "another"}},
        {"id_token": {"nonce": ""}},
        {"id_token": {"aud": "another"}},
        {"id_token": {"iss": "https://another.example"}},
        {"id_token": {"exp": 1}},
        {"id_token": {"exp": None}},
        {"id_token": {"acr": "eidas0"}},
        {"id_token": {"acr": None}},
        {"userinfo": {"sub": "another"}},
        {"userinfo": {"aud": "another"}},
        {"userinfo": {"iss": "https://another.example"}},
    ],
    ids=str,
)
def test_what_is_not_proven_lets_nobody_in(client: Client, provider: IdentityProvider, lies: dict[str, Any]) -> None:
    provider.lies = lies
    before = User.objects.count()
    assert come_in(client, provider)["Location"] == "/compte/login/"
    assert "FranceConnect n’a pas pu dire qui vous êtes" in client.get("/compte/login/").content.decode()
    assert not is_in(client)
    assert (User.objects.count(), Identity.objects.count()) == (before, 0)


def test_only_what_this_session_asked_comes_back(client: Client, provider: IdentityProvider) -> None:
    way_back = provider.visit(client.get(CITIZENS)["Location"])
    stranger = Client()
    assert stranger.get(way_back)["Location"] == "/compte/login/"
    assert not is_in(stranger)
    for wrong in (f"{CITIZENS}retour/?code=c0de&state=x", way_back, f"{CITIZENS}retour/?error=access_denied"):
        assert client.get(wrong)["Location"] == "/compte/login/", wrong
    assert not is_in(client)
    assert client.get(provider.visit(client.get(CITIZENS)["Location"]).replace("franceconnect", "proconnect")).url == (
        "/compte/login/"
    )
    assert not is_in(client)


def test_a_provider_that_is_away_is_said(client: Client, provider: IdentityProvider, settings: Settings) -> None:
    settings.OPENID_PROVIDERS = [{**settings.OPENID_PROVIDERS[0], "url": "http://127.0.0.1:9/api/v2"}]
    assert client.get(CITIZENS)["Location"] == "/compte/login/"
    assert "n’a pas pu dire qui vous êtes" in client.get("/compte/login/").content.decode()


def test_an_agent_comes_in_only_once_linked(client: Client, town: Town, provider: IdentityProvider) -> None:
    provider.claims = {"sub": "pc-agent", "given_name": "A", "usual_name": "B", "email": town.agent.user.email}
    assert come_in(client, provider, AGENTS)["Location"] == "/compte/login/"
    assert "Aucun agent n’est relié" in client.get("/compte/login/").content.decode()
    assert not is_in(client, "/crm/usagers/")
    desk = Client()
    sign_in(desk, town.agent.user)
    assert "Me connecter désormais avec ProConnect" in desk.get("/mon-compte/securite/").content.decode()
    assert come_in(desk, provider, AGENTS)["Location"] == "/mon-compte/securite/"
    assert Identity.objects.get().user == town.agent.user
    come_in(client, provider, AGENTS)
    assert is_in(client, "/crm/usagers/")


def test_an_identity_is_one_account_s(town: Town, provider: IdentityProvider) -> None:
    provider.claims = {"sub": "pc-agent"}
    first, second = Client(), Client()
    sign_in(first, town.agent.user)
    sign_in(second, town.admin.user)
    come_in(first, provider, AGENTS)
    come_in(second, provider, AGENTS)
    assert "déjà reliée à un autre compte" in second.get("/mon-compte/securite/").content.decode()
    assert Identity.objects.get().user == town.agent.user


def test_to_link_asks_who_is_there_and_is_for_its_people(town: Town, provider: IdentityProvider) -> None:
    desk, citizen = Client(), Client()
    sign_in(desk, town.agent.user, ago=601)
    assert desk.get(AGENTS)["Location"].startswith("/compte/reauthenticate/")
    assert desk.get(CITIZENS).status_code == 404
    assert town.citizen.user is not None
    sign_in(citizen, town.citizen.user)
    assert citizen.get(AGENTS).status_code == 404


def test_an_agent_who_left_does_not_come_in(client: Client, town: Town, provider: IdentityProvider) -> None:
    agent = town.agent
    values = {"sub": "pc-agent", "provider": "proconnect", "claims": {}, "actor": WHO, "at": NOON}
    accounts.link_identity(user_id=agent.user_id, **values)
    provider.claims = {"sub": "pc-agent"}
    accounts.configure_agent(agent_id=agent.pk, values={}, active=False, email=agent.user.email, actor=WHO, at=NOON)
    assert come_in(client, provider, AGENTS)["Location"] == "/compte/inactive/"
    assert not is_in(client, "/crm/usagers/")


def test_a_citizen_who_became_an_agent_does_not_come_in_as_a_citizen(
    client: Client, town: Town, provider: IdentityProvider
) -> None:
    come_in(Client(), provider)
    opened = Identity.objects.get().user
    accounts.invite_agent(email=opened.email, values={"name": "X", "profile": "admin"}, actor=WHO, at=NOON)
    assert not Identity.objects.exists(), "what a stranger linked would let them in"
    come_in(client, provider)
    assert not is_in(client, "/crm/usagers/")
    assert Citizen.objects.filter(user__identities__sub=provider.claims["sub"]).count() == 1


def test_each_provider_lets_in_its_own_people(client: Client, town: Town, provider: IdentityProvider) -> None:
    assert town.citizen.user is not None
    for user, name in ((town.citizen.user, "proconnect"), (town.agent.user, "franceconnect")):
        accounts.link_identity(user_id=user.pk, provider=name, sub="x", claims={}, actor=WHO, at=NOON)
    provider.claims = {**provider.claims, "sub": "x"}
    for by, sentence in ((AGENTS, "Aucun agent n’est relié"), (CITIZENS, "Un agent ne se connecte pas par")):
        assert come_in(client, provider, by)["Location"] == "/compte/login/"
        assert sentence in client.get("/compte/login/").content.decode()
        assert not is_in(client) and not is_in(client, "/crm/usagers/")


def test_to_sign_out_here_signs_out_there(client: Client, provider: IdentityProvider) -> None:
    come_in(client, provider)
    there = client.post("/compte/logout/")["Location"]
    assert there.startswith(f"{provider.url}/session/end?")
    query = parse_qs(urlsplit(there).query)
    assert query["post_logout_redirect_uri"] == ["http://localhost:8000/compte/identite/franceconnect/deconnecte/"]
    assert query["id_token_hint"][0].count(".") == 2
    assert query["state"]
    assert not is_in(client)
    assert client.get("/compte/identite/franceconnect/deconnecte/")["Location"] == "/"
