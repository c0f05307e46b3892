"""The language that a citizen chooses: in the footer, by opening an account, at the counter; and what keeps it."""

import json

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.test import Client

from obole.accounts import operations as accounts
from obole.audit_log.models import Record
from obole.directory import operations as directory
from obole.directory.models import Citizen
from obole.lib.languages import Language
from obole.mailing.models import Message
from obole.personal_data import operations as personal_data, queries
from tests.portal.conftest import row_counts, signed_in
from tests.world import NOON, PASSWORD, WHO, Town, make_citizen, make_dossier

pytestmark = pytest.mark.django_db
SWITCH = "/langue/"


def language_of(citizen: Citizen) -> str:
    return Citizen.objects.values_list("language", flat=True).get(pk=citizen.pk)


def records() -> int:
    return Record.objects.filter(verb="citizen.language").count()


def test_the_switch_of_the_footer_keeps_the_choice_of_who_is_signed_in(town: Town, browser: Client) -> None:
    neighbour = make_citizen("autre@example.org")
    assert 'name="language" value="en"' in browser.get("/").content.decode()

    answer = browser.post(SWITCH, {"language": "en", "next": "/mes-factures/"})

    assert (answer.status_code, answer["Location"]) == (302, "/mes-factures/")
    assert answer.cookies[settings.LANGUAGE_COOKIE_NAME].value == "en"
    assert (language_of(town.citizen), language_of(neighbour)) == ("en", "fr")
    record = Record.objects.get(verb="citizen.language")
    assert (record.subject_id, record.actor.id) == (town.citizen.pk, f"citizen:{town.citizen.pk}")
    make_dossier(town, citizen=Citizen.objects.get(pk=town.citizen.pk))
    assert Message.objects.get(kind="dossier_received").subject.startswith("Your application")

    browser.post(SWITCH, {"language": "en"})
    assert records() == 1, "the same choice again is no change"
    browser.post(SWITCH, {"language": "fr"})
    assert (language_of(town.citizen), records()) == ("fr", 2)


@pytest.mark.parametrize("typed", ["de", "", "EN", "en-gb", "x" * 300, "en\x00", "<b>"])
def test_another_language_is_kept_for_nobody(town: Town, browser: Client, typed: str) -> None:
    before = row_counts()
    assert browser.post(SWITCH, {"language": typed}).status_code == 302
    assert (language_of(town.citizen), row_counts()) == ("fr", before)


def test_a_stranger_changes_nobody(town: Town, client: Client) -> None:
    before = row_counts()
    sent = {"language": "en", "user_id": town.citizen.user_id, "citizen": town.citizen.pk}
    assert client.post(SWITCH, sent).cookies[settings.LANGUAGE_COOKIE_NAME].value == "en"
    assert (language_of(town.citizen), row_counts()) == ("fr", before)


def test_neither_a_link_nor_a_forged_form_chooses(town: Town, browser: Client) -> None:
    assert browser.get(SWITCH, {"language": "en"}).status_code == 302
    forged = signed_in(town.citizen, enforce_csrf_checks=True).post(SWITCH, {"language": "en"})
    assert forged.status_code == 403
    assert (language_of(town.citizen), records()) == ("fr", 0)


def test_an_agent_has_no_file_and_changes_none(town: Town) -> None:
    desk = Client()
    desk.force_login(town.agent.user)
    assert desk.post(SWITCH, {"language": "en"}).status_code == 302
    assert not Citizen.objects.filter(language="en").exists() and records() == 0


@pytest.mark.parametrize("language", Language)
def test_an_account_is_written_to_in_the_language_of_the_pages(client: Client, town: Town, language: Language) -> None:
    client.post(SWITCH, {"language": language})
    names = {"first_name": "Léa", "last_name": "Petit"}
    client.post("/compte/signup/", {"email": "neuf@example.org", "password1": PASSWORD, "password2": PASSWORD, **names})
    assert Citizen.objects.get(email="neuf@example.org").language == language


@pytest.mark.parametrize("language", Language)
def test_so_is_one_that_a_provider_opens_and_coming_back_changes_nothing(town: Town, language: Language) -> None:
    claims = {"given_name": "Léa", "family_name": "Petit", "birthdate": "1990-01-01"}
    for asked in (language, *Language):
        user = accounts.find_or_open_account(provider="franceconnect", sub="s", claims=claims, at=NOON, language=asked)
    assert Citizen.objects.get(user=user).language == language


def test_a_file_of_the_counter_takes_the_language_of_the_account_that_claims_it(town: Town, browser: Client) -> None:
    names = {"first_name": "Maud", "last_name": "Lefèvre"}
    counter = directory.register_citizen(values=names, actor=WHO, at=NOON)
    browser.post(SWITCH, {"language": "en"})
    directory.claim_file(user_id=town.citizen.user_id or 0, code=counter.claim_code or "", at=NOON)
    assert language_of(counter) == "en"


@pytest.mark.parametrize(("kept", "merged"), [("fr", "en"), ("en", "fr"), ("en", "en"), ("fr", "fr")])
def test_two_files_that_become_one_keep_what_was_chosen(town: Town, kept: str, merged: str) -> None:
    values = {"first_name": "Maud", "last_name": "Lefèvre", "language": merged}
    other = directory.register_citizen(values=values, actor=WHO, at=NOON)
    Citizen.objects.filter(pk=town.citizen.pk).update(language=kept)
    personal_data.merge_citizens(
        kept_id=town.citizen.pk, merged_id=other.pk, reason="même pièce", actor=town.admin.actor, at=NOON
    )
    assert language_of(town.citizen) == ("en" if "en" in (kept, merged) else "fr")
    said = Record.objects.get(verb="citizen.absorb").details["filled"]
    assert ("language" in said) is (kept != "en" == merged)


def test_it_is_known_of_them_then_forgotten(town: Town, browser: Client) -> None:
    browser.post(SWITCH, {"language": "en"})
    known = json.loads(json.dumps(queries.known_of(Citizen.objects.get(pk=town.citizen.pk)), default=str))
    assert known["identity"]["language"] == "en"
    personal_data.forget_citizen(citizen_id=town.citizen.pk, actor=WHO, at=NOON)
    assert language_of(town.citizen) == "fr"


def test_the_database_knows_two_languages_and_french_for_who_says_nothing(town: Town) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Citizen.objects.filter(pk=town.citizen.pk).update(language="de")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_default FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name = 'directory_citizen' AND column_name = 'language'"
        )
        assert "'fr'" in cursor.fetchone()[0]
