"""What the worker does for dossiers."""

import logging

from procrastinate.contrib.django import app

from obole.lib import dates, stored_files
from obole.lib.queue import task

logger = logging.getLogger(__name__)


@app.periodic(cron="47 2 * * *")
@task("dossiers.collect_files", queue="clock", queueing_lock="dossiers.collect_files", lock="dossiers.collect_files")
def collect_files(timestamp: int) -> None:
    """Remove, every night, the files of dossiers that were never sent."""
    removed = stored_files.collect(at=dates.now())
    logger.info("%d files that nothing names are removed, %d bytes", len(removed), sum(item.size for item in removed))
