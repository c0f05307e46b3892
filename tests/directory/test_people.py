"""Citizens and agents: one account for an address, names that sort and are found, rights by profile."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client

from obole.audit_log.models import Record
from obole.directory import operations as directory, queries
from obole.directory.models import Agent, Authority, User
from obole.directory.rules import Profile, Right, rights_of
from tests.world import NOON, PASSWORD, WHO, make_agent, make_citizen

pytestmark = pytest.mark.django_db


def test_rights_grow_with_the_profile() -> None:
    assert rights_of(Profile.REVIEWER) == {Right.READ, Right.REVIEW}
    assert rights_of(Profile.REVIEWER) < rights_of(Profile.REGISSEUR) < rights_of(Profile.ADMINISTRATOR)
    assert rights_of(Profile.ADMINISTRATOR) == set(Right)


def test_an_address_has_one_account_whatever_its_case() -> None:
    agent = make_agent(Profile.REVIEWER, email="Agent@Valbourg.Example")
    with pytest.raises(IntegrityError), transaction.atomic():
        directory.open_account(email="agent@VALBOURG.example", password="x", proven=False)
    assert list(User.objects.values_list("email", flat=True)) == ["agent@valbourg.example"]
    assert Agent.objects.get() == agent


def test_an_agent_who_is_switched_off_is_out_at_once() -> None:
    agent = make_agent(Profile.REVIEWER)
    browser = Client()
    assert browser.login(email=agent.user.email, password=PASSWORD)
    assert browser.get("/crm/moi/").status_code in {200, 404}
    directory.configure_agent(agent_id=agent.pk, values={}, active=False, actor=WHO, at=NOON)
    answer = browser.get("/crm/")
    assert answer.status_code == 302
    assert "connexion" in answer["Location"] or "login" in answer["Location"]
    assert not Client().login(email=agent.user.email, password=PASSWORD)


@pytest.mark.parametrize("typed", ["lefevre", "LEFÈVRE", "maud lef", "le", "Œuvre Lefèvre"])
def test_a_citizen_is_found_by_the_beginning_of_names(typed: str) -> None:
    citizen = make_citizen("a@example.org", last_name="Lefèvre Œuvre")
    make_citizen("b@example.org", last_name="Delefosse")
    found = list(queries.search_citizens(typed))
    assert citizen in found
    assert (len(found) == 1) is (typed != "")


@pytest.mark.parametrize("typed", [".*", "(", "%", "_", "';--", "[zz", "fevre"])
def test_what_is_typed_is_never_a_pattern(typed: str) -> None:
    make_citizen("a@example.org")
    found = list(queries.search_citizens(typed))
    assert found == []


def test_names_lose_what_no_line_should_hold_and_addresses_keep_their_lines() -> None:
    citizen = make_citizen("a@example.org")
    values = {"last_name": "Le\u202efèvre\u200b\x07 ", "address": "1 rue\r\n\u202e75000 Paris"}
    directory.update_citizen(citizen_id=citizen.pk, values=values, actor=WHO, at=NOON)
    citizen.refresh_from_db()
    assert (citizen.last_name, citizen.address, citizen.sort_key) == ("Lefèvre", "1 rue\n75000 Paris", "lefevre maud")


def test_a_refused_change_changes_nothing() -> None:
    citizen = make_citizen("a@example.org")
    before = Record.objects.count()
    with pytest.raises(ValidationError), transaction.atomic():
        directory.update_citizen(citizen_id=citizen.pk, values={"email": "pas une adresse"}, actor=WHO, at=NOON)
    citizen.refresh_from_db()
    assert (citizen.email, Record.objects.count()) == ("a@example.org", before)


def test_there_is_one_town() -> None:
    assert queries.the_authority().pk is None
    for name in ("Valbourg", "Valbourg-le-Haut"):
        directory.configure_authority(values={"name": name}, actor=WHO, at=NOON)
    assert (Authority.objects.count(), queries.the_authority().name) == (1, "Valbourg-le-Haut")
    with pytest.raises(IntegrityError), transaction.atomic():
        Authority.objects.create(name="Deux")
