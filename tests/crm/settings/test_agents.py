"""Agents and what they may do."""

import pytest
from django.test import Client

from obole.accounts import queries
from obole.audit_log.models import Record
from obole.directory.models import Agent, User
from obole.directory.rules import Profile
from obole.mailing.models import Message
from tests.crm.settings_desk import Desk, open_desk, text_of, url
from tests.world import make_dossier

pytestmark = pytest.mark.django_db

NEW = {"email": "Nadia@Valbourg.example", "name": "Nadia Costa", "service_name": "Culture", "profile": "regisseur"}


@pytest.fixture
def desk() -> Desk:
    return open_desk()


def test_an_agent_is_registered_without_a_password(desk: Desk) -> None:
    page = desk.saved("settings_agent_new", **NEW)
    assert "une invitation part à nadia@valbourg.example" in text_of(page)
    agent = Agent.objects.get(name="Nadia Costa")
    assert (agent.user.email, agent.profile, agent.service_name) == (
        "nadia@valbourg.example",
        Profile.REGISSEUR,
        "Culture",
    )
    assert not agent.user.has_usable_password()
    said = Record.objects.filter(subject_kind="directory.agent", subject_id=agent.pk).values_list("verb", flat=True)
    assert set(said) == {"configure", "agent.invite"}


def test_a_citizen_may_become_an_agent_with_the_same_account(desk: Desk) -> None:
    page = desk.saved("settings_agent_new", **{**NEW, "email": "usager@example.org"})
    assert "un compte avait déjà cette adresse" in text_of(page)
    assert Agent.objects.get(name="Nadia Costa").user == desk.town.citizen.user


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"email": ""}, "Ce champ est obligatoire."),
        ({"email": "nadia"}, "adresse"),
        ({"email": "REVIEWER@valbourg.example"}, "Un agent a déjà cette adresse."),
        ({"name": ""}, "Ce champ est obligatoire."),
        ({"name": "\u200b \u2060"}, "Ce champ est obligatoire."),
        ({"profile": "roi"}, "choix valide"),
        ({"profile": None}, "Ce champ est obligatoire."),
    ],
)
def test_a_bad_agent_is_refused(desk: Desk, changes: dict[str, str | None], sentence: str) -> None:
    users = User.objects.count()
    assert sentence in desk.refused("settings_agent_new", **{**NEW, **changes})
    assert (Agent.objects.count(), User.objects.count()) == (3, users)


def test_a_profile_changes_and_access_closes_at_once(desk: Desk) -> None:
    agent = desk.town.agent
    theirs = Client()
    theirs.force_login(agent.user)
    assert theirs.get(url("settings")).status_code == 403
    desk.saved("settings_agent", agent.pk, profile="admin")
    assert theirs.get(url("settings"))["Location"].startswith("/compte/"), "other rights want another session"
    theirs.force_login(User.objects.get(pk=agent.user_id))
    assert theirs.get(url("settings")).status_code == 200
    page = desk.saved("settings_agent", agent.pk, active=None)
    assert "Désactivé" in text_of(page)
    assert theirs.get(url("settings"))["Location"].startswith("/compte/")
    desk.saved("settings_agent", agent.pk, active="on")
    assert User.objects.get(pk=agent.user_id).is_active
    assert theirs.get(url("settings"))["Location"].startswith("/compte/"), "a session was revived"
    told = Message.objects.filter(to=agent.user.email).values_list("subject", flat=True)
    assert list(told) == ["Vos droits d’agent ont changé"] * 3


def test_an_administrator_changes_an_address_and_both_are_told(desk: Desk) -> None:
    agent = desk.town.agent
    theirs, before = Client(), agent.user.email
    theirs.force_login(agent.user)
    desk.saved("settings_agent", agent.pk, email="Nouvelle@Valbourg.example")
    agent.user.refresh_from_db()
    assert agent.user.email == "nouvelle@valbourg.example"
    assert not queries.is_proven(agent.user)
    assert theirs.get(url("home"))["Location"].startswith("/compte/")
    assert set(Message.objects.values_list("to", flat=True)) == {before, "nouvelle@valbourg.example"}
    record = Record.objects.get(verb="agent.change_address")
    assert (record.details["before"], record.details["after"]) == (before, "nouvelle@valbourg.example")


def test_an_address_in_use_is_refused(desk: Desk) -> None:
    agent = desk.town.agent
    for taken in ("usager@example.org", desk.town.admin.user.email):
        assert "Un autre compte a déjà cette adresse." in desk.refused("settings_agent", agent.pk, email=taken)
    assert Record.objects.filter(verb="agent.change_address").count() == 0


def test_an_invitation_is_sent_again(desk: Desk) -> None:
    desk.saved("settings_agent_new", **NEW)
    agent = Agent.objects.get(name="Nadia Costa")
    assert "n’a pas encore choisi son mot de passe" in text_of(desk.get("settings_agent", agent.pk))
    page = desk.client.post(url("settings_agent_invite", agent.pk), follow=True)
    assert "une autre invitation part à nadia@valbourg.example" in text_of(page)
    assert Message.objects.filter(to="nadia@valbourg.example").count() == 2
    page = desk.client.post(url("settings_agent_invite", desk.town.agent.pk), follow=True)
    assert "agent a un mot de passe" in text_of(page)


def test_nobody_locks_themself_out(desk: Desk) -> None:
    admin = desk.town.admin
    assert "Vous ne pouvez pas désactiver votre propre compte" in desk.refused("settings_agent", admin.pk, active=None)
    assert "Vous ne pouvez pas changer votre propre profil" in desk.refused(
        "settings_agent", admin.pk, profile="reviewer"
    )
    assert "Vous ne pouvez pas changer votre propre adresse" in desk.refused(
        "settings_agent", admin.pk, email="autre@valbourg.example"
    )
    desk.saved("settings_agent", admin.pk, name="Claire Martin")
    admin.refresh_from_db()
    assert (admin.name, admin.profile, admin.user.is_active) == ("Claire Martin", Profile.ADMINISTRATOR, True)


def test_mandates_are_shown(desk: Desk) -> None:
    assert "Régie Enfance" in text_of(desk.get("settings_agent", desk.town.regisseur.pk))
    assert "Régie Enfance" in text_of(desk.get("settings_agents"))
    assert "Régies dont il répond Aucune." in text_of(desk.get("settings_agent", desk.town.agent.pk))


def test_what_an_agent_who_leaves_was_reviewing_waits_for_the_others(desk: Desk) -> None:
    dossier = make_dossier(desk.town)
    assert (dossier.state, dossier.agent) == ("in_review", desk.town.agent)
    desk.send("settings_agent", desk.town.agent.pk, active=False)
    dossier.refresh_from_db()
    assert (dossier.state, dossier.agent) == ("submitted", None)
    assert Record.objects.get(verb="dossier.release").actor == desk.town.admin.actor
