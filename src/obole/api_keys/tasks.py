"""What the worker does for the keys."""

from procrastinate.contrib.django import app

from obole.api_keys import operations
from obole.lib import dates
from obole.lib.queue import task


@app.periodic(cron="52 3 * * *")
@task("api_keys.purge", queue="clock", queueing_lock="api_keys.purge")
def purge(timestamp: int) -> None:
    """Forget old calls, every night."""
    operations.purge_calls(at=dates.now())
