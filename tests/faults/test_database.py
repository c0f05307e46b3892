"""Another database, a failing disk, a hand in the ledger: F75, F76, F80."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import DatabaseError, connection, models, transaction

from obole.audit_log.models import Record
from obole.books import verification
from obole.books.verification import BooksDiffer
from obole.config import settings as product_settings
from obole.config.env import BadSetting
from obole.lib import durability
from obole.payments.models import Attempt
from obole.regies.models import Entry, Line
from obole_demo.embedded_postgres import EmbeddedServer
from tests import database
from tests.cli.test_verify import DAYS_MADE_ANEW
from tests.faults.steps import RED
from tests.payments.steps import come_back, pay
from tests.world import Town, make_invoice

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]


OTHERS = ["sqlite:///obole.sqlite3", "mysql://u@h/n", "file:///x", "obole.sqlite3"]


@pytest.mark.parametrize("url", OTHERS)
def test_f75_any_other_database_is_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(BadSetting, match="only PostgreSQL keeps the books"):
        product_settings._database(url)


def test_f75_the_product_does_not_start_on_sqlite(tmp_path: Path) -> None:
    environment = {"OBOLE_DATABASE_URL": "sqlite:///x.sqlite3", "OBOLE_VAR": str(tmp_path), "PATH": "/usr/bin:/bin"}
    for command in (["check"], ["serve"], ["work"], ["migrate"]):
        done = subprocess.run(
            [sys.executable, "-m", "obole", *command], capture_output=True, text=True, check=False, env=environment
        )
        assert done.returncode == 1
        assert "only PostgreSQL keeps the books" in done.stderr and "Traceback" not in done.stderr


def test_f75_the_tests_of_money_run_on_postgresql_with_row_locks() -> None:
    assert (connection.vendor, connection.features.has_select_for_update) == ("postgresql", True)
    with transaction.atomic():
        assert "FOR NO KEY UPDATE" in str(Attempt.objects.locked().query)


def test_neg_f75_without_the_guard_another_database_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(product_settings, "DATABASE_SCHEMES", frozenset({"postgresql", "sqlite"}))
    with pytest.raises(pytest.fail.Exception):
        test_f75_any_other_database_is_refused_with_a_sentence(OTHERS[0])


@pytest.fixture
def durable(tmp_path: Path) -> Iterator[EmbeddedServer]:
    server = EmbeddedServer(tmp_path / "var")
    server.start()
    yield server
    server.erase()


def promises_of(server: EmbeddedServer) -> dict[str, str]:
    with psycopg.connect(server.url) as other:
        return {name: other.execute(f"SHOW {name}").fetchone()[0] for name in durability.REQUIRED_SETTINGS}  # type: ignore[index]


def test_f76_the_embedded_server_promises_what_a_failing_disk_needs(durable: EmbeddedServer) -> None:
    """
    A disk whose fsync fails is played by ``test_failing_disk``, where strace can run. This covers everywhere what the
    server is told to do then: to wait for the disk at each commit, to stop and replay its log at the first failure
    (data_sync_retry = off), to survive half a page, and to notice a page that changed by itself. The campaign of F73
    covers the replay.
    """
    assert promises_of(durable) == {
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "data_sync_retry": "off",
        "data_checksums": "on",
    }


@pytest.mark.parametrize("name", ["fsync", "synchronous_commit", "full_page_writes"])
def test_neg_f76_a_server_that_promises_less_is_seen(durable: EmbeddedServer, name: str) -> None:
    with psycopg.connect(durable.url, autocommit=True) as other:
        other.execute(f"ALTER SYSTEM SET {name} = off")
        other.execute("SELECT pg_reload_conf()")
    with pytest.raises(AssertionError):
        for _look in range(100):
            test_f76_the_embedded_server_promises_what_a_failing_disk_needs(durable)


def test_f76_a_deployment_on_a_careless_server_is_refused(transactional_db: None) -> None:
    """The suite's own server gives durability up for speed: the check of a deployment says so, setting by setting."""
    assert {"fsync", "synchronous_commit"} <= set(durability.unmet_requirements())
    with pytest.raises(SystemCheckError, match=r"fsync = off: a payment that was acknowledged may be lost"):
        call_command("check", deploy=True, databases=["default"])


def test_f76_a_deployment_on_a_careful_server_is_not_refused(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durability, "unmet_requirements", lambda _alias: {})
    assert durability.check_durability(databases=["default"]) == durability.check_durability() == []


