"""Each change of rights and of settings shows in the journal: who, when, before and after; secrets as a mark."""

import pytest
from django.test import Client

from obole.accounts import operations as accounts
from obole.audit_log.models import Access, Record
from obole.catalogue import operations as catalogue
from obole.directory import operations as directory
from obole.directory.models import Agent
from obole.directory.rules import Profile
from obole.personal_data import operations as personal_data
from obole.regies import operations as regies
from obole.regies.models import Mandate
from obole.regies.rules import show_settings
from tests.accounts.browsers import sign_in
from tests.accounts.test_second_factors import PROVE, protect, type_password
from tests.actors import somebody
from tests.crm.desk import browser, get, text_of
from tests.world import PASSWORD, Town, later, make_town

pytestmark = pytest.mark.django_db
BOSS = somebody("La directrice")
WHO = {"actor": BOSS, "at": later(10)}


@pytest.fixture
def town() -> Town:
    return make_town()


def rights(town: Town) -> str:
    return text_of(get(browser(town.admin), "settings_history", sort="agent"))


def test_profile_scope_and_sensitive_right(town: Town) -> None:
    values = {"profile": Profile.REGISSEUR, "all_services": False, "sees_sensitive": False}
    directory.configure_agent(agent_id=town.agent.pk, values=values, active=True, **WHO)
    page = rights(town)
    assert "La directrice" in page
    for said in (
        "Profil Avant : Agent instructeur → . Après : Régisseur",
        "Toutes les prestations Avant : oui → . Après : non",
        "Lit les réponses sensibles Avant : oui → . Après : non",
    ):
        assert said in page, said


def test_who_is_switched_off_and_on_again(town: Town) -> None:
    values = {"name": town.agent.name}
    accounts.configure_agent(agent_id=town.agent.pk, values=values, active=False, email=town.agent.user.email, **WHO)
    agent = Agent.objects.select_related("user").get(pk=town.agent.pk)
    assert agent.may_sign_in is agent.user.is_active is False
    assert "Peut se connecter Avant : oui → . Après : non" in rights(town)
    directory.configure_agent(agent_id=town.agent.pk, values={}, active=True, **WHO)
    assert "Peut se connecter Avant : non → . Après : oui" in rights(town)


def test_prestations_and_mandates(town: Town) -> None:
    who = {"agent_id": town.agent.pk, **WHO}
    catalogue.give_service_access(handled={town.scheme.service_id}, read=set(), **who)
    catalogue.give_service_access(handled=set(), read={town.scheme.service_id}, **who)
    regies.configure_mandates(terms={town.regie.pk: regies.MandateTerms()}, **who)
    regies.configure_mandates(terms={town.regie.pk: regies.MandateTerms(kind=Mandate.Kind.SUBSTITUTE)}, **who)
    page = rights(town)
    name = f"Restauration scolaire – {town.agent.name}"
    assert f"Prestation ouverte à un agent : {name}" in page and f"Prestation d’un agent changée : {name}" in page
    assert "Instruit Avant : oui → . Après : non" in page
    assert "Mandat donné : Régie Enfance" in page and "Après : Mandataire suppléant" in page
    catalogue.give_service_access(handled=set(), read=set(), **who)
    assert f"Prestation fermée à un agent : {name}" in rights(town)


def test_durations_and_the_authority(town: Town) -> None:
    personal_data.configure_retention(values={"drafts_days": 60}, **WHO)
    personal_data.configure_retention(values={"drafts_days": 30}, **WHO)
    directory.configure_authority(values={"phone": "09 00 00 00 00"}, **WHO)
    page = text_of(get(browser(town.admin), "settings_history"))
    assert "Durées de conservation choisies" in page and "Avant : 60 → . Après : 30" in page
    assert "Avant : 01 23 45 67 89 → . Après : 09 00 00 00 00" in page
    assert "Durées de conservation" in text_of(get(browser(town.admin), "settings_history", sort="retention"))


def test_a_bank_with_its_secrets_as_marks(town: Town) -> None:
    for number, password in (("1", "premier-secret"), ("2", "second-secret")):
        values = {"gateway_settings": {"mode": "W", "numcli": number, "password": password}}
        regies.configure_regie(regie_id=town.regie.pk, values=values, **WHO)
    page = text_of(get(browser(town.admin), "settings_history", sort="regie"))
    assert "numcli : 1" in page and "numcli : 2" in page and page.count("password : •••••") >= 3
    kept = str(list(Record.objects.values())) + str(list(town.regie.pgh_event_model.objects.values()))
    assert "premier-secret" not in page + kept and "second-secret" not in page + kept
    one, two = (show_settings({"api_key": value}, secret="s") for value in ("a", "b"))
    assert one != two and one != show_settings({"api_key": "a"}, secret="t")


def test_the_views_of_the_journal_lead_to_each_other(town: Town) -> None:
    client = browser(town.admin)
    for name, query, current in (
        ("settings_journal", {}, "Accès"),
        ("settings_history", {"sort": "agent"}, "Droits des agents"),
        ("settings_history", {}, "Tous les réglages"),
    ):
        page = get(client, name, **query).content.decode()
        assert f'aria-current="page">{current}</a>' in page and "sort=agent" in page


def refusals(*verbs: str) -> list[tuple[str, str, str, str]]:
    rows = Access.objects.filter(verb__in=verbs).order_by("id")
    return [(row.verb, row.actor.id, row.subject_kind, str(row.details.get("what"))) for row in rows]


def test_a_confirmation_that_is_refused_is_kept(town: Town) -> None:
    client = Client()
    sign_in(client, town.agent.user)
    client.post("/compte/reauthenticate/", {"password": "pas le bon"})
    verbs = ("confirmation_refused", "sign_in_refused")
    assert refusals(*verbs) == [("confirmation_refused", town.agent.actor.id, "directory.user", "password")]
    client.post("/compte/reauthenticate/", {"password": PASSWORD})
    assert len(refusals(*verbs)) == 1 and "pas le bon" not in str(list(Access.objects.values()))


def test_a_second_factor_that_is_refused_is_kept(town: Town) -> None:
    mine = Client()
    sign_in(mine, town.admin.user)
    protect(mine)
    client, _there = type_password(town.admin.user)
    client.post(PROVE, {"code": ""})
    client.post(PROVE, {"code": "000000"})
    assert refusals("factor_refused") == [("factor_refused", "anonymous", "directory.user", "code")]
    assert Access.objects.get(verb="factor_refused").subject_id == town.admin.user.pk
    mine.post("/compte/preuves/reauthenticate/", {"code": "000000"})
    assert refusals("confirmation_refused") == [("confirmation_refused", town.admin.actor.id, "directory.user", "code")]
    assert "000000" not in str(list(Access.objects.values("details")))
    page = text_of(get(browser(town.admin), "settings_journal"))
    assert "Seconde preuve refusée" in page and "Confirmation refusée" in page
