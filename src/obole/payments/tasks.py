"""What the worker does for payments."""

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from obole.lib import days
from obole.lib.queue import task
from obole.payments import operations, papers


@task("payments.resolve", queue="bank", priority=10, retry=RetryStrategy(max_attempts=3, exponential_wait=5))
def resolve(attempt_id: int, actor: str) -> None:
    """Ask the bank what became of an attempt."""
    operations.resolve_attempt(attempt_id=attempt_id, actor=actor, at=days.now())


@task("payments.probe", queue="bank", priority=10)
def probe(regie_id: int) -> None:
    """Ask a bank that was down whether it is back."""
    operations.probe_bank(regie_id=regie_id, at=days.now())


@app.periodic(cron="* * * * *")
@task("payments.sweep", queue="clock", queueing_lock="payments.sweep")
def sweep(timestamp: int) -> None:
    """Ask about every attempt whose time has come."""
    operations.sweep(at=days.now())


@task("payments.send_receipt", queue="documents", retry=RetryStrategy(max_attempts=5, exponential_wait=3))
def send_receipt(receipt_id: int) -> None:
    """Make a receipt and mail it."""
    papers.send_receipt(receipt_id=receipt_id, at=days.now())


@app.periodic(cron="17 3 * * *")
@task("payments.verify", queue="clock", queueing_lock="payments.verify", lock="payments.verify")
def verify(timestamp: int) -> None:
    """Recompute the books, every night."""
    operations.verify_books(at=days.now())


@app.periodic(cron="23 * * * *")
@task("payments.look_around", queue="clock", queueing_lock="payments.look_around")
def look_around(timestamp: int) -> None:
    """Open tasks for refunds that wait and mails that did not leave, every hour."""
    operations.look_around(at=days.now())
