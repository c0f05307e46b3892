"""What the worker does for the books."""

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from obole.books import operations, pdf_documents
from obole.books.documents import handover as handover_documents
from obole.lib import dates
from obole.lib.queue import task


@app.periodic(cron="17 3 * * *")
@task("books.verify", queue="clock", queueing_lock="books.verify", lock="books.verify")
def verify(timestamp: int) -> None:
    """Recompute the books, every night."""
    operations.verify_books(at=dates.now())


@task("books.render_closing", queue="documents", retry=RetryStrategy(max_attempts=5, exponential_wait=3))
def render_closing(closing_id: int) -> None:
    """Make the paper of an arrêté."""
    pdf_documents.ensure_closing_pdf(closing_id=closing_id, at=dates.now())


@task("books.render_handover", queue="documents", retry=RetryStrategy(max_attempts=5, exponential_wait=3))
def render_handover(handover_id: int) -> None:
    """Make the procès-verbal of a remise de service."""
    handover_documents.ensure_handover_pdf(handover_id=handover_id, at=dates.now())
