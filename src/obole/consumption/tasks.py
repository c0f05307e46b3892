"""What the worker does for files of attendance."""

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from obole.consumption import operations
from obole.consumption.operations.files import run_again
from obole.lib import dates
from obole.lib.queue import task


@task("consumption.run_file", queue="documents", retry=RetryStrategy(max_attempts=8, exponential_wait=3))
def run_file(file_id: int) -> None:
    """Go over the next shares of a file, and ask for the rest."""
    if operations.run_shares(file_id=file_id, at=dates.now()):
        run_again(file_id)


@app.periodic(cron="26 * * * *")
@task("consumption.look_around", queue="clock", queueing_lock="consumption.look_around")
def look_around(timestamp: int) -> None:
    """Go on with what was left."""
    operations.resume(at=dates.now())
