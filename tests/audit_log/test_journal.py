"""The journal of accesses, and the seals over what only grows."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from obole.audit_log import operations as audit_log, seals
from obole.audit_log.models import Access, Record, Seal
from obole.books import verification
from tests.crm.desk import browser, url
from tests.world import NOON, PASSWORD, WHO, Town, later, make_town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Town:
    return make_town()


def verbs(*wanted: str) -> list[tuple[str, str, str]]:
    rows = Access.objects.filter(verb__in=wanted) if wanted else Access.objects.all()
    return [(row.verb, row.actor.id, row.subject_kind) for row in rows.order_by("id")]


def sign_in(client: Client, email: str, password: str) -> None:
    client.post("/compte/login/", {"login": email, "password": password})


def test_who_comes_in_and_who_is_refused_is_kept_without_what_was_typed(town: Town) -> None:
    client = Client()
    sign_in(client, "usager@example.org", "wrong guess")
    sign_in(client, "nobody@example.org", "wrong guess")
    sign_in(client, "usager@example.org", PASSWORD)
    client.post("/compte/logout/")
    citizen = town.citizen.actor.id
    assert verbs() == [
        ("sign_in_refused", "anonymous", "directory.user"),
        ("sign_in_refused", "anonymous", ""),
        ("sign_in", citizen, "directory.user"),
        ("sign_out", citizen, "directory.user"),
    ]
    assert "wrong guess" not in str(list(Access.objects.values())) and "nobody@" not in str(
        list(Access.objects.values())
    )
    assert Access.objects.filter(address="127.0.0.1").count() == 4


def test_what_an_agent_consults_and_takes_away_is_kept(town: Town) -> None:
    client = browser(town.agent)
    client.get(url("citizen", town.citizen.pk))
    list(client.get(url("invoices_file", "csv")).streaming_content)  # type: ignore[attr-defined]
    who = town.agent.actor.id
    assert verbs("citizen_read", "export") == [("citizen_read", who, "directory.citizen"), ("export", who, "")]


def test_the_journal_is_read_filtered_and_exported_by_administrators_alone(town: Town) -> None:
    browser(town.agent).get(url("citizen", town.citizen.pk))
    admin = browser(town.admin)
    page = admin.get(url("settings_journal")).content.decode()
    assert "Fiche d’usager consultée" in page and town.agent.name in page
    assert town.agent.name not in admin.get(url("settings_journal"), {"verb": "export"}).content.decode()
    file = b"".join(admin.get(url("settings_journal_export")).streaming_content).decode()  # type: ignore[attr-defined]
    assert town.agent.actor.id in file
    assert Access.objects.filter(verb="export", details__what="journal").exists()
    for agent in (town.agent, town.regisseur):
        assert browser(agent).get(url("settings_journal")).status_code == 403


def change_in_secret(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement)
        cursor.execute("SET LOCAL session_replication_role = origin")


@pytest.mark.parametrize(
    "statement",
    [
        'UPDATE audit_log_record SET actor = \'{"id": "agent:9", "name": "x"}\' WHERE verb = \'second\'',
        "DELETE FROM audit_log_record WHERE verb = 'second'",
        "UPDATE audit_log_access SET address = '10.0.0.1'",
        "DELETE FROM audit_log_seal WHERE id = (SELECT min(id) FROM audit_log_seal)",
    ],
)
def test_what_was_sealed_cannot_change_unseen(town: Town, statement: str) -> None:
    assert seals.seal(at=NOON)
    for number, verb in enumerate(("first", "second", "third")):
        with transaction.atomic():
            audit_log.log_event(verb, subject=town.regie, actor=WHO, at=later(number))
        audit_log.log_access(Access.Verb.EXPORT, actor=WHO, at=later(number))
        assert seals.seal(at=later(number))
    assert list(seals.broken()) == [] and Seal.objects.count() > 3
    change_in_secret(statement)
    assert list(seals.broken())
    with pytest.raises(verification.BooksDiffer, match="sealed"):
        verification.verify()


@pytest.mark.django_db(transaction=True)
def test_what_only_grows_is_neither_changed_nor_emptied(town: Town) -> None:
    guarded = """
        SELECT relname FROM pg_class WHERE oid IN (
            SELECT tgrelid FROM pg_trigger WHERE tgname LIKE 'pgtrigger%' AND tgtype & 11 = 11
        ) ORDER BY relname
    """
    with connection.cursor() as cursor:
        cursor.execute(guarded)
        tables = [name for (name,) in cursor.fetchall()]
    assert len(tables) > 25 and {"regies_entry", "audit_log_record", "audit_log_access", "directory_agentevent"} <= set(
        tables
    )
    for table in tables:
        with pytest.raises(DatabaseError, match="only grows"), connection.cursor() as cursor:
            cursor.execute(f'TRUNCATE "{table}" CASCADE')
    assert Record.objects.exists()
