"""What the worker does for mails."""

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from obole.lib import dates
from obole.lib.queue import AWAY, each, resume_interrupted, task
from obole.mailing import operations


@task(
    "mailing.deliver",
    queue="mail",
    retry=RetryStrategy(max_attempts=8, exponential_wait=4, retry_exceptions={OSError, *AWAY}),
)
def deliver(message_id: int) -> None:
    """Hand one mail over."""
    operations.deliver(message_id=message_id, at=dates.now())


@app.periodic(cron="* * * * *")
@task("mailing.recover", queue="clock", queueing_lock="mailing.recover")
def recover(timestamp: int) -> None:
    """Find what a dead worker left behind: the tasks that it was doing, whatever their room, and the mails."""
    each((resume_interrupted, operations.recover_abandoned), lambda recovery: recovery(at=dates.now()))


@app.periodic(cron="*/5 * * * *")
@task(
    "mailing.read_bounces",
    queue="mail",
    queueing_lock="mailing.read_bounces",
    lock="mailing.read_bounces",
    retry=RetryStrategy(max_attempts=4, exponential_wait=4, retry_exceptions={OSError, *AWAY}),
)
def read_bounces(timestamp: int) -> None:
    """Read the mails that came back."""
    operations.read_bounces(at=dates.now())
