"""How an action on a selection begins, and how it is stopped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from obole.audit_log import operations as audit_log
from obole.billing import operations as billing
from obole.billing.models import CreditNote
from obole.billing.operations import ReasonMissing
from obole.bulk_actions.models import BulkAction, BulkRow, BulkVerb
from obole.bulk_actions.operations.verbs import VERBS, require_right
from obole.bulk_actions.queries import AttestationWish
from obole.directory.models import Agent
from obole.directory.rules import NotAllowed
from obole.lib import dates
from obole.lib.actors import Actor
from obole.lib.queue import defer, defer_once
from obole.lib.transactions import atomic_with_retry
from obole.recovery import operations as recovery

KEPT = timedelta(days=90)
"""How long the rows of an action can be read again; the trail keeps what was done for as long as it keeps anything."""
STUCK_AFTER = timedelta(minutes=10)


class TooManyRows(Exception):
    """There are more rows than this verb takes at once; ``most`` says how many it takes."""

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self.most = most


class EmptySelection(Exception):
    """Nothing was chosen."""


@dataclass(frozen=True)
class BulkRequest:
    """What is asked for, of which rows in which order; ``left_out``: rows that were shown and are not done, and why."""

    verb: BulkVerb
    object_ids: Sequence[int]
    parameters: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[int, str] = field(default_factory=dict)


@atomic_with_retry
def start(*, asked: BulkRequest, request_key: str, actor: Actor, at: datetime) -> BulkAction:
    """
    Keep what is asked for and queue it; the same key again is the same action.

    Each row is then looked at and done by its own room's operation, which checks the agent's rights.

    :raises obole.directory.rules.NotAllowed: if the agent's profile does not give it, or if the key is somebody else's.
    :raises EmptySelection: if there is no row.
    :raises TooManyRows: if there are more than the verb takes.
    :raises obole.billing.operations.ReasonMissing: if invoices are cancelled, or due another day, without a reason.
    :raises obole.billing.operations.BadDays: if that day cannot be.
    :raises obole.recovery.operations.CannotHold: if reminders cannot wait until the day that is asked for.
    """
    agent = Agent.objects.get(pk=actor.pk_of("agent") or 0)
    require_right(agent, asked.verb)
    ids = list(dict.fromkeys(asked.object_ids))
    if not ids:
        raise EmptySelection
    if len(ids) > VERBS[asked.verb].most:
        raise TooManyRows(VERBS[asked.verb].most)
    parameters = _checked(asked, today=dates.day_of(at))
    action, is_new = BulkAction.objects.get_or_create(
        request_key=request_key,
        defaults={
            "agent": agent,
            "verb": asked.verb,
            "parameters": parameters,
            "asked_at": at,
            "total": len(ids),
            "skipped": len(asked.left_out.keys() & set(ids)),
        },
    )
    if action.agent_id != agent.pk:
        raise NotAllowed(f"{request_key} is an action of somebody else")
    if is_new:
        BulkRow.objects.bulk_create(_rows(action, ids, asked.left_out), batch_size=1000)
        audit_log.log_event("bulk.start", subject=action, actor=actor, at=at, asked=str(asked.verb), rows=len(ids))
        defer_once("bulk_actions.run", key=_key(action.pk), action_id=action.pk)
    return action


@atomic_with_retry
def cancel(*, action_id: int, actor: Actor, at: datetime) -> BulkAction:
    """
    Stop an action: what is done stays done, the row in hand is ended, the others are left. One that has ended stays so.

    :raises obole.directory.rules.NotAllowed: to anybody but the agent who asked for it.
    """
    action = BulkAction.objects.select_for_update().get(pk=action_id)
    if action.agent_id != actor.pk_of("agent"):
        raise NotAllowed(f"{actor.id} did not ask for {action_id}")
    if action.ended_at is not None:
        return action
    left = BulkRow.objects.filter(action=action, outcome=BulkRow.Outcome.PENDING)
    action.skipped += left.update(outcome=BulkRow.Outcome.SKIPPED, reason=_("Arrêté avant cette ligne."))
    action.cancelled_at = action.ended_at = at
    action.save(update_fields=["skipped", "cancelled_at", "ended_at"])
    audit_log.log_event("bulk.cancel", subject=action, actor=actor, at=at, done=action.done, left=action.skipped)
    return action


def resume(*, at: datetime) -> int:
    """Queue again what should be going on and is not: a database that was away for long. Return how many."""
    stuck = BulkAction.objects.filter(ended_at=None, asked_at__lt=at - STUCK_AFTER).order_by("pk")
    return sum(defer_once("bulk_actions.run", key=_key(pk), action_id=pk) for pk in stuck.values_list("pk", flat=True))


@atomic_with_retry
def forget_old(*, at: datetime) -> int:
    """Forget the actions that ended long ago, with their rows; their files then have no name, and are removed."""
    old = BulkAction.objects.filter(ended_at__lt=at - KEPT)
    count = old.count()
    old.delete()
    return count


def run_again(action_id: int) -> None:
    """Queue the rest of an action, once the slice in hand is done."""
    defer("bulk_actions.run", lock=_key(action_id), action_id=action_id)


def _key(action_id: int) -> str:
    return f"bulk_actions.run:{action_id}"


def _checked(asked: BulkRequest, *, today: date) -> dict[str, str]:
    """
    Return the parameters that the verb keeps.

    :raises obole.billing.operations.ReasonMissing: if one is missing.
    :raises obole.billing.operations.BadDays: if a day cannot be.
    :raises obole.recovery.operations.CannotHold: if reminders cannot wait until the day that is asked for.
    """
    if asked.verb in (BulkVerb.CANCEL_INVOICES, BulkVerb.REDO_INVOICES):
        return _checked_cancelling(asked)
    if asked.verb == BulkVerb.CHANGE_DUE_DATE:
        day = date.fromisoformat(str(asked.parameters["due_date"]))
        billing.check_due_date(day, today=today)
        return {"due_date": day.isoformat(), "comment": billing.check_reason(asked.parameters.get("comment", ""))}
    if asked.verb == BulkVerb.HOLD:
        given = asked.parameters
        hold = recovery.HoldRequest(date.fromisoformat(str(given["until"])), given["reason"], given["comment"])
        hold = recovery.check_hold(hold, today=today)
        return {"until": hold.until.isoformat(), "reason": hold.reason, "comment": hold.comment}
    if asked.verb in (BulkVerb.ASSIGN_DOSSIERS, BulkVerb.ASSIGN_TASKS):
        return {"agent": str(int(asked.parameters["agent"]))}
    if asked.verb == BulkVerb.ATTEST:
        return AttestationWish.of(asked.parameters).parameters
    return {}


def _checked_cancelling(asked: BulkRequest) -> dict[str, str]:
    code, comment = asked.parameters.get("code", ""), " ".join(asked.parameters.get("comment", "").split())[:250]
    if code not in CreditNote.Reason.values or (code == CreditNote.Reason.OTHER and not comment):
        raise ReasonMissing(_("Écrivez le motif : sans lui, l’usager ne comprendrait pas."))
    return {"code": code, "comment": comment}


def _rows(action: BulkAction, ids: Sequence[int], left_out: Mapping[int, str]) -> list[BulkRow]:
    return [
        BulkRow(
            action=action,
            object_id=pk,
            position=position,
            outcome=BulkRow.Outcome.SKIPPED if pk in left_out else BulkRow.Outcome.PENDING,
            reason=left_out.get(pk, ""),
        )
        for position, pk in enumerate(ids, start=1)
    ]
