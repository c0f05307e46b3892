"""A job that always fails is parked and stops no other; a queue of very many rows is read by its index: F56, F57."""

import asyncio
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from obole.api.status import service_status
from obole.mailing import operations as mailing, tasks
from obole.mailing.models import Message
from obole.mailing.rules import RenderedMail
from tests.faults.steps import RED
from tests.mailing.server import PostOffice
from tests.world import NOON, later

MOST_TRIES, MANY = 9, 10
"""The first, and eight more."""


def work() -> None:
    """Let a real worker do all that may be done now."""

    async def until_nothing_is_left() -> None:
        async with queue.open_async():
            await queue.run_worker_async(
                wait=False, install_signal_handlers=False, listen_notify=False, delete_jobs="successful"
            )

    connector: Any = app.connector
    with app.replace_connector(connector.get_worker_connector()) as queue:
        asyncio.run(until_nothing_is_left())


def time_passes() -> None:
    ProcrastinateJob.objects.filter(status="todo").update(scheduled_at=None)


def write(*causes: str) -> list[Message]:
    words = RenderedMail("Objet", "Texte", "")
    letters = [mailing.Email(cause=cause, kind="test", to="usager@example.org", rendered=words) for cause in causes]
    with transaction.atomic():
        return list(mailing.queue_many(letters, at=NOON).values())


def poison(monkeypatch: pytest.MonkeyPatch, message: Message, error: Exception) -> list[int]:
    """Have the delivery of a mail raise, always; return a list that grows with each try."""
    tries: list[int] = []
    deliver = mailing.deliver

    def fails(*, message_id: int, at: Any) -> None:
        if message_id == message.pk:
            tries.append(message_id)
            raise error
        deliver(message_id=message_id, at=at)

    monkeypatch.setattr(tasks.operations, "deliver", fails)
    return tries


def f56(monkeypatch: pytest.MonkeyPatch, error: Exception, *, tried: int) -> None:
    bad, *good = write("poison", *(f"good:{n}" for n in range(MANY)))
    tries = poison(monkeypatch, bad, error)
    work()
    assert Message.objects.filter(pk__in=[message.pk for message in good], state="sent").count() == MANY
    for _turn in range(2 * MOST_TRIES):
        time_passes()
        work()
    assert len(tries) == tried
    parked = ProcrastinateJob.objects.exclude(status="succeeded").get()
    assert (parked.status, parked.attempts, parked.args) == ("failed", tried, {"message_id": bad.pk})
    assert service_status(at=later(60))["jobs_failed"] == 1
    (after,) = write("after")
    work()
    after.refresh_from_db()
    assert after.state == "sent"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("error", "tried"), [(OSError("no"), MOST_TRIES), (ZeroDivisionError("bug"), 1)], ids=["for now", "a bug"]
)
def test_f56_a_job_that_always_fails_is_parked_told_and_stops_no_other(
    office: PostOffice, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception, tried: int
) -> None:
    with caplog.at_level(logging.ERROR):
        f56(monkeypatch, error, tried=tried)
    assert any("mailing.deliver" in record.getMessage() for record in caplog.records)


@pytest.mark.django_db(transaction=True)
def test_neg_f56_without_a_bound_it_is_never_parked(office: PostOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    strategy: Any = app.tasks["mailing.deliver"].retry_strategy
    monkeypatch.setattr(strategy, "max_attempts", None)
    with pytest.raises(RED):
        f56(monkeypatch, OSError("no"), tried=MOST_TRIES)


CLAIMS = "procrastinate_jobs_priority_idx_v1"
FILL = """
    INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, args, status, scheduled_at, attempts)
    SELECT CASE n %% 3 WHEN 0 THEN 'bank' WHEN 1 THEN 'mail' ELSE 'clock' END, 'mailing.deliver', 0,
        CASE WHEN n %% 2 = 0 THEN 'lock:' || n END, '{{}}',
        (CASE WHEN n %% 20 = 0 THEN 'todo' WHEN n %% 2 = 0 THEN 'failed' ELSE 'succeeded' END
        )::procrastinate_job_status,
        CASE WHEN n %% 40 = 0 THEN now() + interval '1 hour' END, 1
    FROM generate_series(1, {rows}) AS n
"""


def claim() -> str:
    """Return the question by which a worker of this version of the queue claims its next job."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'procrastinate_fetch_job_v2'")
        [(source,)] = cursor.fetchall()
    found = re.search(r"WITH candidate AS \(\s*(SELECT.*?SKIP LOCKED)\s*\)", source, re.S)
    assert found is not None, "claims never wait for one another"
    return found[1]


def scans(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if plan.get("Relation Name") == "procrastinate_jobs":
        yield plan
    for part in plan.get("Plans", ()):
        yield from scans(part)


def f57(queues: str, *, rows: int = 60_000) -> None:
    with connection.cursor() as cursor:
        cursor.execute(FILL.format(rows=rows), [])
        cursor.execute("ANALYZE procrastinate_jobs")
        cursor.execute(f"EXPLAIN (FORMAT JSON) {claim().replace('target_queue_names', queues)}")
        [(plan,)] = cursor.fetchall()
    every = list(scans((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]))
    assert [one.get("Index Name") for one in every if one["Alias"] == "jobs"] == [CLAIMS]
    assert {one["Node Type"] for one in every} <= {"Index Scan", "Index Only Scan", "Bitmap Heap Scan"}


@pytest.mark.django_db
@pytest.mark.parametrize("queues", ["NULL::varchar[]", "ARRAY['mail', 'clock']::varchar[]"], ids=["all", "some"])
def test_f57_a_claim_reads_the_partial_index_whatever_the_queue_has_seen(queues: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", [CLAIMS])
        [(definition,)] = cursor.fetchall()
    assert "WHERE (status = 'todo'" in definition
    f57(queues)


@pytest.mark.django_db
def test_neg_f57_without_the_index_a_claim_reads_every_row() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX {CLAIMS}")
    with pytest.raises(RED):
        f57("NULL::varchar[]")
