"""What the worker does for reminders."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from obole.lib import dates
from obole.lib.queue import AWAY, defer, each, task
from obole.reminders import operations, queries

logger = logging.getLogger(__name__)
AT_ONCE = 200
"""Invoices decided in one transaction, which holds them meanwhile: who pays waits a fraction of a second."""
SHARE = 2_000
"""Invoices decided by the task that finds them; the rest is shared between the workers, so many to a task."""


@app.periodic(cron="7 * * * *")
@task("reminders.run", queue="clock", queueing_lock="reminders.run", lock="reminders.run")
def run(timestamp: int) -> None:
    """Remind everyone whose reminder is due, on paper if their mails came back; run again, it finds nobody."""
    at = dates.now()
    operations.leave_returned(at=at)
    hour = dates.local(at).hour
    found = iter(queries.candidates(dates.day_of(at), hour=hour))
    try:
        decide(islice(found, SHARE), at)
    finally:
        _share(found, hour=hour)


def _share(found: Iterator[int], *, hour: int) -> None:
    while some := list(islice(found, SHARE)):
        defer("reminders.decide", invoice_ids=".".join(map(str, some)), hour=hour)


@task("reminders.decide", queue="clock")
def decide_shared(invoice_ids: str, hour: int) -> None:
    """
    Decide the reminders of one task's share, if it is still the hour at which they were found: their types send at that
    one, and nobody is written to at night because a worker was away. What is left is found again by the next run.
    """
    at = dates.now()
    if dates.local(at).hour == hour:
        decide(map(int, invoice_ids.split(".")), at)


def decide(invoice_ids: Iterable[int], at: datetime) -> None:
    """Decide the reminders of invoices, many at once."""
    each(_by_so_many(iter(invoice_ids)), lambda some: _remind(some, at))


def _by_so_many(ids: Iterator[int]) -> Iterator[list[int]]:
    while some := list(islice(ids, AT_ONCE)):
        yield some


def _remind(invoice_ids: Sequence[int], at: datetime) -> None:
    """Remind the payers of some invoices together; where one is in the way, each alone, so that it stops no other."""
    try:
        operations.remind_many(invoice_ids=invoice_ids, at=at)
    except Exception:
        logger.warning("%d reminders could not be decided together", len(invoice_ids), exc_info=True)
        each(invoice_ids, lambda invoice: operations.remind(invoice_id=invoice, at=at))


@task(
    "reminders.deliver",
    queue="mail",
    retry=RetryStrategy(max_attempts=8, exponential_wait=4, retry_exceptions={OSError, *AWAY}),
)
def deliver(message_id: int) -> None:
    """Hand one reminder over, if it still makes sense."""
    operations.deliver(message_id=message_id, at=dates.now())


@task(
    "reminders.deliver_sms",
    queue="mail",
    retry=RetryStrategy(max_attempts=8, exponential_wait=4, retry_exceptions={OSError, *AWAY}),
)
def deliver_sms(message_id: int) -> None:
    """Hand over the SMS beside a reminder, if it still makes sense."""
    operations.deliver_sms(message_id=message_id, at=dates.now())
