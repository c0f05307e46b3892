"""What the worker does for invoices."""

from procrastinate import RetryStrategy

from obole.billing import operations, papers
from obole.lib import days
from obole.lib.queue import task


@task("billing.render", queue="documents", retry=RetryStrategy(max_attempts=5, exponential_wait=3))
def render(invoice_id: int) -> None:
    """Make the invoice's PDF."""
    papers.ensure_document(invoice_id=invoice_id, at=days.now())


@task("billing.render_credit_note", queue="documents", retry=RetryStrategy(max_attempts=5, exponential_wait=3))
def render_credit_note(credit_note_id: int) -> None:
    """Make the PDF of an avoir."""
    papers.ensure_credit_note(credit_note_id=credit_note_id, at=days.now())


@task("billing.deposit", queue="documents", retry=RetryStrategy(max_attempts=5, exponential_wait=3))
def deposit(regie_id: int, year: int, first: int, last: int) -> None:
    """Ask for the mails and documents of invoices that were issued together."""
    operations.deposit_batch(regie_id=regie_id, year=year, first=first, last=last, at=days.now())
