"""What the worker does for reminders."""

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from obole.lib import dates
from obole.lib.queue import AWAY, each, task
from obole.reminders import operations, queries


@app.periodic(cron="7 * * * *")
@task("reminders.run", queue="clock", queueing_lock="reminders.run", lock="reminders.run")
def run(timestamp: int) -> None:
    """Remind everyone whose reminder is due; run again, it finds nobody."""
    at = dates.now()
    each(
        queries.candidates(dates.day_of(at), hour=dates.local(at).hour),
        lambda invoice: operations.remind(invoice_id=invoice, at=at),
    )


@task(
    "reminders.deliver",
    queue="mail",
    retry=RetryStrategy(max_attempts=8, exponential_wait=4, retry_exceptions={OSError, *AWAY}),
)
def deliver(message_id: int) -> None:
    """Hand one reminder over, if it still makes sense."""
    operations.deliver(message_id=message_id, at=dates.now())
