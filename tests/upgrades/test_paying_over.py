"""A town whose money came and never left: its refunds had left the compte DFT, and it goes on by the new rules."""

import os
from collections.abc import Iterator

import pytest
from django.db import connections
from pytest_django import DjangoDbBlocker

from obole.payments.models import Allocation, Refund
from obole.regies import queries as regies
from obole.regies.models import FoundingAct, Means, Regie, RemittedEntry
from tests.upgrades.steps import Scratch, migrate, on_the_server

BEFORE = {
    "bank_statements": None,
    "campaigns": None,
    "consumption": None,
    "api_keys": None,
    "billing": "0006_merges",
    "books": None,
    "cash_desk": None,
    "payments": "0003_clearings",
    "recovery": None,
    "regies": "0005_nothing_is_truncated",
    "reminders": "0002_once_a_day",
    "remittances": None,
}
NAME = f"obole_paying_over_{os.getpid()}"
FILL = """
    SET session_replication_role = replica;
    INSERT INTO regies_regie (id, code, name, enabled, gateway, gateway_settings, release_delay, holds_cautions,
        description, entry_count, entry_head)
    VALUES (1, 'ENF', 'Régie Enfance', true, 'sandbox', '{}', 20, false, '', 0, '');
    INSERT INTO payments_allocation (receipt_id, invoice_id, entry_id, cents, at, actor, reason)
    VALUES (1, 1, 1, 500, now(), '{"id": "operator:x", "name": "x"}', '');
    INSERT INTO payments_refund (receipt_id, regie_id, state, request_key, cents, reason, requested_by, requested_at,
        decided_by, decided_at, done_by, done_at, mandate, entry_id)
    SELECT 1, 1, state, state, 100, 'x', '{"id": "operator:a", "name": "a"}', now(),
        '{"id": "operator:b", "name": "b"}', now(), who, done, mandate, entry
    FROM (VALUES
        ('approved', NULL::jsonb, NULL::timestamptz, '', NULL::bigint),
        ('done', '{"id": "operator:b", "name": "b"}', now(), 'M 1', 7)
    ) AS kept (state, who, done, mandate, entry);
    SET session_replication_role = origin;
"""


@pytest.fixture(scope="module")
def migrated(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Fill the schema of before, migrate it, and let it be the default database."""
    with django_db_blocker.unblock():
        on_the_server(f"DROP DATABASE IF EXISTS {NAME}", f"CREATE DATABASE {NAME}")
        with Scratch(NAME).as_default():
            migrate(connections["default"], BEFORE)
            with connections["default"].cursor() as cursor:
                cursor.execute(FILL)
            migrate(connections["default"])
            yield
        on_the_server(f"DROP DATABASE {NAME} WITH (FORCE)")


def test_a_refund_that_was_done_had_left_the_account_of_the_regie(migrated: None) -> None:
    paid = {refund.state: refund.paid_by for refund in Refund.objects.order_by("id")}
    assert paid == {"approved": "", "done": "regie"}
    assert {(refund.iban, refund.settled_cents) for refund in Refund.objects.order_by("id")} == {("", 0)}


def test_nothing_was_paid_over_and_no_means_is_refused(migrated: None) -> None:
    assert Allocation.objects.get().from_remitted_cents == 0
    assert not RemittedEntry.objects.exists() and not FoundingAct.objects.exists()
    assert regies.allowed_means(Regie.objects.get()) == frozenset(Means)
