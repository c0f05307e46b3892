"""What the worker does for personal data."""

import logging

from procrastinate.contrib.django import app

from obole.lib import dates
from obole.lib.queue import task
from obole.personal_data import operations

logger = logging.getLogger(__name__)


@app.periodic(cron="23 3 * * *")
@task("personal_data.purge", queue="clock", queueing_lock="personal_data.purge", lock="personal_data.purge")
def purge(timestamp: int) -> None:
    """Let go of what was kept long enough, every night, and say how much."""
    done = operations.purge(at=dates.now())
    logger.warning("purged", extra={"purged": done})
