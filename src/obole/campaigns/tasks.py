"""What the worker does for campaigns: some lots at a time, so that whoever waits behind has their turn."""

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from obole.campaigns import operations
from obole.lib import dates
from obole.lib.queue import AWAY, task

LOTS = 5
"""Lots done by one task."""
AGAIN = RetryStrategy(max_attempts=8, exponential_wait=3, retry_exceptions=set(AWAY))


@task("campaigns.compute", queue="documents", retry=AGAIN)
def compute(campaign_id: int, lane: int) -> None:
    """Make the next drafts of a campaign, and ask for the rest."""
    for _lot in range(LOTS):
        if not operations.compute_next(campaign_id=campaign_id, at=dates.now()):
            operations.finish_computing(campaign_id=campaign_id, at=dates.now())
            return
    operations.compute_lane(campaign_id, lane)


@task("campaigns.deposit", queue="documents", retry=AGAIN)
def deposit(campaign_id: int) -> None:
    """Deposit the next lots of a campaign, and ask for the rest."""
    for _lot in range(LOTS):
        if not operations.deposit_next(campaign_id=campaign_id, at=dates.now()):
            return
    operations.deposit_again(campaign_id)


@task("campaigns.discard", queue="documents", retry=AGAIN)
def discard(campaign_id: int) -> None:
    """Give up the drafts of a campaign that was given up."""
    while operations.discard_next(campaign_id=campaign_id, at=dates.now()):
        pass


@app.periodic(cron="29 * * * *")
@task("campaigns.look_around", queue="clock", queueing_lock="campaigns.look_around")
def look_around(timestamp: int) -> None:
    """Go on with what was left."""
    operations.resume(at=dates.now())
