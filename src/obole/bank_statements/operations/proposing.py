"""Looking for what the open lines are: nothing is decided, and nothing booked."""

from datetime import datetime

from obole.bank_statements import queries
from obole.bank_statements.models import BankLine
from obole.bank_statements.rules import matching
from obole.bank_statements.states import LineState
from obole.lib import sql
from obole.lib.queue import defer_once, each
from obole.lib.transactions import atomic_with_retry

_KEEP = """
    UPDATE bank_statements_bankline SET proposal = said.proposal, proposed_at = %(at)s
    FROM json_to_recordset(%(said)s) AS said (id bigint, proposal jsonb)
    WHERE bank_statements_bankline.id = said.id AND bank_statements_bankline.id = ANY(%(ids)s) AND state = 'open'
        AND (bank_statements_bankline.proposal IS DISTINCT FROM said.proposal OR proposed_at IS NULL)
"""
"""What is proposed as before keeps its time: who accepts what they saw may be looking at it."""


@atomic_with_retry
def propose_matches(*, regie_id: int, at: datetime) -> int:
    """Keep with each open line of a régie what it seems to be now; return how many seem to be something."""
    lines = queries.lines_to_match(regie_id)
    found = {item.line: item.as_json() for item in matching.proposals(lines, queries.pool(regie_id))}
    said = [{"id": line.pk, "proposal": found.get(line.pk)} for line in lines]
    sql.execute(_KEEP, at=at, said=sql.as_json(said), ids=[line.pk for line in lines])
    return len(found)


def propose_everywhere(*, at: datetime) -> None:
    """Look again for every régie that has open lines: receipts came since."""
    waiting = BankLine.objects.filter(state=LineState.OPEN).order_by("regie").values_list("regie", flat=True).distinct()
    each(list(waiting), lambda regie_id: propose_matches(regie_id=regie_id, at=at))


def look_again(regie_id: int) -> None:
    """Ask the worker to look for what the open lines of a régie are, once what is being written is there."""
    defer_once("bank_statements.propose", key=f"bank_statements.propose:{regie_id}", regie_id=regie_id)
