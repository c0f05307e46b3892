"""How a software comes in, and all that it may be refused: in JSON, in French, with the field that is wrong."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import OperationalError, connection, transaction
from django.db.utils import DatabaseError
from django.test import Client

from obole.api_keys import access, operations, queries, rules
from obole.api_keys.models import ApiCall, ApiKey
from obole.api_keys.rules import Scope
from obole.audit_log.models import Record
from obole.consumption import operations as consumption
from obole.consumption.models import Consumption
from obole.consumption.rules.calls import Call
from obole.directory.rules import NotAllowed
from obole.dossiers.models import Dossier
from obole.lib.actors import WORKER, Actor
from obole.limits import rules as limits
from tests.accounts.browsers import sign_in
from tests.api.keys import FOR_A_YEAR, Software, fact, make_key
from tests.spaces import plain
from tests.world import NOON, WHO, Town, later, make_dossier, make_town

pytestmark = pytest.mark.django_db
PROBLEM = "application/problem+json"
STRANGER = "203.0.113.9"


@pytest.fixture
def town(db: None) -> Town:
    return make_town()


@pytest.fixture
def dossier(town: Town) -> Dossier:
    return make_dossier(town)


def problem(answer: Any, status: int) -> dict[str, Any]:
    """Return a refusal, which is told as RFC 9457 says."""
    assert (answer.status_code, answer["Content-Type"]) == (status, PROBLEM), answer.content.decode()
    said: dict[str, Any] = json.loads(plain(answer.content.decode()))
    assert (said["type"], said["status"]) == ("about:blank", status)
    assert said["title"] and said["detail"]
    return said


# Who comes in


def revoked(key: ApiKey) -> None:
    operations.revoke_key(key_id=key.pk, actor=WHO, at=NOON)


WRONG: dict[str, Callable[[ApiKey, str], str]] = {
    "nothing": lambda key, token: "",
    "odd": lambda key, token: "\u00e9",
    "no key": lambda key, token: "obole_",
    "nul": lambda key, token: token.replace(key.prefix, "0000\x000000"),
    "more": lambda key, token: f"{token} x",
    "another secret": lambda key, token: token[:-1] + ("a" if token[-1] != "a" else "b"),
    "a part of the secret": lambda key, token: token[:-1],
    "another prefix": lambda key, token: token.replace(key.prefix, "00000000"),
    "the digest": lambda key, token: f"obole_{key.prefix}_{key.digest}",
    "revoked": lambda key, token: (revoked(key), token)[1],
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("path", ["consumption", "dossiers", "schemes"])
def test_only_a_good_key_comes_in(town: Town, wrong: str, path: str) -> None:
    key, token = make_key(town.scheme.service)
    software = Software(WRONG[wrong](key, token))
    answer = software.get(path, first="2026-11-01", last="2026-11-30")
    assert problem(answer, 401)["title"] == "Clé refusée"
    assert answer["WWW-Authenticate"] == 'Bearer realm="Obole"'
    assert not answer.cookies
    assert not ApiKey.objects.exclude(last_used_at=None).exists()


def test_a_key_is_good_to_the_end_of_its_last_day(town: Town) -> None:
    software = Software(make_key(town.scheme.service, until=NOON.date())[1])
    assert software.get("schemes").status_code == 200
    software.at = later(days=1)
    problem(software.get("schemes"), 401)


def test_a_browser_that_is_signed_in_is_nobody_here(town: Town, dossier: Dossier) -> None:
    software = Software("")
    software.client = Client(enforce_csrf_checks=True)
    sign_in(software.client, town.admin.user)
    problem(software.get("dossiers"), 401)
    problem(software.post({"facts": [fact(dossier)]}), 401)


def test_a_call_opens_no_session_and_gives_no_cookie(town: Town, dossier: Dossier) -> None:
    software = Software(make_key(town.scheme.service)[1])
    software.client = Client(enforce_csrf_checks=True)
    before = Session.objects.count()
    for answer in (software.get("dossiers"), software.post({"facts": [fact(dossier)]})):
        assert answer.status_code == 200
        assert not answer.cookies
        assert answer["Cache-Control"] == "no-store, private"
    assert Session.objects.count() == before


@pytest.mark.parametrize("scope", Scope.values)
def test_a_key_does_what_it_was_given_and_nothing_else(town: Town, dossier: Dossier, scope: str) -> None:
    software = Software(make_key(town.scheme.service, scopes=[scope])[1])
    asked = {
        "consumption.write": [software.post({"facts": [fact(dossier)]})],
        "consumption.read": [software.get("consumption", first="2026-11-01", last="2026-11-30")],
        "dossiers.read": [software.get("dossiers"), software.get("schemes")],
    }
    for needed, answers in asked.items():
        for answer in answers:
            assert answer.status_code == (200 if needed == scope else 403)
            assert needed == scope or problem(answer, 403)["title"] == "Droit manquant"
    assert Consumption.objects.exists() is (scope == "consumption.write")


def test_the_operation_asks_for_the_key_itself(town: Town) -> None:
    good, other = (make_key(town.scheme.service, scopes=[scope])[0] for scope in ("consumption.write", "dossiers.read"))
    call = Call("appel-1", ())

    def send(actor: Actor, **more: Any) -> None:
        consumption.receive_call(call=call, actor=actor, at=more.get("at", later()))

    for actor in (WORKER, town.admin.actor, town.citizen.actor, Actor("api_key:0", ""), Actor("api_key:x", "")):
        with pytest.raises(NotAllowed):
            send(actor)
    with pytest.raises(access.ScopeMissing):
        send(other.actor)
    with pytest.raises(NotAllowed):
        send(good.actor, at=later(days=366))
    send(good.actor)
    revoked(good)
    with pytest.raises(NotAllowed):
        send(good.actor)
    assert ApiCall.objects.count() == 1


def test_its_last_call_is_kept_to_the_minute(town: Town) -> None:
    key, token = make_key(town.scheme.service)
    software = Software(token)
    for minutes, kept in ((60, 60), (60.9, 60), (61, 61), (63, 63)):
        software.at = later(minutes)
        software.get("schemes")
        key.refresh_from_db()
        assert key.last_used_at == later(kept)


# How often


def test_a_key_that_calls_too_often_waits(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    few = limits.Quota(name="api_calls", most=2, per=limits.MINUTE)
    monkeypatch.setattr(limits, "API_CALLS", few)
    software, other = (Software(make_key(town.scheme.service)[1]) for _n in range(2))
    assert [software.get("schemes").status_code for _n in range(3)] == [200, 200, 429]
    refused = software.get("schemes")
    assert problem(refused, 429)["title"] == "Trop d’appels"
    assert refused["Retry-After"] == "30"
    assert other.get("schemes").status_code == 200
    software.at = later(61)
    assert software.get("schemes").status_code == 200


def test_an_address_that_tries_keys_waits_and_good_keys_do_not(town: Town) -> None:
    _key, token = make_key(town.scheme.service)
    good, wrong = Software(token), Software("obole_00000000_x")
    for software in (good, wrong):
        software.client = Client(REMOTE_ADDR=STRANGER)
    statuses = [wrong.get("schemes").status_code for _n in range(32)]
    assert statuses == [401] * 30 + [429] * 2
    assert wrong.get("schemes")["Retry-After"] == "20"
    assert good.get("schemes").status_code == 200, "a school has one address for all its tablets"
    assert Software("obole_00000000_x").get("schemes").status_code == 401


# What is sent


def test_a_call_has_a_name(town: Town, dossier: Dossier) -> None:
    software = Software(make_key(town.scheme.service)[1])
    for name, sentence in (
        (None, "Il manque."),
        ("a" * 101, "C’est trop long."),
        ("é" * 3, "Cela ne s’écrit pas ainsi."),
    ):
        said = problem(software.post({"facts": [fact(dossier)]}, name=name), 422)
        assert said["errors"] == [{"field": "Idempotency-Key", "detail": sentence}]
    assert not Consumption.objects.exists()


WRONG_BODIES: dict[str, tuple[dict[str, Any], str]] = {
    "no day": ({"day": None}, "facts[1].day"),
    "odd day": ({"day": "25/11/2026"}, "facts[1].day"),
    "no such day": ({"day": "2026-02-30"}, "facts[1].day"),
    "figures": ({"dossier": 12}, "facts[1].dossier"),
    "long number": ({"dossier": "9" * 21}, "facts[1].dossier"),
    "no number": ({"dossier": ""}, "facts[1].dossier"),
    "yes": ({"quantity": True}, "facts[1].quantity"),
    "no quantity": ({"quantity": None}, "facts[1].quantity"),
    "before the first": ({"beneficiary": -1}, "facts[1].beneficiary"),
    "half of somebody": ({"beneficiary": 0.5}, "facts[1].beneficiary"),
    "unknown field": ({"quantite": 1}, "facts[1].quantite"),
}


@pytest.mark.parametrize("wrong", WRONG_BODIES)
def test_what_is_no_fact_is_told_at_its_field_and_nothing_is_kept(town: Town, dossier: Dossier, wrong: str) -> None:
    software = Software(make_key(town.scheme.service)[1])
    changed, field = WRONG_BODIES[wrong]
    said = problem(software.post({"facts": [fact(dossier), {**fact(dossier), **changed}]}), 422)
    assert [one["field"] for one in said["errors"]] == [field]
    assert said["detail"] == f"À corriger : {field}."
    assert not Consumption.objects.exists()
    assert not ApiCall.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 422),
        ("{", 400),
        (b"\xff\xfe", 400),
        ("[" * 100_000, 400),
        ('{"facts": ' + "9" * 5000 + "}", 400),
        ("[]", 422),
        ("null", 422),
        ('"facts"', 422),
        ('{"facts": {}}', 422),
        ('{"facts": []}', 422),
        ('{"facts": [1]}', 422),
        ('{"facts": [{"quantity": NaN}]}', 422),
    ],
    ids=range(12),
)
def test_what_is_no_call_is_refused(town: Town, body: str | bytes, status: int) -> None:
    problem(Software(make_key(town.scheme.service)[1]).post(body), status)


def test_what_is_too_heavy_is_not_read(town: Town) -> None:
    software = Software("")
    assert problem(software.post("9" * (1024 * 1024 + 1)), 413)["detail"].startswith("1 Mo au plus")
    problem(software.post("9" * (3 * 1024 * 1024)), 413)


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("consumption", {"last": "2026-11-30"}, "first"),
        ("consumption", {"first": "hier", "last": "2026-11-30"}, "first"),
        ("consumption", {"first": "2026-11-30", "last": "2026-11-01"}, "last"),
        ("consumption", {"first": "2024-11-30", "last": "2026-11-01"}, "last"),
        ("consumption", {"first": "0001-01-01", "last": "9999-12-31"}, "last"),
        ("consumption", {"first": "9999-12-30", "last": "9999-12-31", "cursor": "x"}, "cursor"),
        ("dossiers", {"cursor": "9" * 40}, "cursor"),
        ("dossiers", {"cursor": "-1"}, "cursor"),
        ("dossiers", {"limit": "501"}, "limit"),
        ("dossiers", {"limit": "0"}, "limit"),
        ("dossiers", {"state": "draft"}, "state"),
        ("dossiers", {"scheme": "a" * 30}, "scheme"),
        ("dossiers", {"scheme": "a\x00b"}, "scheme"),
        ("consumption", {"first": "2026-11-01", "last": "2026-11-30", "dossier": "9" * 21}, "dossier"),
    ],
)
def test_a_question_that_is_wrong_names_its_field(town: Town, path: str, query: dict[str, str], field: str) -> None:
    said = problem(Software(make_key(town.scheme.service)[1]).get(path, **query), 422)
    assert [one["field"] for one in said["errors"]] == [field]


@pytest.mark.parametrize("query", [{"cursor": str(2**63 - 1)}, {"first": "9999-12-30", "last": "9999-12-31"}])
def test_an_odd_question_is_answered(town: Town, query: dict[str, str]) -> None:
    software = Software(make_key(town.scheme.service)[1])
    asked = {"first": "2026-11-01", "last": "2026-11-30", **query}
    assert software.get("consumption", **asked).json() == {"facts": [], "next": None}


def test_a_key_that_comes_in_clear_is_refused_and_led_nowhere(town: Town, dossier: Dossier, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    software = Software(make_key(town.scheme.service)[1])
    for answer in (software.get("schemes"), software.post({"facts": [fact(dossier)]}), software.get("rien")):
        assert problem(answer, 403)["title"] == "https exigé"
    assert software.post({"facts": [fact(dossier)]}, secure=True).status_code == 200


def test_an_address_that_is_not_there_is_not_a_page(town: Town) -> None:
    software = Software("")
    for path in ("", "rien", "consumption/", "consumption/12"):
        assert problem(software.get(path), 404)["title"] == "Introuvable"
        problem(software.post({}, path=path), 404)


def test_a_method_that_is_not_taken_says_which_are(town: Town) -> None:
    software = Software(make_key(town.scheme.service)[1])
    for path, allowed in (("consumption", {"GET", "POST"}), ("dossiers", {"GET"}), ("openapi.json", {"GET"})):
        answer = software.client.delete(f"/api/v1/{path}", headers=software.headers)
        problem(answer, 405)
        assert {one.strip() for one in answer["Allow"].split(",")} == allowed


@pytest.mark.parametrize(
    ("error", "status"), [(OperationalError("gone"), 503), (RuntimeError("bug"), 500)], ids=["database", "bug"]
)
def test_a_failure_is_told_as_a_problem_and_to_the_operator(
    town: Town,
    dossier: Dossier,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    status: int,
) -> None:
    def fail(**_given: Any) -> None:
        raise error

    monkeypatch.setattr(consumption, "receive_call", fail)
    answer = Software(make_key(town.scheme.service)[1]).post({"facts": [fact(dossier)]})
    assert "bug" not in problem(answer, status)["detail"]
    assert answer.headers.get("Retry-After") == ("5" if status == 503 else None)
    assert [one.name for one in caplog.records if one.name.startswith("obole")] == (
        ["obole.api.v1.problems"] if status == 500 else []
    )


# What keys are


def test_a_secret_is_shown_once_and_kept_nowhere(town: Town) -> None:
    key, token = make_key(town.scheme.service, name="  Tablette \u00a0 Jules-Ferry ")
    assert token.startswith(f"obole_{key.prefix}_")
    assert len(token) > 50
    assert (key.name, str(key.actor), key.actor.id) == ("Tablette Jules-Ferry",) * 2 + (f"api_key:{key.pk}",)
    assert not key.actor.is_machine
    secret = token.rpartition("_")[2]
    kept = json.dumps([str(ApiKey.objects.values().get()), *map(str, Record.objects.values())])
    assert secret not in kept
    told = Record.objects.filter(verb__startswith="api_key").order_by("id")
    assert [(one.verb, one.subject_id) for one in told] == [("api_key.create", key.pk), ("api_key.services", key.pk)]


def test_a_secret_is_compared_in_constant_time(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    key, token = make_key(town.scheme.service)
    compared = []
    monkeypatch.setattr(rules, "constant_time_compare", lambda *pair: bool(compared.append(pair)) or pair[0] == pair[1])
    assert queries.key_of(token) == key
    assert queries.key_of(f"{token}x") is None
    assert [pair[1] for pair in compared] == [key.digest] * 2


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "Prise"}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["everything"]}, "scopes"),
        ({"expires_on": NOON.date() - timedelta(days=1)}, "expires_on"),
        ({"expires_on": NOON.date() + timedelta(days=800)}, "expires_on"),
    ],
)
def test_a_key_that_means_nothing_is_refused(town: Town, values: dict[str, Any], field: str) -> None:
    make_key(name="Prise")
    good = {"name": "Tablette", "scopes": ["dossiers.read"], "expires_on": FOR_A_YEAR}
    with pytest.raises(ValidationError) as refused:
        operations.create_key(values={**good, **values}, actor=WHO, at=NOON)
    assert list(refused.value.message_dict) == [field]


def test_a_name_is_free_again_once_its_key_is_revoked(town: Town) -> None:
    key, _token = make_key(name="Tablette")
    revoked(key)
    operations.revoke_key(key_id=key.pk, actor=WORKER, at=later(days=1))
    key.refresh_from_db()
    assert (key.revoked_at, key.revoked_by) == (NOON, WHO), "the first time counts"
    assert Record.objects.filter(verb="api_key.revoke").count() == 1
    make_key(name="Tablette")


def test_a_key_neither_changes_nor_goes_nor_comes_back(town: Town) -> None:
    key, _token = make_key(town.scheme.service)
    revoked(key)
    rows = ApiKey.objects.filter(pk=key.pk)
    for act in (
        lambda: rows.update(scopes=["dossiers.read"]),
        lambda: rows.update(digest="0" * 64),
        lambda: rows.update(expires_on=FOR_A_YEAR + timedelta(days=1)),
        lambda: rows.update(revoked_at=None, revoked_by=None),
        lambda: rows.delete(),
        lambda: key.accesses.all().delete(),
        lambda: connection.cursor().execute("TRUNCATE api_keys_apikey CASCADE"),
        lambda: connection.cursor().execute("TRUNCATE catalogue_servicekey"),
    ):
        with pytest.raises(DatabaseError, match="Cannot|cannot|refuse|vid"), transaction.atomic():
            act()
    rows.update(last_used_at=later())
