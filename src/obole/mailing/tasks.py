"""What the worker does for mails."""

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from obole.lib import days
from obole.lib.queue import task
from obole.mailing import operations


@task(
    "mailing.deliver",
    queue="mail",
    retry=RetryStrategy(max_attempts=8, exponential_wait=4, retry_exceptions={OSError}),
)
def deliver(message_id: int) -> None:
    """Hand one mail over."""
    operations.deliver(message_id=message_id, at=days.now())


@app.periodic(cron="*/5 * * * *")
@task("mailing.recover", queue="mail", queueing_lock="mailing.recover")
def recover(timestamp: int) -> None:
    """Find the mails whose worker died."""
    operations.recover_abandoned(at=days.now())
