"""What the worker does for bordereaux de versement."""

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from obole.lib import dates
from obole.lib.queue import task
from obole.remittances import operations, pdf_documents


@task("remittances.render", queue="documents", retry=RetryStrategy(max_attempts=5, exponential_wait=3))
def render(remittance_id: int) -> None:
    """Make the document of a bordereau."""
    pdf_documents.ensure_remittance_pdf(remittance_id=remittance_id, at=dates.now())


@app.periodic(cron="41 * * * *")
@task("remittances.follow_limits", queue="clock", queueing_lock="remittances.follow_limits")
def follow_limits(timestamp: int) -> None:
    """Look, every hour, whether a régie holds too much or pays over too late."""
    operations.follow_limits(at=dates.now())
