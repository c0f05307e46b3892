"""In whose hands a task is: « Confier »."""

from datetime import datetime

from obole.audit_log import operations as audit_log
from obole.lib import dates
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry
from obole.payments import queries
from obole.payments.models import Anomaly
from obole.payments.operations.anomalies import lock_anomaly, told_at
from obole.regies.access import require_mandate


class CannotAct(ValueError):
    """An agent does not act for the régie of the task, or is no more here."""


class TaskEnded(ValueError):
    """Somebody dealt with it already: it needs nobody any more."""


@atomic_with_retry
def assign_anomaly(*, anomaly_id: int, agent_id: int | None, actor: Actor, at: datetime) -> Anomaly:
    """
    Put what waits in the hands of an agent who acts for its régie, whoever had it; of nobody, it is everyone's again.

    It takes nothing from the others: whoever answers for the régie may still deal with it.

    :raises obole.directory.rules.NotAllowed: to who has no mandate for its régie.
    :raises TaskEnded: if it was dealt with.
    :raises CannotAct: if that agent does not act for its régie.
    """
    anomaly = lock_anomaly(anomaly_id)
    if anomaly.regie_id is not None:
        require_mandate(regie_id=anomaly.regie_id, actor=actor, at=at)
    if anomaly.closed_at is not None:
        raise TaskEnded(anomaly.cause)
    agent = None
    if agent_id is not None:
        agent = queries.agents_to_give(anomaly, today=dates.day_of(at)).filter(pk=agent_id).first()
        if agent is None:
            raise CannotAct(agent_id)
    if anomaly.assignee_id == agent_id:
        return anomaly
    before, anomaly.assignee = anomaly.assignee, agent
    anomaly.save(update_fields=["assignee"])
    named = {"before": before.name if before else "", "after": agent.name if agent else ""}
    audit_log.log_event("anomaly.assign", subject=told_at(anomaly), actor=actor, at=at, kind=anomaly.kind, **named)
    return anomaly
