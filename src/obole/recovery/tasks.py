"""What the worker does for transmissions, holds and agreements."""

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from obole.lib import dates
from obole.lib.queue import AWAY, each, task
from obole.recovery import operations, queries


@task("recovery.send", retry=RetryStrategy(max_attempts=8, exponential_wait=4, retry_exceptions={*AWAY}))
def send(transmission_id: int) -> None:
    """Hand over the invoices of a transmission that still wait, each in its own transaction, then end it."""
    waiting = queries.waiting_lines(transmission_id)
    each(waiting, lambda line: operations.send_line(line_id=line, at=dates.now()))
    operations.finish_transmission(transmission_id=transmission_id, at=dates.now())


@app.periodic(cron="3 * * * *")
@task("recovery.end_holds", queue="clock", queueing_lock="recovery.end_holds", lock="recovery.end_holds")
def end_holds(timestamp: int) -> None:
    """Write that holds are over, once their last day is past; run again, it finds none."""
    at = dates.now()
    over = list(queries.holds_over(dates.day_of(at)).values_list("pk", flat=True))
    each(over, lambda hold: operations.end_hold(hold_id=hold, at=at))


@app.periodic(cron="11 * * * *")
@task("recovery.follow_agreements", queue="clock", queueing_lock="recovery.agreements", lock="recovery.agreements")
def follow_agreements(timestamp: int) -> None:
    """Recall instalments, and write which agreements are kept or broken; run again, it finds nothing to do."""
    at = dates.now()
    each(queries.agreements_open(), lambda agreement: operations.follow_agreement(agreement_id=agreement, at=at))


@task(
    "recovery.deliver_notice",
    queue="mail",
    retry=RetryStrategy(max_attempts=8, exponential_wait=4, retry_exceptions={OSError, *AWAY}),
)
def deliver_notice(message_id: int) -> None:
    """Hand over one mail about an instalment, if it still makes sense."""
    operations.deliver_notice(message_id=message_id, at=dates.now())


@app.periodic(cron="37 * * * *")
@task("recovery.resume", queue="clock", queueing_lock="recovery.resume", lock="recovery.resume")
def resume(timestamp: int) -> None:
    """Take up again what stayed on its way: a row that failed, a worker that died."""
    each(queries.unfinished(), lambda transmission: send.func(transmission_id=transmission))
