"""What people and machines did under a text, migrated to who they are, in rows that only grow."""

import os
from collections.abc import Iterator

import pytest
from django.db import connections
from pytest_django import DjangoDbBlocker

from obole.audit_log.models import Record
from obole.lib.actors import Actor
from obole.payments.models import Refund
from tests.upgrades.steps import Scratch, migrate, on_the_server

BEFORE = {
    "bank_statements": None,
    "campaigns": None,
    "consumption": None,
    "api_keys": None,
    "bulk_actions": None,
    "accounts": None,
    "audit_log": "0001_initial",
    "cash_desk": None,
    "billing": "0004_amounts_are_priced",
    "books": None,
    "catalogue": "0002_delete_product",
    "directory": "0001_initial",
    "dossiers": "0002_delete_item",
    "mailing": "0001_initial",
    "payments": "0001_initial",
    "personal_data": None,
    "recovery": None,
    "regies": "0001_initial",
    "remittances": None,
    "reminders": "0001_initial",
}
NAME = f"obole_actors_{os.getpid()}"
FILL = """
    SET session_replication_role = replica;
    INSERT INTO directory_user (id, password, is_superuser, email, is_active, date_joined)
        VALUES (11, '', false, 'claire@v.example', true, now()), (12, '', false, 'maud@v.example', true, now()),
               (13, '', false, 'both@v.example', true, now());
    INSERT INTO directory_agent (id, user_id, name, service_name, profile)
        VALUES (3, 11, 'Claire', '', 'regisseur'), (4, 13, 'Both', '', 'reviewer');
    INSERT INTO directory_citizen (id, public_id, user_id, kind, civility, first_name, last_name, organisation, email,
                                   phone, address, sort_key)
        VALUES (7, 'maud', 12, 'person', '', 'Maud', 'Lo', '', '', '', '', 'lo'),
               (8, 'both', 13, 'person', '', 'Both', 'Lo', '', '', '', '', 'lo');
    INSERT INTO audit_log_record (at, actor, verb, subject_kind, subject_id, source, target, details)
        SELECT now(), actor, 'told', 'tests', number, '', '', '{}'
        FROM unnest(%(actors)s::text[]) WITH ORDINALITY AS told (actor, number);
    INSERT INTO payments_refund (receipt_id, regie_id, state, request_key, cents, reason, requested_by, requested_at,
                                 decided_by, done_by, mandate)
        VALUES (1, 1, 'requested', 'k', 100, '', 'claire@v.example', now(), '', '', '');
    SET session_replication_role = origin
"""
ACTORS = {
    "claire@v.example": "agent:3",
    "Claire@V.example": "agent:3",
    "both@v.example": "agent:4",
    "maud@v.example": "citizen:7",
    "left@v.example": "unknown:left@v.example",
    "worker": "worker",
    "échéancier": "worker",
    "operator": "operator",
    "obole configuration": "operator",
    "return": "return",
    "payfip": "gateway:payfip",
}


@pytest.fixture(scope="module")
def migrated(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Fill the schema of before, migrate it, and let it be the default database."""
    with django_db_blocker.unblock():
        on_the_server(f"DROP DATABASE IF EXISTS {NAME}", f"CREATE DATABASE {NAME}")
        with Scratch(NAME).as_default():
            migrate(connections["default"], BEFORE)
            with connections["default"].cursor() as cursor:
                cursor.execute(FILL, {"actors": list(ACTORS)})
            migrate(connections["default"])
            yield
        on_the_server(f"DROP DATABASE {NAME} WITH (FORCE)")


@pytest.mark.parametrize("text", ACTORS)
def test_a_text_becomes_who_has_it_today_and_stays_their_name(migrated: None, text: str) -> None:
    subject = list(ACTORS).index(text) + 1
    assert Record.objects.get(verb="told", subject_id=subject).actor == Actor(ACTORS[text], text)


def test_nobody_stays_nobody(migrated: None) -> None:
    refund = Refund.objects.get()
    assert (refund.requested_by.id, refund.decided_by, refund.done_by) == ("agent:3", None, None)
