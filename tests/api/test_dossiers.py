"""What a tablet reads to draw a sheet; and the description of it all."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from obole.api.v1 import schemas
from obole.catalogue import operations as catalogue
from obole.dossiers.models import Dossier
from obole.dossiers.states import DossierState
from tests.api.keys import Software, make_key
from tests.consumption.attendance import make_family, make_school
from tests.world import WHO, Town, later, make_dossier, make_town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(db: None) -> Town:
    town = make_town()
    make_school(town)
    return town


@pytest.fixture
def software(town: Town) -> Software:
    return Software(make_key(town.scheme.service)[1])


MEALS = {"key": "repas", "label": "Repas", "group": "enfants", "decimals": 0, "most": "999999"}


def test_a_dossier_says_what_is_counted_and_for_whom(town: Town, software: Software) -> None:
    family = make_family(town, "Martin", "Zoé", "Léo")
    (found,) = software.get("dossiers").json()["dossiers"]
    questions = found.pop("questions")
    assert found == {
        "number": family.reference,
        "scheme": {"id": town.scheme.public_id, "name": town.scheme.name},
        "state": "in_review",
        "is_open": True,
        "beneficiaries": [
            {"group": "enfants", "index": 0, "name": "Zoé"},
            {"group": "enfants", "index": 1, "name": "Léo"},
        ],
    }
    assert MEALS in questions
    assert {"repas", "soirs", "hors_delai"} <= {one["key"] for one in questions}
    assert software.get("schemes").json() == {
        "schemes": [
            {
                "id": town.scheme.public_id,
                "name": town.scheme.name,
                "service": town.scheme.service.name,
                "questions": questions,
            }
        ]
    }


def test_what_is_sent_of_it_is_taken(town: Town, software: Software) -> None:
    make_family(town, "Martin", "Zoé", "Léo")
    (found,) = software.get("dossiers").json()["dossiers"]
    sheet = [
        {"dossier": found["number"], "beneficiary": one["index"], "question": asked["key"], "day": day, "quantity": "1"}
        for one in found["beneficiaries"]
        for asked in found["questions"]
        for day in ("2026-11-23", "2026-11-24")
    ]
    assert set(software.send(*sheet)) == {"written"}


def test_no_word_of_the_people_is_told_but_the_names_of_who_is_counted(town: Town, software: Software) -> None:
    family = make_family(town, "Martin", "Zoé", qf="842", resident="yes")
    told = software.get("dossiers").content.decode()
    for word in ("Martin", family.citizen.email, "842", str(family.public_id)):
        assert word not in told


def test_dossiers_are_found_by_dispositif_and_state(town: Town, software: Software) -> None:
    families = [make_family(town, f"Famille{n}", "Ana") for n in range(3)]
    Dossier.objects.filter(pk=families[1].pk).update(state="closed", decided_at=later())
    other = catalogue.configure_scheme(
        scheme_id=None, values={"service": town.scheme.service, "name": "Ailleurs"}, actor=WHO, at=later()
    )

    def numbers(**query: Any) -> list[str]:
        return [one["number"] for one in software.get("dossiers", **query).json()["dossiers"]]

    closed, opened = [families[1].reference], [families[0].reference, families[2].reference]
    assert numbers(state="closed") == closed
    assert numbers(state="in_review") == numbers(state="in_review", scheme=town.scheme.public_id) == opened
    assert numbers(scheme=other.public_id) == []
    assert [one["is_open"] for one in software.get("dossiers").json()["dossiers"]] == [True, False, True]


def test_what_is_not_sent_yet_is_nobody_s_business(town: Town, software: Software) -> None:
    dossier = make_dossier(town, form=town.scheme.forms.order_by("number")[0])
    Dossier.objects.filter(pk=dossier.pk).update(state="draft", number=None)
    assert software.get("dossiers").json() == {"dossiers": [], "next": None}


def test_pages_follow_each_other_to_the_end_in_as_many_queries(town: Town, software: Software) -> None:
    families = [make_family(town, f"Famille{n}", "Ana", "Bob") for n in range(7)]
    software.get("dossiers")
    found, cursor, queries = [], 0, []
    while cursor is not None:
        with CaptureQueriesContext(connection) as asked:
            page = software.get("dossiers", limit=3, cursor=cursor).json()
        found += [one["number"] for one in page["dossiers"]]
        cursor = page["next"]
        queries.append(len(asked))
    assert found == [family.reference for family in families]
    assert len(queries) == 3
    assert len(set(queries)) == 1
    with CaptureQueriesContext(connection) as asked:
        software.get("dossiers")
    assert len(asked) == queries[0] <= 8


def test_a_dispositif_that_counts_nothing_says_so(software: Software, town: Town) -> None:
    catalogue.configure_scheme(
        scheme_id=None, values={"service": town.scheme.service, "name": "Ailleurs"}, actor=WHO, at=later()
    )
    assert [one["questions"] for one in software.get("schemes").json()["schemes"] if one["name"] == "Ailleurs"] == [[]]


# The description


def described() -> dict[str, Any]:
    answer = Client().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    return json.loads(answer.content)  # type: ignore[no-any-return]


def test_the_description_says_each_call_with_its_key_and_its_fields() -> None:
    said = described()
    calls = {f"{method} {path}": call for path, each in said["paths"].items() for method, call in each.items()}
    assert set(calls) == {
        "post /api/v1/consumption",
        "get /api/v1/consumption",
        "get /api/v1/dossiers",
        "get /api/v1/schemes",
    }
    assert all(call["security"] and call["summary"] and call["description"] for call in calls.values())
    named = {one["name"] for one in calls["post /api/v1/consumption"]["parameters"]}
    assert named == {"Idempotency-Key"}
    for name, call in calls.items():
        (refused,) = schemas.WRITING_REFUSALS if name.startswith("post") else schemas.READING_REFUSALS
        assert {int(status) for status in call["responses"]} == {200, *refused}
        for status, answer in call["responses"].items():
            assert set(answer["content"]) == {"application/json" if int(status) == 200 else "application/problem+json"}
    facts = said["components"]["schemas"]["FactIn"]
    assert facts["required"] == ["dossier", "question", "day", "quantity"]
    assert said["components"]["securitySchemes"]["Key"]["scheme"] == "bearer"


def test_the_states_are_those_of_a_dossier_that_was_sent() -> None:
    assert {*schemas.State.__args__} == {*DossierState.values} - {DossierState.DRAFT}  # type: ignore[attr-defined]
