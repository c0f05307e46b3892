"""What becomes of the letters of before, which were of reminders alone: their rows, batches and papers move whole."""

from importlib import import_module

import pytest
from django.db import connection

from obole.billing.models import Letter, LetterBatch, LetterBatchPdf
from obole.mailing.models import Message
from obole.reminders.models import Reminder
from tests.world import NOON, Town, later, make_invoice, make_town

pytestmark = pytest.mark.django_db
migration = import_module("obole.reminders.migrations.0005_letters_of_billing")
BEFORE = """
    SET CONSTRAINTS ALL IMMEDIATE;
    ALTER TABLE reminders_reminder DROP CONSTRAINT reminder_by_mail_or_on_paper;
    UPDATE reminders_reminder SET message_id = NULL;
    CREATE TABLE reminders_letterbatch AS
        SELECT 41::bigint AS id, %(regie)s AS regie_id, now() AS made_at,
            '{"id": "operator:x", "name": "x"}'::jsonb AS made_by, 1 AS count,
            NULL::timestamptz AS posted_at, NULL::jsonb AS posted_by;
    CREATE TABLE reminders_letter AS
        SELECT 51::bigint AS id, id AS reminder_id, 'Objet ' || step AS subject, 'Texte' AS text,
            CASE step WHEN 1 THEN 41::bigint END AS batch_id,
            CASE step WHEN 2 THEN now() END AS dropped_at
        FROM reminders_reminder;
    UPDATE reminders_letter SET id = 52 WHERE subject = 'Objet 2';
    CREATE TABLE reminders_letterbatchpdf AS
        SELECT 61::bigint AS id, 41::bigint AS batch_id, 'abc' AS digest, 3 AS size, now() AS rendered_at;
"""


@pytest.fixture
def town(db: None) -> Town:
    return make_town()


@pytest.fixture
def moved(town: Town) -> Town:
    invoice = make_invoice(town)
    for step in (1, 2):
        message = Message.objects.create(cause=f"x{step}", kind="reminder_1", to="a@example.org", created_at=NOON)
        Reminder.objects.create(invoice=invoice, step=step, message=message, decided_at=later(days=step))
    with connection.cursor() as cursor:
        cursor.execute(BEFORE, {"regie": town.regie.pk})
        cursor.execute(migration.MOVE)
    return town


def test_each_letter_keeps_its_number_its_words_and_its_reminder(moved: Town) -> None:
    first, second = Letter.objects.order_by("id")
    assert (first.pk, first.kind, first.subject, first.batch_id, first.dropped_at) == (
        51,
        "reminder",
        "Objet 1",
        41,
        None,
    )
    assert (second.pk, second.subject, second.batch_id, second.dropped_at is None) == (52, "Objet 2", None, False)
    for letter in (first, second):
        assert letter.written_at == letter.reminder.decided_at and letter.invoice_id == letter.reminder.invoice_id


def test_a_batch_keeps_its_number_and_the_next_one_has_another(moved: Town) -> None:
    paper = LetterBatchPdf.objects.get()
    assert (paper.pk, paper.batch_id, paper.digest, paper.batch.made_by.name) == (61, 41, "abc", "x")
    again = LetterBatch.objects.create(regie=moved.regie, made_at=NOON, made_by=paper.batch.made_by, count=1)
    assert again.pk == 42
