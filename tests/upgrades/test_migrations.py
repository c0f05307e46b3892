"""
A database that the first landed version filled, migrated to the newest schema: the books are right, and life goes on.

``first_landed.json`` is what that version's own operations wrote: every way that money could come then, in two régies, and
what was cancelled around the turn of a year in Paris. Tables are ``[columns, row, row…]``, in an order that can be loaded.
"""

import importlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import RunPython, RunSQL
from django.db.migrations.executor import MigrationExecutor
from pytest_django import DjangoDbBlocker

from obole.billing import operations as billing
from obole.billing.models import CreditNote, Invoice
from obole.lib import words
from obole.payments import operations as payments
from obole.payments import verification
from obole.payments.models import Allocation, Anomaly, Receipt
from obole.payments.verification import BooksDiffer
from obole.regies.models import Series
from tests.books import check_books
from tests.world import later

WRITTEN: dict[str, list[list[Any]]] = json.loads((Path(__file__).parent / "first_landed.json").read_text())
FIRST = {
    "billing": "0002_initial", "catalogue": "0001_initial", "directory": "0001_initial", "dossiers": "0001_initial",
    "mailing": "0001_initial", "payments": "0001_initial", "regies": "0001_initial", "reminders": "0001_initial", "trail": "0001_initial",
}  # fmt: skip
BEFORE_DATA = {
    **FIRST,
    "billing": "0003_credit_notes",
    "payments": "0003_receipts",
    "regies": "0004_balance_by_statement",
}
"""The last schema before rows are written about rows: from here on, each test goes its own way."""
OLD, COPY, ALIAS = f"obole_first_{os.getpid()}", f"obole_copy_{os.getpid()}", "scratch"
WHO = "regisseur@valbourg.example"
IN_SUSPENSE = {"not_due": 3, "different": 2}
"""Receipts of the old version that wait, by what their anomaly says."""


@dataclass(frozen=True)
class Scratch:
    """A database of the suite's server that is nobody's default."""

    name: str

    @contextmanager
    def opened(self) -> Iterator[BaseDatabaseWrapper]:
        settings = {**connections["default"].settings_dict, "NAME": self.name}
        connections.databases[ALIAS] = settings
        try:
            yield connections[ALIAS]
        finally:
            connections[ALIAS].close()
            del connections[ALIAS]
            del connections.databases[ALIAS]

    @contextmanager
    def as_default(self) -> Iterator[None]:
        """Let everything that reads and writes the default database read and write this one."""
        default = connections["default"]
        scratch = connections.create_connection("default")
        scratch.settings_dict = {**default.settings_dict, "NAME": self.name}
        connections["default"] = scratch
        try:
            yield
        finally:
            scratch.close()
            connections["default"] = default


def on_the_server(*statements: str) -> None:
    at = connections["default"].settings_dict
    address = {"host": at["HOST"], "port": at["PORT"] or None, "user": at["USER"], "password": at["PASSWORD"] or None}
    with psycopg.connect(dbname="postgres", autocommit=True, **address) as server:
        for statement in statements:
            server.execute(statement)


def migrate(connection: BaseDatabaseWrapper, until: Mapping[str, str] = MappingProxyType({})) -> None:
    """Go to these migrations of our rooms, and everywhere else to the newest."""
    executor = MigrationExecutor(connection)
    executor.migrate([(app, until.get(app, name)) for app, name in executor.loader.graph.leaf_nodes()])


def fill(connection: BaseDatabaseWrapper) -> None:
    """Load what the first version wrote, as it wrote it: its own triggers kept the balances, so ours do not."""
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table, (columns, *rows) in WRITTEN.items():
            said = json.dumps([dict(zip(columns, row, strict=True)) for row in rows])
            named = ", ".join(f'"{column}"' for column in columns)
            cursor.execute(
                f"INSERT INTO {table} ({named}) SELECT {named} FROM json_populate_recordset(NULL::{table}, %s)", [said]
            )
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")