def behind_the_triggers(*statements: str) -> None:
    """Do what only somebody with the keys of the database could do."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("SET session_replication_role = origin")


@pytest.fixture
def books(town: Town) -> Iterator[list[verification.Head]]:
    """
    Two invoices, one of them paid: three entries. Put right again at the end, for the check that follows every test.
    """
    come_back(pay(make_invoice(town)), 2)
    make_invoice(town, meals=4)
    yield verification.heads()
    database.erase()


TAMPERINGS = {
    "label": "UPDATE regies_entry SET label = 'autre' WHERE number = 2",
    "booked_at": "UPDATE regies_entry SET booked_at = booked_at + interval '1 microsecond' WHERE number = 2",
    "happened_at": "UPDATE regies_entry SET happened_at = now() WHERE number = 1",
    "cause_kind": "UPDATE regies_entry SET cause_kind = 'autre' WHERE number = 2",
    "cause_key": "UPDATE regies_entry SET cause_key = 'autre' WHERE number = 2",
    "number": "UPDATE regies_entry SET number = 9 WHERE number = 3",
    "hash": "UPDATE regies_entry SET hash = md5(hash) || md5(hash) WHERE number = 2",
    "previous_hash": "UPDATE regies_entry SET previous_hash = md5(hash) || md5(hash) WHERE number = 2",
    "debit": "UPDATE regies_line SET debit = debit + 1 WHERE debit > 0",
    "credit": "UPDATE regies_line SET credit = credit + 1 WHERE credit > 0",
    "account": "UPDATE regies_line SET account = 'cheques' WHERE account = 'card_clearing'",
    "nature": "UPDATE regies_line SET nature = 'x' WHERE nature <> ''",
    "delete": "DELETE FROM regies_entry WHERE number = 2",
    "delete lines": "DELETE FROM regies_line WHERE entry_id = (SELECT id FROM regies_entry WHERE number = 2)",
    "swap": "UPDATE regies_entry SET number = CASE number WHEN 1 THEN 102 WHEN 2 THEN 101 ELSE number END",
    "tail": "DELETE FROM regies_entry WHERE number = 3",
}


@pytest.mark.parametrize("how", TAMPERINGS)
def test_f80_an_entry_edited_behind_the_triggers_is_found(books: list[verification.Head], how: str) -> None:
    verification.verify()
    after = ["UPDATE regies_entry SET number = number - 100 WHERE number > 100"] if how == "swap" else []
    behind_the_triggers(TAMPERINGS[how], *after)
    with pytest.raises(BooksDiffer):
        verification.verify()


REWRITE = [
    "DELETE FROM billing_invoiceline WHERE invoice_id = (SELECT max(id) FROM billing_invoice)",
    "DELETE FROM billing_invoice WHERE id = (SELECT max(id) FROM billing_invoice)",
    "DELETE FROM regies_line WHERE entry_id = (SELECT id FROM regies_entry WHERE number = 3)",
    "DELETE FROM regies_entry WHERE number = 3",
    "UPDATE regies_regie SET entry_count = 2, entry_head = (SELECT hash FROM regies_entry WHERE number = 2)",
    (
        "UPDATE regies_balance b SET (debit, credit) = (SELECT sum(debit), sum(credit) FROM regies_line l WHERE"
        " l.account = b.account)"
    ),
    *DAYS_MADE_ANEW,
]


def test_f80_a_tail_cut_off_everywhere_at_once_is_found_by_the_head_kept_elsewhere(
    books: list[verification.Head],
) -> None:
    behind_the_triggers(*REWRITE)
    with pytest.raises(BooksDiffer, match="entry 3, which was kept elsewhere, is missing"):
        verification.check_against(books)


def test_neg_f80_without_the_head_kept_elsewhere_a_cut_tail_goes_unseen(books: list[verification.Head]) -> None:
    behind_the_triggers(*REWRITE)
    with pytest.raises(pytest.fail.Exception), pytest.raises(BooksDiffer):
        verification.verify()


@pytest.mark.parametrize("how", ["label", "debit", "previous_hash"])
def test_neg_f80_without_the_hash_an_edit_goes_unseen(
    books: list[verification.Head], monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Each of the three is caught by another line of defence: only the label needs the hash alone."""
    monkeypatch.setattr(verification.ledger, "chain_hash", lambda entry, _postings: entry.hash)
    behind_the_triggers(TAMPERINGS[how])
    if how == "label":
        with pytest.raises(pytest.fail.Exception), pytest.raises(BooksDiffer):
            verification.verify()
    else:
        with pytest.raises(BooksDiffer):
            verification.verify()


@pytest.mark.parametrize("model", [Entry, Line, Record], ids=lambda model: model.__name__)
@pytest.mark.parametrize("act_name", ["update", "delete"])
def test_f80_sql_may_neither_change_nor_delete(town: Town, model: type[models.Model], act_name: str) -> None:
    make_invoice(town)
    rows = model._default_manager.all()
    before = list(rows.order_by("pk").values())
    assert before
    with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
        rows.update(id=999) if act_name == "update" else rows._raw_delete("default")
    assert list(model._default_manager.order_by("pk").values()) == before


def test_neg_f80_without_the_trigger_sql_rewrites_the_ledger(town: Town) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        with pytest.raises((*RED, pytest.fail.Exception)):
            test_f80_sql_may_neither_change_nor_delete(town, Line, "delete")
        cursor.execute("SET session_replication_role = origin")
