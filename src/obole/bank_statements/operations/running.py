"""Accepting at once all the proposals that agree to the cent: a person saw how many and how much."""

from datetime import datetime

from obole.audit_log import operations as audit_log
from obole.bank_statements import queries, states
from obole.bank_statements.models import AcceptanceRun, BankLine
from obole.bank_statements.operations import settling
from obole.directory.rules import NotAllowed
from obole.lib.actors import Actor
from obole.lib.queue import defer
from obole.lib.transactions import atomic_with_retry
from obole.regies.access import require_mandate
from obole.regies.models import Regie

AT_ONCE = 100
"""Lines that a page may wait for."""
SLICE = 500


class ProposalsMoved(Exception):
    """There are more or fewer proposals than the person saw: nothing is accepted."""


def accept_all(*, regie_id: int, seen: queries.Sums, actor: Actor, at: datetime) -> AcceptanceRun:
    """
    Accept every proposal that agrees to the cent: a few now, many by the worker. One run at a time for a régie.

    :param seen: how many, and what they come to, as it was shown.
    :raises ProposalsMoved: if that changed.
    """
    run = _ask(regie_id=regie_id, seen=seen, actor=actor, at=at)
    if len(run.lines) <= AT_ONCE:
        perform_acceptance(run_id=run.pk, at=at)
        run.refresh_from_db()
    return run


@atomic_with_retry
def _ask(*, regie_id: int, seen: queries.Sums, actor: Actor, at: datetime) -> AcceptanceRun:
    regie = Regie.objects.locked().get(pk=regie_id)
    require_mandate(regie_id=regie_id, actor=actor, at=at)
    going = AcceptanceRun.objects.filter(regie=regie, ended_at=None).first()
    if going is not None:
        return going
    rows = list(queries.sure_lines(regie_id).values_list("pk", "cents"))
    if (len(rows), sum(cents for _pk, cents in rows)) != (seen.count, seen.cents) or not rows:
        raise ProposalsMoved
    run = AcceptanceRun.objects.create(
        regie=regie, lines=[pk for pk, _cents in rows], cents=seen.cents, asked_by=actor, asked_at=at
    )
    audit_log.log_event("bank_lines.accept", subject=run, actor=actor, at=at, lines=seen.count, cents=seen.cents)
    if len(rows) > AT_ONCE:
        defer("bank_statements.accept", run_id=run.pk, lock=f"bank_statements.accept:{regie_id}")
    return run


def perform_acceptance(*, run_id: int, at: datetime) -> None:
    """Go through a run, some lines at a time; one that was interrupted goes on where it was."""
    while True:
        try:
            if not _some(run_id=run_id, at=at):
                return
        except (NotAllowed, settling.AccountTooLow):
            # Who asked may not any more, or the account says no: what is left waits for a person.
            _end(run_id=run_id, at=at)
            return


@atomic_with_retry
def _some(*, run_id: int, at: datetime) -> bool:
    """Accept the next lines of a run; say whether there are more."""
    run = AcceptanceRun.objects.select_for_update().get(pk=run_id)
    if run.ended_at is not None:
        return False
    require_mandate(regie_id=run.regie_id, actor=run.asked_by, at=at)
    some = run.lines[run.done : run.done + SLICE]
    lines = settling.lock_lines(some)
    decisions = [settling.as_decision(line) for line in lines.values() if _was_seen(line, run)]
    run.accepted += len(settling.settle(lines, decisions, actor=run.asked_by, at=at))
    run.done += len(some)
    if run.done >= len(run.lines):
        run.ended_at = at
    run.save(update_fields=["accepted", "done", "ended_at"])
    return run.ended_at is None


def _was_seen(line: BankLine, run: AcceptanceRun) -> bool:
    """Tell whether a line is still proposed as it was when the run was asked for."""
    if not states.MATCH.allows(line) or not line.proposal or line.proposed_at is None:
        return False
    return bool(line.proposal["sure"]) and line.proposed_at <= run.asked_at


@atomic_with_retry
def _end(*, run_id: int, at: datetime) -> None:
    run = AcceptanceRun.objects.select_for_update().get(pk=run_id)
    run.ended_at = run.ended_at or at
    run.save(update_fields=["ended_at"])
    audit_log.log_event("bank_lines.accept_ended", subject=run, actor=run.asked_by, at=at, accepted=run.accepted)