@pytest.fixture(scope="module")
def first_landed(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Make the old database and change its tables under its rows, once: each test migrates a copy further."""
    with django_db_blocker.unblock():
        on_the_server(f"DROP DATABASE IF EXISTS {OLD}", f"CREATE DATABASE {OLD}")
        with Scratch(OLD).opened() as connection:
            migrate(connection, FIRST)
            fill(connection)
            migrate(connection, BEFORE_DATA)
        yield
        on_the_server(f"DROP DATABASE {OLD}")


@pytest.fixture
def old(first_landed: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Scratch]:
    """Return a database as the first landed version left it."""
    with django_db_blocker.unblock():
        on_the_server(f"DROP DATABASE IF EXISTS {COPY}", f"CREATE DATABASE {COPY} TEMPLATE {OLD}")
        yield Scratch(COPY)
        on_the_server(f"DROP DATABASE {COPY} WITH (FORCE)")


def migrated(old: Scratch) -> None:
    with old.opened() as connection:
        migrate(connection)


def assert_what_was_is_still_said() -> None:
    """Everything that the old version knew is where the new one looks for it."""
    assert verification.verify() == len(WRITTEN["regies_entry"]) - 1
    check_books()
    counted = {(one.receipt_id, one.invoice_id, one.cents) for one in Allocation.objects.order_by("id")}
    whole = Receipt.objects.filter(invoice__isnull=False).order_by("id").values_list("pk", "invoice_id", "cents")
    assert counted == set(whole) and len(counted) == 4
    waiting = Receipt.objects.filter(invoice=None).order_by("id")
    about = {one.receipt_id: one for one in Anomaly.objects.filter(receipt__isnull=False).order_by("id")}
    assert set(about) == {one.pk for one in waiting}
    kinds = [one.kind for one in about.values()]
    assert {kind: kinds.count(kind) for kind in kinds} == IN_SUSPENSE
    outcomes = Anomaly.objects.exclude(closed_at=None).order_by("kind").values_list("kind", "outcome")
    assert list(outcomes) == [("not_due", "kept"), ("unknown", "noted")]
    assert not Anomaly.objects.filter(invoice=None).exists()


def assert_numbers_go_on() -> None:
    """Series begin where the old version's ended; each avoir has the year of its day in Paris, the last of them in 2027."""
    notes = CreditNote.objects.order_by("regie__code", "year", "sequence").values_list("number", flat=True)
    assert list(notes) == [
        "CUL-AV-2026-000001", "CUL-AV-2026-000002", "CUL-AV-2027-000001",
        "ENF-AV-2026-000001", "ENF-AV-2026-000002", "ENF-AV-2026-000003", "ENF-AV-2027-000001",
    ]  # fmt: skip
    for series in Series.objects.order_by("id"):
        rows: Any = Invoice if series.kind == Series.Kind.INVOICE else CreditNote
        assert rows.objects.filter(regie=series.regie, year=series.year).count() == series.last > 0
    waits = Invoice.objects.get(number="ENF-2026-000003")
    payments.cancel_invoice(invoice_id=waits.pk, code="twice", comment="", actor=WHO, at=later(days=50))
    assert waits.credit_note.number == "ENF-AV-2027-000002"
    draft = billing.redo_invoice(invoice_id=waits.pk, actor=WHO, at=later(days=50))
    assert billing.issue_invoice(invoice_id=draft.pk, actor=WHO, at=later(days=50)).number == "ENF-2027-000002"


def assert_money_goes_on() -> None:
    """What the old version kept in recettes à classer can be counted; what it counted can be taken back and freed."""
    due = Invoice.objects.filter(regie__code="ENF", state="due").order_by("-total_cents")[0]
    waiting = Receipt.objects.filter(invoice=None, regie__code="ENF", anomalies__closed_at=None).order_by("id")[0]
    payments.apply_receipt(receipt_id=waiting.pk, invoice_id=due.pk, reason="x", actor=WHO, at=later(days=50))
    paid = Invoice.objects.filter(state="paid").order_by("id")[0]
    payments.cancel_invoice(invoice_id=paid.pk, code="twice", comment="", actor=WHO, at=later(days=50))
    handed = payments.Money(cents=100, means=Receipt.Means.CASH)
    left = Invoice.objects.filter(state="due").order_by("id")[0]
    taken = payments.take_money(
        invoice_id=left.pk, money=handed, request_key=words.token(), actor=WHO, at=later(days=50)
    )
    assert taken.number == "ENF-Q-2027-000001"
    check_books()


def everything(old: Scratch) -> None:
    migrated(old)
    with old.as_default():
        assert_what_was_is_still_said()
        assert_numbers_go_on()
        assert_money_goes_on()


def test_a_database_of_the_first_version_is_migrated_with_right_books(old: Scratch) -> None:
    everything(old)


def _without(module: str, kind: type, number: int = 0) -> Callable[[pytest.MonkeyPatch], None]:
    def take_out(monkeypatch: pytest.MonkeyPatch) -> None:
        migration = importlib.import_module(module).Migration
        data = [one for one in migration.operations if isinstance(one, kind)][number]
        monkeypatch.setattr(migration, "operations", [one for one in migration.operations if one is not data])

    return take_out


BILLING, PAYMENTS = (
    "obole.billing.migrations.0004_number_what_was",
    "obole.payments.migrations.0004_count_what_was_received",
)
TAKEN_OUT: dict[str, tuple[Callable[[pytest.MonkeyPatch], None], type[Exception], str]] = {
    "the series of the numbers": (_without(BILLING, RunSQL), IntegrityError, "ENF-2027-000001"),
    "the avoirs": (_without(BILLING, RunPython), BooksDiffer, "cancelled without an avoir"),
    "what receipts count for": (_without(PAYMENTS, RunSQL, 0), BooksDiffer, "is not the sum of its receipts"),
    "what anomalies are about": (_without(PAYMENTS, RunSQL, 1), IntegrityError, "contains null values"),
}


@pytest.mark.parametrize("missing", TAKEN_OUT)
def test_neg_without_a_data_migration_the_books_are_wrong(
    old: Scratch, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    take_out, error, said = TAKEN_OUT[missing]
    take_out(monkeypatch)
    with pytest.raises(error, match=said):
        everything(old)


KEPT = {
    "billing": ("invoicetype",), "catalogue": ("service", "scheme", "product"), "directory": ("authority", "agent"),
    "regies": ("regie",), "mailing": ("template",),
}  # fmt: skip


def test_what_was_configured_before_its_history_began_is_what_the_first_change_is_compared_with(old: Scratch) -> None:
    migrated(old)
    with old.opened() as connection, connection.cursor() as cursor:
        for app, models in KEPT.items():
            for model in models:
                cursor.execute(
                    f"SELECT (SELECT count(*) FROM {app}_{model}), count(*) FROM {app}_{model}event WHERE pgh_label = 'known'"
                )
                rows, events = cursor.fetchone() or (0, 0)
                assert rows == events, model
        cursor.execute("SELECT count(*) FROM regies_regieevent")
        assert cursor.fetchone() != (0,)
