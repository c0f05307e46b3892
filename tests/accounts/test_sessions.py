"""How long people stay signed in, what ends a session, and what asks once more who is there."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.http import HttpResponse
from django.test import Client

from obole.accounts import operations as accounts
from obole.audit_log.models import Record
from obole.directory.models import User
from obole.payments.models import Refund
from obole.regies.models import Closing
from tests.accounts.browsers import sign_in
from tests.crm.desk import make_desk, url
from tests.world import NOON, PASSWORD, WHO, Town, later, make_town

pytestmark = pytest.mark.django_db
AGAIN = "/compte/reauthenticate/"


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(NOON, tick=False) as moved:
        yield moved


@pytest.fixture
def town(clock: Any) -> Town:
    return make_town()


def opened(user: User, *, remember: str = "") -> Client:
    """Sign in by the page, as people do."""
    client = Client(headers={"user-agent": "Firefox"})
    client.post("/compte/login/", {"login": user.email, "password": PASSWORD, "remember": remember})
    return client


def is_in(client: Client, path: str = "/mon-compte/securite/") -> bool:
    answer: HttpResponse = client.get(path)
    return answer.status_code == 200


def test_an_agent_is_signed_out_after_half_an_hour_without_a_click(town: Town, clock: Any) -> None:
    client = opened(town.regisseur.user)
    for _turn in range(4):
        clock.shift(timedelta(minutes=29))
        assert is_in(client)
    clock.shift(timedelta(minutes=30, seconds=1))
    answer = client.get("/crm/usagers/")
    assert answer["Location"].startswith("/compte/login/")
    assert "Votre session d’agent est terminée" in client.get("/compte/login/").content.decode()


def test_an_agent_is_signed_out_after_ten_hours_whatever_they_do(town: Town, clock: Any) -> None:
    client = opened(town.regisseur.user)
    for _turn in range(30):
        clock.shift(timedelta(minutes=20))
        assert is_in(client)
    clock.shift(timedelta(minutes=1))
    assert not is_in(client)


def test_no_browser_remembers_an_agent(town: Town) -> None:
    client = opened(town.regisseur.user, remember="on")
    assert is_in(client)
    assert client.session.get_expire_at_browser_close()
    assert not client.cookies["sessionid"]["max-age"]


def test_a_citizen_stays_as_long_as_they_asked(town: Town, clock: Any) -> None:
    user = town.citizen.user
    assert user is not None
    remembered, passing = opened(user, remember="on"), opened(user)
    assert not remembered.session.get_expire_at_browser_close()
    assert passing.session.get_expire_at_browser_close()
    clock.shift(timedelta(days=13))
    assert is_in(remembered)
    assert is_in(passing)


def test_people_see_their_sessions_and_end_them(town: Town) -> None:
    user = town.citizen.user
    assert user is not None
    here, phone, library = opened(user), opened(user), opened(user)
    page = here.get("/mon-compte/securite/").content.decode()
    assert page.count("Ouverte le") == 3
    assert "Terminer toutes les autres" in page
    first = UserSession.objects.get(session_key=phone.session.session_key)
    assert here.post(f"/mon-compte/securite/sessions/{first.pk}/terminer/").status_code == 303
    assert (is_in(here), is_in(phone), is_in(library)) == (True, False, True)
    here.post("/mon-compte/securite/sessions/terminer/")
    assert (is_in(here), is_in(library)) == (True, False)
    assert Record.objects.filter(verb="account.end_sessions", subject_id=user.pk).count() == 2


def test_nobody_ends_the_session_of_somebody_else(town: Town) -> None:
    theirs = opened(town.admin.user)
    session = UserSession.objects.get(user=town.admin.user)
    assert town.citizen.user is not None
    mine = opened(town.citizen.user)
    assert mine.post(f"/mon-compte/securite/sessions/{session.pk}/terminer/").status_code == 404
    mine.post("/mon-compte/securite/sessions/terminer/")
    assert is_in(theirs)
    assert Client().post(f"/mon-compte/securite/sessions/{session.pk}/terminer/").status_code == 302


def test_a_new_password_ends_the_other_sessions(town: Town) -> None:
    here, elsewhere = opened(town.agent.user), opened(town.agent.user)
    new = "trois mots sans lien"
    here.post("/compte/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert (is_in(here), is_in(elsewhere)) == (True, False)


@pytest.mark.parametrize(
    "change", [{"values": {"profile": "reviewer"}, "active": True}, {"values": {}, "active": False}]
)
def test_other_rights_and_no_access_end_every_session_for_good(town: Town, change: dict[str, Any]) -> None:
    agent = town.regisseur
    client = opened(agent.user)
    common = {"agent_id": agent.pk, "email": agent.user.email, "actor": WHO, "at": NOON}
    accounts.configure_agent(**common, **change)
    assert not is_in(client)
    accounts.configure_agent(**common, values={"profile": agent.profile}, active=True)
    assert not is_in(client), "the session was revived"


def test_who_just_signed_in_is_not_asked_again(town: Town, clock: Any) -> None:
    client = opened(town.admin.user)
    clock.shift(timedelta(minutes=9))
    assert client.get(url("invoices_file", "csv")).status_code == 200
    clock.shift(timedelta(minutes=2))
    assert client.get(url("invoices_file", "csv"))["Location"].startswith(AGAIN)
    wrong = client.post(f"{AGAIN}?next={url('invoices_file', 'csv')}", {"password": "faux"})
    assert wrong.status_code == 200
    answer = client.post(f"{AGAIN}?next={url('invoices_file', 'csv')}", {"password": PASSWORD})
    assert answer["Location"] == url("invoices_file", "csv")
    assert client.get(url("invoices_file", "csv")).status_code == 200


def test_what_was_typed_is_done_once_somebody_said_who_they_are(town: Town, clock: Any) -> None:
    client = opened(town.admin.user)
    clock.shift(timedelta(minutes=11))
    typed = {"email": "nadia@valbourg.example", "name": "Nadia Costa", "profile": "reviewer"}
    new = url("settings_agent_new")
    assert client.get(new).status_code == 200
    answer = client.post(new, typed)
    assert answer["Location"].startswith(AGAIN)
    assert not User.objects.filter(email=typed["email"]).exists()
    client.post(answer["Location"], {"password": PASSWORD, "next": new})
    assert User.objects.get(email=typed["email"]).agent.name == "Nadia Costa"


def test_what_was_typed_wrong_is_shown_again_at_its_own_address(town: Town, clock: Any) -> None:
    client = opened(town.admin.user)
    clock.shift(timedelta(minutes=11))
    new = url("settings_agent_new")
    answer = client.post(new, {"email": "nadia", "name": "Nadia Costa", "profile": "reviewer"})
    page = client.post(answer["Location"], {"password": PASSWORD, "next": new}).content.decode()
    assert 'value="Nadia Costa"' in page
    assert f'<form method="post" action="{new}"' in page


def test_each_act_that_matters_asks_once_more(clock: Any) -> None:
    clock.move_to(later(30), tick=False)
    desk = make_desk()
    agents = {
        "settings_agent_new": (desk.town.admin, ()),
        "settings_agent": (desk.town.admin, (desk.town.agent.pk,)),
        "settings_agent_invite": (desk.town.admin, (desk.town.agent.pk,)),
        "settings_regie": (desk.town.admin, (desk.town.regie.pk,)),
        "settings_regie_new": (desk.town.admin, ()),
        "refund": (desk.town.regisseur, (desk.refund.pk,)),
        "closing_new": (desk.town.regisseur, (desk.town.regie.pk,)),
    }
    before = Record.objects.count(), Refund.objects.get().state, Closing.objects.count()
    for name, (agent, args) in agents.items():
        client = Client()
        sign_in(client, agent.user, ago=601)
        answer = client.post(url(name, *args), {"action": "approve", "until": "2026-11-20", "name": "X"})
        assert answer.status_code == 302, name
        assert answer["Location"].startswith(AGAIN), name
    assert (Record.objects.count(), Refund.objects.get().state, Closing.objects.count()) == before


def test_an_administrator_ends_the_sessions_of_an_agent_and_not_their_own(town: Town) -> None:
    desk, phone, admin = opened(town.regisseur.user), opened(town.regisseur.user), Client()
    sign_in(admin, town.admin.user)
    assert is_in(desk) and is_in(phone)
    page = admin.post(f"/crm/parametrage/agents/{town.regisseur.pk}/sessions/", follow=True).content.decode()
    assert "sont terminées" in page
    assert not is_in(desk) and not is_in(phone)
    assert Record.objects.filter(verb="agent.end_sessions", subject_id=town.regisseur.pk).count() == 1
    assert admin.post(f"/crm/parametrage/agents/{town.admin.pk}/sessions/").status_code == 404


def test_signing_out_leaves_nothing_in_the_browser(town: Town) -> None:
    client = opened(town.citizen.user)
    assert "Clear-Site-Data" not in client.get("/").headers
    assert client.post("/compte/logout/").headers["Clear-Site-Data"] == '"cache", "storage"'


def test_a_message_is_in_no_cookie(town: Town) -> None:
    admin = Client()
    sign_in(admin, town.admin.user)
    admin.post(f"/crm/parametrage/agents/{town.regisseur.pk}/sessions/")
    assert "messages" not in admin.cookies
    assert "sont terminées" in admin.get("/crm/parametrage/agents/").content.decode()
