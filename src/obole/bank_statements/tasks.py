"""What the worker does for the bank's statements."""

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from obole.bank_statements import operations
from obole.lib import dates
from obole.lib.queue import task


@task("bank_statements.propose", queue="documents", retry=RetryStrategy(max_attempts=3, wait=5))
def propose(regie_id: int) -> None:
    """Look for what the open lines of a régie are."""
    operations.propose_matches(regie_id=regie_id, at=dates.now())


@task("bank_statements.accept", queue="documents", retry=RetryStrategy(max_attempts=5, wait=5))
def accept(run_id: int) -> None:
    """Go through the proposals that a person accepted together."""
    operations.perform_acceptance(run_id=run_id, at=dates.now())


@app.periodic(cron="41 * * * *")
@task("bank_statements.look_around", queue="clock", queueing_lock="bank_statements.look_around")
def look_around(timestamp: int) -> None:
    """Look again, every hour, for what the open lines are, and for what stays on one side."""
    operations.propose_everywhere(at=dates.now())
    operations.follow_sides(at=dates.now())
