"""What another software sends of what was consumed, and reads of it."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from obole.api_keys import operations as api_keys
from obole.api_keys.models import ApiCall
from obole.audit_log.models import Record
from obole.catalogue import operations as catalogue
from obole.consumption import operations, queries
from obole.consumption.models import Consumption
from obole.consumption.operations import DayCount, calls
from obole.consumption.rules import Beneficiary
from obole.consumption.rules.planning import Stay
from obole.directory.rules import NotAllowed
from obole.dossiers.models import Dossier
from tests.api.keys import MONDAY, Software, fact, make_key
from tests.consumption.attendance import facts, make_family, make_school
from tests.world import WHO, Town, later, make_dossier, make_town

pytestmark = pytest.mark.django_db
SUNDAY = MONDAY - timedelta(days=1)


@pytest.fixture
def town(db: None) -> Town:
    town = make_town()
    make_school(town)
    return town


@pytest.fixture
def software(town: Town) -> Software:
    return Software(make_key(town.scheme.service)[1])


@pytest.fixture
def family(town: Town) -> Dossier:
    return make_family(town, "Martin", "Zoé", "Léo")


def test_each_quantity_is_written_by_the_key(town: Town, family: Dossier) -> None:
    key, token = make_key(town.scheme.service, name="Tablette")
    answer = Software(token).post(
        {"facts": [fact(family, beneficiary=0), fact(family, beneficiary="leo", question="soirs", quantity="2")]}
    )
    assert answer.json() == {
        "written": 2,
        "corrected": 0,
        "known": 0,
        "refused": 0,
        "facts": [
            {"index": 0, "outcome": "written", "code": None, "detail": None},
            {"index": 1, "outcome": "written", "code": None, "detail": None},
        ],
    }
    assert facts() == [(family.pk, 0, "repas", "2026-11-23", "1"), (family.pk, 1, "soirs", "2026-11-23", "2")]
    assert {one.recorded_by.id for one in Consumption.objects.order_by("id")} == {f"api_key:{key.pk}"}
    record = Record.objects.get(verb="consumption.receive_call")
    assert (record.actor.name, record.subject_id, record.details) == ("Tablette", key.pk, {"written": 2})


def test_what_is_known_makes_no_fact_and_what_is_not_the_same_corrects(software: Software, family: Dossier) -> None:
    assert software.send(fact(family, beneficiary=0), fact(family, beneficiary=1)) == ["written", "written"]
    assert software.send(fact(family, beneficiary=0, quantity=0), fact(family, beneficiary=1)) == ["corrected", "known"]
    assert Consumption.objects.count() == 3
    assert queries.sums(family.pk, MONDAY, MONDAY) == {(0, "repas"): 0, (1, "repas"): 1}


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"dossier": "DOS-999999"}, "unknown_dossier"),
        ({"dossier": "rien"}, "unknown_dossier"),
        ({"dossier": "\x00"}, "unknown_dossier"),
        ({"question": "qf"}, "unknown_question"),
        ({"question": "rien"}, "unknown_question"),
        ({"beneficiary": 2}, "unknown_beneficiary"),
        ({"beneficiary": "Maud"}, "unknown_beneficiary"),
        ({"beneficiary": None}, "several_beneficiaries"),
        ({"day": "2028-01-01"}, "day_too_far"),
        ({"day": "2025-01-01"}, "day_too_far"),
        ({"day": "2026-11-26"}, "day_to_come"),
        ({"day": "2026-11-22"}, "day_closed"),
        ({"day": "2026-11-11"}, "day_closed"),
        ({"quantity": -1}, "bad_quantity"),
        ({"quantity": 0.5}, "bad_quantity"),
        ({"quantity": "deux"}, "bad_quantity"),
        ({"quantity": 1_000_000}, "bad_quantity"),
        ({"quantity": 10**4000}, "bad_quantity"),
    ],
    ids=str,
)
def test_a_quantity_that_is_wrong_is_told_and_the_others_are_kept(
    software: Software, family: Dossier, changed: dict[str, Any], code: str
) -> None:
    good = fact(family, beneficiary=1, question="soirs")
    assert software.send({**fact(family, beneficiary=0), **changed}, good) == [code, "written"]
    assert Consumption.objects.count() == 1


def test_a_refusal_says_its_sentence_in_french_whatever_a_browser_wants(software: Software, family: Dossier) -> None:
    software.client.cookies["language"] = "en"
    answer = software.post({"facts": [fact("DOS-999999")]})
    assert answer.json()["facts"] == [
        {
            "index": 0,
            "outcome": "refused",
            "code": "unknown_dossier",
            "detail": "Aucun dossier de ce numéro dans les prestations de cette clé.",
        }
    ]


def test_a_sunday_counts_where_the_call_says_so(software: Software, family: Dossier) -> None:
    assert software.send(fact(family, beneficiary=0, day=SUNDAY), closed_days=True) == ["written"]


def test_a_day_after_a_departure_is_refused(town: Town, software: Software, family: Dossier) -> None:
    stay, who = Stay(None, MONDAY), town.agent.actor
    operations.enrol(dossier_id=family.pk, row=0, stay=stay, seen=0, actor=who, at=later())
    said = [fact(family, beneficiary=row, day=MONDAY + timedelta(days=row)) for row in (0, 1)]
    gone = fact(family, beneficiary=0, day=MONDAY + timedelta(days=1))
    assert software.send(*said, gone) == ["written", "written", "day_not_enrolled"]


def test_a_day_outside_of_what_is_asked_for_is_refused(town: Town, software: Software) -> None:
    town.form.refresh_from_db()
    family = make_family(town, "Durand", "Ana")
    fields = [*town.form.fields, {**town.form.fields[-1], "key": "dates", "kind": "period", "group": ""}]
    form = type(town.form).objects.create(scheme=town.scheme, number=99, fields=fields, created_at=later())
    answers = {**family.answers, "dates": {"from": "2026-11-24", "to": "2026-12-24"}}
    Dossier.objects.filter(pk=family.pk).update(form=form, answers=answers)
    assert software.send(fact(family), fact(family, day=MONDAY + timedelta(days=1))) == ["day_outside", "written"]


@pytest.mark.parametrize("state", ["submitted", "rejected", "closed"])
def test_a_dossier_that_is_not_open_counts_nothing(software: Software, family: Dossier, state: str) -> None:
    Dossier.objects.filter(pk=family.pk).update(state=state, decided_at=later())
    assert software.send(fact(family, beneficiary=0)) == ["ended_dossier"]
    assert not Consumption.objects.exists()


def test_a_dossier_that_ends_meanwhile_counts_nothing(
    software: Software, family: Dossier, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = calls.without_doubles

    def then_close(found: Any) -> Any:
        Dossier.objects.filter(pk=family.pk).update(state="closed", decided_at=later())
        return read(found)

    monkeypatch.setattr(calls, "without_doubles", then_close)
    assert software.send(fact(family, beneficiary=0)) == ["ended_dossier"]
    assert not Consumption.objects.exists()


def test_what_is_said_twice_is_refused_twice(software: Software, family: Dossier) -> None:
    twice = software.send(
        fact(family, beneficiary=0), fact(family, beneficiary="Léo"), fact(family, beneficiary="ZOE", quantity=3)
    )
    assert twice == ["double", "written", "double"]


def test_what_is_asked_once_is_counted_for_nobody() -> None:
    town = make_town()
    dossier = make_dossier(town)
    software = Software(make_key(town.scheme.service)[1])
    assert software.send(fact(dossier), fact(dossier, beneficiary=0)) == ["written", "unknown_beneficiary"]
    assert facts() == [(dossier.pk, None, "repas", "2026-11-23", "1")]


# Sent again


def test_the_same_call_again_is_answered_the_same_and_writes_nothing(software: Software, family: Dossier) -> None:
    body = {"facts": [fact(family, beneficiary=0), fact("DOS-999999")]}
    first = software.post(body, name="appel-1")
    operations.record(
        dossier_id=family.pk,
        question="repas",
        counted=[DayCount(Beneficiary(0, "Zoé"), MONDAY, Decimal(0), Decimal(1))],
        actor=WHO,
        at=later(70),
    )
    software.at = later(80)
    again = software.post(body, name="appel-1")
    assert (again.status_code, again.content) == (200, first.content)
    assert queries.sums(family.pk, MONDAY, MONDAY) == {(0, "repas"): 0}, "what somebody corrected meanwhile stays"
    assert ApiCall.objects.count() == 1


def test_the_same_name_for_another_call_is_a_conflict(software: Software, family: Dossier) -> None:
    software.send(fact(family, beneficiary=0), name="appel-1")
    answer = software.post({"facts": [fact(family, beneficiary=0, quantity=2)]}, name="appel-1")
    assert (answer.status_code, answer["Content-Type"]) == (409, "application/problem+json")
    answer = software.post({"facts": [fact(family, beneficiary=0)], "closed_days": True}, name="appel-1")
    assert answer.status_code == 409
    assert Consumption.objects.count() == 1


def test_the_names_of_one_key_are_not_those_of_another(town: Town, software: Software, family: Dossier) -> None:
    software.send(fact(family, beneficiary=0), name="appel-1")
    other = Software(make_key(town.scheme.service)[1])
    assert other.send(fact(family, beneficiary=0, quantity=2), name="appel-1") == ["corrected"]


def test_old_calls_are_forgotten(software: Software, family: Dossier) -> None:
    software.send(fact(family, beneficiary=0), name="appel-1")
    assert api_keys.purge_calls(at=later(days=30)) == 0
    assert api_keys.purge_calls(at=later(days=31)) == 1
    assert software.send(fact(family, beneficiary=0), name="appel-1") == ["known"]


# Read


def read(software: Software, **query: Any) -> list[tuple[str, int | None, str, str, str]]:
    answer = software.get("consumption", **{"first": "2026-11-01", "last": "2026-11-30", **query})
    assert answer.status_code == 200, answer.content.decode()
    names = ("dossier", "beneficiary", "question", "day", "quantity")
    return [tuple(one[name] for name in names) for one in answer.json()["facts"]]


def test_only_what_counts_is_read_between_two_days(town: Town, software: Software, family: Dossier) -> None:
    other = make_family(town, "Durand", "Ana")
    software.send(fact(family, beneficiary=0), fact(family, beneficiary=1), fact(other, day=date(2026, 10, 5)))
    software.send(fact(family, beneficiary=0, quantity=2), fact(other))
    number = family.reference
    ours = [(number, 1, "repas", "2026-11-23", "1"), (number, 0, "repas", "2026-11-23", "2")]
    assert read(software) == [*ours, (other.reference, 0, "repas", "2026-11-23", "1")]
    assert read(software, dossier=number) == read(software, dossier=str(family.number)) == ours
    assert read(software, first="2026-10-01", last="2026-10-31") == [(other.reference, 0, "repas", "2026-10-05", "1")]


def test_pages_follow_each_other_to_the_end(software: Software, family: Dossier) -> None:
    days = [fact(family, beneficiary=0, day=MONDAY - timedelta(days=7 * n)) for n in range(5)]
    software.send(*days)
    found, cursor, pages = [], 0, 0
    while cursor is not None:
        page = software.get("consumption", first="2026-01-01", last="2026-11-30", limit=2, cursor=cursor).json()
        found += [one["day"] for one in page["facts"]]
        cursor, pages = page["next"], pages + 1
    assert (found, pages) == ([one["day"] for one in days], 3)


# What a key does not see


@pytest.mark.parametrize("given", ["another", "none"])
def test_the_dossiers_of_another_prestation_are_not_there(town: Town, given: str) -> None:
    family = make_family(town, "Canari", "Sifflet")
    pool = catalogue.configure_service(service_id=None, values={"name": "Piscine"}, actor=WHO, at=later())
    ours, theirs = Software(make_key(town.scheme.service)[1]), Software(make_key(*[pool][: given == "another"])[1])
    ours.send(fact(family))
    assert theirs.send(fact(family, quantity=9), fact("DOS-999999")) == ["unknown_dossier", "unknown_dossier"]
    assert Consumption.objects.count() == 1
    month = {"first": "2026-11-01", "last": "2026-11-30"}
    answers = [
        theirs.get("consumption", **month),
        theirs.get("consumption", **month, dossier=family.reference),
        theirs.get("consumption", **month, dossier="DOS-999999"),
        theirs.get("dossiers"),
        theirs.get("dossiers", scheme=town.scheme.public_id),
        theirs.get("schemes"),
    ]
    assert [answer.status_code for answer in answers] == [200, 404, 404, 200, 404, 200]
    assert answers[1].content == answers[2].content, "that it exists is not told"
    told = b" ".join(answer.content for answer in answers).decode()
    for word in ("Sifflet", "Canari", family.reference, town.scheme.name, town.scheme.service.name, "repas"):
        assert word not in told


def test_a_key_does_nothing_but_what_it_was_given(town: Town, family: Dossier) -> None:
    key, _token = make_key(town.scheme.service)
    with pytest.raises(NotAllowed):
        operations.record(dossier_id=family.pk, question="repas", counted=[], actor=key.actor, at=later())


# Many at once


def test_queries_do_not_grow_with_the_facts(town: Town, software: Software) -> None:
    families = [make_family(town, f"Famille{n}", "Ana", "Bob") for n in range(12)]
    many = [
        fact(one, beneficiary=row, day=MONDAY - timedelta(days=7 * week))
        for one in families
        for row in (0, 1)
        for week in range(4)
    ]
    software.send(fact(families[0], beneficiary=0))
    with CaptureQueriesContext(connection) as few:
        software.send(*many[:1])
    with CaptureQueriesContext(connection) as lots:
        software.send(*many)
    assert Consumption.objects.count() == len(many)
    assert len(lots) <= len(few) + 1 <= 20, "one more, that writes"


def test_a_thousand_facts_are_one_call(town: Town, software: Software, family: Dossier) -> None:
    days = [MONDAY - timedelta(days=n) for n in range(350)]
    said = [fact(family, beneficiary=row, day=day) for row in (0, 1) for day in days]
    assert set(software.send(*said, closed_days=True)) == {"written"}
    over = software.post({"facts": [fact(family, beneficiary=0)] * 1001})
    assert over.status_code == 422
    assert over.json()["errors"] == [{"field": "facts", "detail": "Il y en a trop\u00a0: faites plusieurs appels."}]
