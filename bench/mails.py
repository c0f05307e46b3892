"""Reminders handed over to a real SMTP server by a real worker, which is killed in the middle once."""

import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from email.header import decode_header, make_header
from pathlib import Path

from django.db import connection

from bench.measures import make_drafts
from obole.billing import operations as billing
from obole.lib import dates
from obole.mailing.models import Message
from obole.mailing.states import MessageState
from obole.reminders import operations as reminders
from obole_demo.processes import Processes, obole
from tests.mailing.server import start_post_office
from tests.world import WHO, Town

MAILS = 600
AT_ONCE = 200
LONGEST_SECONDS = 300


@dataclass(frozen=True)
class Handed:
    """What a server got of so many reminders: how many a second before the kill; how many once, and more than once."""

    count: int
    per_second: float
    once: int
    more: int
    doubtful: int
    """In the hands of the worker that was killed: they are not sent again, and wait for a person."""


def hand_over(town: Town) -> Handed:
    """Let a worker send a third of the reminders, measure while it sends another third, kill it, start another one."""
    _decide(town)
    sent = Message.objects.filter(kind="reminder_1")
    with start_post_office() as office:
        logs, where = Path(os.environ["OBOLE_VAR"]) / "logs", {"OBOLE_SMTP_URL": f"smtp://127.0.0.1:{office.port}"}
        first, second = (Processes(logs, where) for _worker in range(2))
        try:
            first.start("mails", obole("work"))
            _wait_until(lambda: len(office.got) >= MAILS // 3)
            began, already = time.perf_counter(), len(office.got)
            _wait_until(lambda: len(office.got) >= 2 * MAILS // 3)
            rate = (len(office.got) - already) / (time.perf_counter() - began)
            first.kill()
            second.start("mails-again", obole("work"))
            _wait_until(lambda: not sent.filter(state=MessageState.QUEUED).exists())
        finally:
            first.stop()
            second.stop()
        got = Counter(str(make_header(decode_header(mail["Subject"]))) for mail in office.mails())
    times = [*got.values()]
    return Handed(
        MAILS, rate, times.count(1), len(times) - times.count(1), sent.filter(state=MessageState.SENDING).count()
    )


def _decide(town: Town) -> None:
    """Decide reminders of invoices of their own, eight days after they were due; leave nothing else to the worker."""
    drafts = make_drafts(town, count=MAILS)
    invoices = billing.issue_batch(invoice_ids=[draft.pk for draft in drafts], actor=WHO, at=dates.now())
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs WHERE status = 'todo'")
    late = dates.now() + timedelta(days=town.type.payment_term + 8)
    for first in range(0, MAILS, AT_ONCE):
        reminders.remind_many(invoice_ids=[one.pk for one in invoices[first : first + AT_ONCE]], at=late)


def _wait_until(done: Callable[[], bool]) -> None:
    end = time.perf_counter() + LONGEST_SECONDS
    while not done():
        if time.perf_counter() > end:
            raise TimeoutError("the mails do not come to an end")
        time.sleep(0.05)
