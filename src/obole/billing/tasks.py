"""What the worker does for invoices."""

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from obole.billing import operations, pdf_documents, queries
from obole.lib import dates
from obole.lib.queue import defer_once, task


@task("billing.render", queue="documents", retry=RetryStrategy(max_attempts=5, exponential_wait=3))
def render(invoice_id: int) -> None:
    """Make the invoice's PDF."""
    pdf_documents.ensure_invoice_pdf(invoice_id=invoice_id, at=dates.now())


@task("billing.render_many", queue="documents", retry=RetryStrategy(max_attempts=5, exponential_wait=3))
def render_many(invoice_ids: str) -> None:
    """Make the PDFs of some invoices, whose ids are joined by dots."""
    pdf_documents.ensure_invoice_pdfs(invoice_ids=list(map(int, invoice_ids.split("."))), at=dates.now())


@task("billing.render_credit_note", queue="documents", retry=RetryStrategy(max_attempts=5, exponential_wait=3))
def render_credit_note(credit_note_id: int) -> None:
    """Make the PDF of an avoir."""
    pdf_documents.ensure_credit_note_pdf(credit_note_id=credit_note_id, at=dates.now())


@task("billing.deposit", queue="documents", retry=RetryStrategy(max_attempts=5, exponential_wait=3))
def deposit(regie_id: int, year: int, first: int, last: int) -> None:
    """Ask for the mails and documents of invoices that were issued together."""
    operations.deposit_batch(regie_id=regie_id, year=year, first=first, last=last, at=dates.now())


@app.periodic(cron="41 5-19 * * *")
@task("billing.bill_parts", queue="clock", queueing_lock="billing.bill_parts", lock="billing.bill_parts")
def bill_parts(timestamp: int) -> None:
    """
    Ask for the invoices of the parts whose day has come, each in a task of its own; run again, it finds those that are
    held.
    """
    for part_id in queries.instalments_to_bill(dates.day_of(dates.now())).values_list("pk", flat=True):
        defer_once("billing.bill_part", key=f"billing.bill_part:{part_id}", part_id=part_id)


@task("billing.bill_part", queue="clock", retry=RetryStrategy(max_attempts=3, exponential_wait=5))
def bill_part(part_id: int) -> None:
    """Issue the invoice of a part whose day has come."""
    operations.bill_due_instalment(part_id=part_id, at=dates.now())
