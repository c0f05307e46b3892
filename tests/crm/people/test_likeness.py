"""« Une fiche ressemble »: twins and father and son are told apart, one person is not opened twice."""

from datetime import date
from typing import Any

import pytest
from django.test import Client

from obole.directory import operations as directory, queries, rules
from obole.directory.models import Citizen
from tests.crm.desk import browser, get, text_of, url
from tests.world import WHO, Town, later, make_town

pytestmark = pytest.mark.django_db

PAUL = {
    "kind": "person",
    "first_name": "Paul",
    "last_name": "Diallo",
    "email": "paul.diallo@demo.example",
    "phone": "06 12 34 56 78",
    "address": "12, rue des Hâlles\n99999 Valbourg",
    "language": "fr",
}
OTHER = {"kind": "person", "first_name": "Zora", "last_name": "Quint", "email": "", "phone": "", "address": ""}
OTHER |= {"language": "fr"}


@pytest.fixture
def town(time_machine: Any) -> Town:
    time_machine.move_to(later(30), tick=False)
    return make_town()


@pytest.fixture
def paul(town: Town) -> Citizen:
    return directory.register_citizen(values=PAUL, user_id=None, actor=WHO, at=later())


@pytest.fixture
def client(town: Town) -> Client:
    return browser(town.agent)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ({"first_name": "PAUL", "last_name": "diallo"}, "même nom"),
        ({"first_name": "Diallo", "last_name": "Paul"}, "même nom"),
        ({"email": "Paul.Diallo@DEMO.example"}, "même courriel"),
        ({"phone": "0612345678"}, "même téléphone"),
        ({"phone": "+33 6 12 34 56 78"}, "même téléphone"),
        ({"address": "12 RUE DES HALLES 99999 VALBOURG"}, "même adresse"),
    ],
)
def test_each_likeness_is_told_with_why_and_what_tells_the_file_apart(
    paul: Citizen, client: Client, typed: dict[str, str], why: str
) -> None:
    count = Citizen.objects.count()
    answer = client.post(url("citizen_new"), {**OTHER, **typed})
    page = text_of(answer)
    assert answer.status_code == 200 and Citizen.objects.count() == count
    assert "Une fiche ressemble" in page and why in page and f"fiche n° {paul.pk}" in page
    assert "12, rue des Hâlles" in page and "p…o@demo.example" in page and "06 12 34 56 78" in page
    assert "paul.diallo@demo.example" not in page


@pytest.mark.parametrize(
    "typed",
    [
        {"first_name": "Pauline", "last_name": "Diallo"},
        {"email": "paul@demo.example"},
        {"phone": "0612345679"},
        {"phone": "12"},
        {"address": "12 rue des Hallebardes 99999 Valbourg"},
    ],
)
def test_what_only_begins_alike_is_not_told(paul: Citizen, client: Client, typed: dict[str, str]) -> None:
    assert client.post(url("citizen_new"), {**OTHER, **typed}).status_code == 302


def test_twins_and_father_and_son_are_opened_once_somebody_says_that_they_are_others(
    paul: Citizen, client: Client
) -> None:
    for first_name in ("Paul", "Pierre"):
        typed = {**PAUL, "first_name": first_name, "email": ""}
        asked = client.post(url("citizen_new"), typed)
        told = asked.content.decode().split('name="told" value="')[1].split('"')[0]
        assert client.post(url("citizen_new"), {**typed, "told": told, "other": "1"}).status_code == 302
    assert Citizen.objects.filter(last_name="Diallo").count() == 3
    assert Citizen.objects.filter(merged_into=None, last_name="Diallo").count() == 3


@pytest.mark.parametrize(
    ("born", "why"), [("2011-04-02", "mais une autre date de naissance"), ("1979-12-31", "même date de naissance")]
)
def test_a_birth_tells_a_father_from_his_son(paul: Citizen, client: Client, born: str, why: str) -> None:
    Citizen.objects.filter(pk=paul.pk).update(birth_date=date(1979, 12, 31))
    page = text_of(client.post(url("citizen_new"), {**PAUL, "birth_date": born}))
    assert why in page and "naissance le 31/12/1979" in page
    wrong = client.post(url("citizen_new"), {**OTHER, "birth_date": "0079-12-31"})
    assert "Vérifiez l’année de naissance" in text_of(wrong)


def test_a_file_that_appears_meanwhile_is_told_all_the_same(paul: Citizen, client: Client) -> None:
    second = directory.register_citizen(values={**PAUL, "email": ""}, user_id=None, actor=WHO, at=later())
    sent = {**PAUL, "told": str(paul.pk), "other": "1"}
    page = text_of(client.post(url("citizen_new"), sent))
    assert f"fiche n° {second.pk}" in page and Citizen.objects.filter(last_name="Diallo").count() == 2


def test_the_same_names_come_first_and_a_file_is_not_like_itself(paul: Citizen) -> None:
    directory.register_citizen(
        values={**OTHER, "first_name": "Ada", "address": PAUL["address"]}, user_id=None, actor=WHO, at=later()
    )
    twin = directory.register_citizen(values={**PAUL, "phone": ""}, user_id=None, actor=WHO, at=later())
    assert [one.first_name for one in queries.likely_citizens(paul)] == ["Paul", "Ada"]
    assert queries.likely_citizens(paul)[0] == twin


def test_the_person_s_page_shows_the_phone_by_twos(paul: Citizen, client: Client) -> None:
    Citizen.objects.filter(pk=paul.pk).update(phone="+33612345678")
    assert "06 12 34 56 78" in text_of(get(client, "citizen", paul.pk))


def test_what_is_hidden_of_a_mail() -> None:
    assert rules.masked_email("paul@x.example") == "p…l@x.example"
    assert (rules.masked_email("ab@x.example"), rules.masked_email("")) == ("a…@x.example", "")
