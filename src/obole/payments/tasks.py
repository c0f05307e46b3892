"""What the worker does for payments."""

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from obole.lib import dates
from obole.lib.actors import Actor
from obole.lib.queue import BANK, task
from obole.payments import operations, pdf_documents


@task("payments.resolve", queue=BANK, priority=10, retry=RetryStrategy(max_attempts=3, wait=5))
def resolve(attempt_id: int, actor: dict[str, str]) -> None:
    """Ask the bank what became of an attempt."""
    operations.resolve_attempt(attempt_id=attempt_id, actor=Actor(**actor), at=dates.now())


@task("payments.probe", queue=BANK, priority=10)
def probe(regie_id: int) -> None:
    """Ask a bank that was down whether it is back."""
    operations.probe_bank(regie_id=regie_id, at=dates.now())


@app.periodic(cron="* * * * *")
@task("payments.sweep", queue="clock", queueing_lock="payments.sweep")
def sweep(timestamp: int) -> None:
    """Ask about every attempt whose time has come."""
    operations.sweep(at=dates.now())


@task("payments.send_receipt", queue="documents", retry=RetryStrategy(max_attempts=5, exponential_wait=3))
def send_receipt(receipt_id: int) -> None:
    """Make a receipt and mail it."""
    pdf_documents.send_receipt(receipt_id=receipt_id, at=dates.now())


@app.periodic(cron="23 * * * *")
@task("payments.look_around", queue="clock", queueing_lock="payments.look_around")
def look_around(timestamp: int) -> None:
    """Open tasks for refunds that wait and mails that did not leave, every hour."""
    operations.open_overdue_tasks(at=dates.now())
