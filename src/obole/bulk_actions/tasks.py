"""What the worker does for actions on a selection."""

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from obole.bulk_actions import operations
from obole.bulk_actions.operations.asking import run_again
from obole.lib import dates
from obole.lib.queue import task

AT_ONCE = 50
"""Rows done by one task: whoever waits behind a long selection has their turn between two of them."""


@task("bulk_actions.run", queue="documents", retry=RetryStrategy(max_attempts=8, exponential_wait=3))
def run(action_id: int) -> None:
    """Do the next rows of an action, and ask for the rest."""
    for _row in range(AT_ONCE):
        if not operations.run_next(action_id=action_id, at=dates.now()):
            return
    run_again(action_id)


@app.periodic(cron="23 * * * *")
@task("bulk_actions.look_around", queue="clock", queueing_lock="bulk_actions.look_around")
def look_around(timestamp: int) -> None:
    """Go on with what was left, and forget what ended long ago."""
    operations.resume(at=dates.now())
    operations.forget_old(at=dates.now())
