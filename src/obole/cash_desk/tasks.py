"""What the worker does for the cash desk."""

from procrastinate import RetryStrategy

from obole.cash_desk import pdf_documents
from obole.lib import dates
from obole.lib.queue import task


@task("cash_desk.render_deposit", queue="documents", retry=RetryStrategy(max_attempts=5, exponential_wait=3))
def render_deposit(deposit_id: int) -> None:
    """Make the bordereau of a remise."""
    pdf_documents.ensure_deposit_pdf(deposit_id=deposit_id, at=dates.now())
