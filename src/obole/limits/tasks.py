"""What the worker does for the limits."""

from procrastinate.contrib.django import app

from obole.lib import dates
from obole.lib.queue import task
from obole.limits import operations


@app.periodic(cron="41 * * * *")
@task("limits.purge", queue="clock", queueing_lock="limits.purge")
def purge(timestamp: int) -> None:
    """Drop the meters that are empty, every hour."""
    operations.purge(at=dates.now())
