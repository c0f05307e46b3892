"""Agents and what they may do."""

import pytest
from django.test import Client

from obole.directory.models import Agent, User
from obole.directory.rules import Profile
from obole.trail.models import Record
from tests.crm.settings_desk import Desk, open_desk, text_of, url

pytestmark = pytest.mark.django_db

NEW = {"email": "Nadia@Valbourg.example", "name": "Nadia Costa", "service_name": "Culture", "profile": "regisseur"}


@pytest.fixture
def desk() -> Desk:
    return open_desk()


def test_an_agent_is_registered_without_a_password(desk: Desk) -> None:
    page = desk.saved("settings_agent_new", **NEW)
    assert "« Mot de passe oublié »" in text_of(page)
    agent = Agent.objects.get(name="Nadia Costa")
    assert (agent.user.email, agent.profile, agent.service_name) == (
        "nadia@valbourg.example",
        Profile.REGISSEUR,
        "Culture",
    )
    assert not agent.user.has_usable_password()
    assert Record.objects.filter(subject_kind="directory.agent", subject_id=agent.pk).count() == 1


def test_a_citizen_may_become_an_agent_with_the_same_account(desk: Desk) -> None:
    desk.saved("settings_agent_new", **{**NEW, "email": "usager@example.org"})
    assert Agent.objects.get(name="Nadia Costa").user == desk.town.citizen.user


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"email": ""}, "Ce champ est obligatoire."),
        ({"email": "nadia"}, "adresse"),
        ({"email": "REVIEWER@valbourg.example"}, "Un agent a déjà cette adresse."),
        ({"name": ""}, "Ce champ est obligatoire."),
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
    assert theirs.get(url("settings")).status_code == 404
    desk.saved("settings_agent", agent.pk, profile="admin")
    assert theirs.get(url("settings")).status_code == 200
    page = desk.saved("settings_agent", agent.pk, active=None)
    assert "Désactivé" in text_of(page)
    assert theirs.get(url("settings"))["Location"].startswith("/compte/")
    desk.saved("settings_agent", agent.pk, active="on")
    assert User.objects.get(pk=agent.user_id).is_active


def test_nobody_locks_themself_out(desk: Desk) -> None:
    admin = desk.town.admin
    assert "Vous ne pouvez pas désactiver votre propre compte" in desk.refused("settings_agent", admin.pk, active=None)
    assert "Vous ne pouvez pas changer votre propre profil" in desk.refused(
        "settings_agent", admin.pk, profile="reviewer"
    )
    desk.saved("settings_agent", admin.pk, name="Claire Martin")
    admin.refresh_from_db()
    assert (admin.name, admin.profile, admin.user.is_active) == ("Claire Martin", Profile.ADMINISTRATOR, True)


def test_mandates_are_shown(desk: Desk) -> None:
    assert "Régie Enfance" in text_of(desk.get("settings_agent", desk.town.regisseur.pk))
    assert "Régie Enfance" in text_of(desk.get("settings_agents"))
    assert "Les mandats se donnent sur la page de chaque régie." in text_of(
        desk.get("settings_agent", desk.town.agent.pk)
    )
