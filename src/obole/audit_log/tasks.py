"""What the worker does for the audit log."""

import time

from procrastinate.contrib.django import app

from obole.audit_log import seals
from obole.lib import dates
from obole.lib.queue import task

TRIES, REST_SECONDS = 50, 0.1


@app.periodic(cron="*/10 * * * *")
@task("audit_log.seal", queue="clock", queueing_lock="audit_log.seal")
def seal(timestamp: int) -> None:
    """Seal what was written since the last time, in a moment when nobody writes."""
    for _try in range(TRIES):
        if seals.seal(at=dates.now()):
            return
        time.sleep(REST_SECONDS)
