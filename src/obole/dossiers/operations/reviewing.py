"""What agents do with a dossier: take it, hand it over, write it down, decide, close and open again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from obole.audit_log import operations as audit_log
from obole.catalogue.fields import FilledBy
from obole.dossiers import emails, rules, states
from obole.dossiers.access import require_reviewer
from obole.dossiers.models import Attachment, Dossier, DossierNote
from obole.dossiers.queries import agents_to_assign
from obole.lib.actors import Actor
from obole.lib.states import Transition
from obole.lib.transactions import atomic_with_retry


class CannotReview(Exception):
    """An agent does not handle the prestation of the dossier, or is no more here."""


class EmptyNote(ValueError):
    """A note says nothing."""


class DossierEnded(Exception):
    """Nobody works on the dossier any more: it was refused, given up or closed."""


@atomic_with_retry
def take(*, dossier_id: int, agent_id: int, actor: Actor, at: datetime) -> Dossier:
    """
    Put a submitted dossier in this agent's hands.

    :raises obole.lib.states.ForbiddenTransition: if it is not waiting.
    """
    dossier = Dossier.objects.locked().get(pk=dossier_id)
    require_reviewer(dossier, actor=actor)
    step = states.TAKE.apply(dossier)
    dossier.agent_id = agent_id
    dossier.save(update_fields=["state", "agent"])
    audit_log.log_transition(step, subject=dossier, actor=actor, at=at)
    return dossier


@atomic_with_retry
def release_of(*, agent_id: int, actor: Actor, at: datetime) -> int:
    """Put what an agent reviews back for the others to take, and return how many dossiers that was: they leave."""
    mine = list(Dossier.objects.locked().filter(agent=agent_id, state=states.DossierState.IN_REVIEW).order_by("pk"))
    for dossier in mine:
        _release(dossier, actor=actor, at=at)
    return len(mine)


@atomic_with_retry
def give_back(*, dossier_id: int, actor: Actor, at: datetime) -> Dossier:
    """
    Put a dossier under review back for the others to take.

    :raises obole.lib.states.ForbiddenTransition: if it is not under review.
    """
    dossier = Dossier.objects.locked().get(pk=dossier_id)
    require_reviewer(dossier, actor=actor)
    return _release(dossier, actor=actor, at=at)


@atomic_with_retry
def assign(*, dossier_id: int, agent_id: int, actor: Actor, at: datetime) -> Dossier:
    """
    Put a dossier in the hands of an agent who handles its prestation, whoever had it; one that waits is taken by that.

    :raises DossierEnded: if nobody works on it any more.
    :raises CannotReview: if that agent does not handle its prestation.
    """
    dossier = Dossier.objects.locked().get(pk=dossier_id)
    require_reviewer(dossier, actor=actor)
    if dossier.state not in states.OPEN:
        raise DossierEnded(dossier.reference)
    agent = agents_to_assign(dossier).filter(pk=agent_id).first()
    if agent is None:
        raise CannotReview(agent_id)
    if dossier.state == states.DossierState.SUBMITTED:
        take(dossier_id=dossier_id, agent_id=agent.pk, actor=actor, at=at)
        dossier.refresh_from_db()
    elif dossier.agent_id == agent.pk:
        return dossier
    before = dossier.agent if dossier.agent_id != agent.pk else None
    dossier.agent = agent
    dossier.save(update_fields=["agent"])
    audit_log.log_event(
        "dossier.assign", subject=dossier, actor=actor, at=at, before=before.name if before else "", after=agent.name
    )
    return dossier


@atomic_with_retry
def note(*, dossier_id: int, text: str, actor: Actor, at: datetime) -> DossierNote:
    """
    Write something down about a dossier for the agents alone, wherever it stands. It is never changed afterwards.

    :raises EmptyNote: if nothing is said.
    """
    dossier = Dossier.objects.locked().get(pk=dossier_id)
    require_reviewer(dossier, actor=actor)
    said = text.replace("\x00", "").strip()
    if not said:
        raise EmptyNote(dossier.reference)
    written = DossierNote.objects.create(dossier=dossier, author=actor, text=said, at=at)
    # Not its words: they are blanked with the dossier's answers one day, and the trail never is.
    audit_log.log_event("dossier.note", subject=dossier, actor=actor, at=at)
    return written


def ask_complement(
    *, dossier_id: int, reason: str, requests: Mapping[str, str] | None = None, actor: Actor, at: datetime
) -> Dossier:
    """
    Send the dossier back to the citizen, who reads ``reason``, and each of ``requests`` at its question.

    :param requests: what is asked of one answer, by the key of its question.
    :raises obole.dossiers.rules.UnknownQuestion: if one of them is not the citizen's to answer.
    """
    return _answer(
        states.ASK_COMPLEMENT,
        "dossier_incomplete",
        dossier_id=dossier_id,
        reason=reason,
        requests=requests or {},
        actor=actor,
        at=at,
    )


def accept(*, dossier_id: int, reason: str, actor: Actor, at: datetime) -> Dossier:
    """Accept the dossier; ``reason`` may be empty."""
    return _answer(states.ACCEPT, "dossier_accepted", dossier_id=dossier_id, reason=reason, actor=actor, at=at)


def reject(*, dossier_id: int, reason: str, actor: Actor, at: datetime) -> Dossier:
    """Refuse the dossier; the citizen reads ``reason``."""
    return _answer(states.REJECT, "dossier_rejected", dossier_id=dossier_id, reason=reason, actor=actor, at=at)


@atomic_with_retry
def answer_as_agent(*, dossier_id: int, answers: Mapping[str, Any], actor: Actor, at: datetime) -> Dossier:
    """
    Write the answers that are the agent's to give; those of the citizen are left as they are.

    :raises DossierEnded: if nobody works on it any more.
    :raises obole.dossiers.rules.MissingAnswer: if a required one is empty.
    """
    dossier = Dossier.objects.locked().get(pk=dossier_id)
    require_reviewer(dossier, actor=actor)
    if dossier.state not in states.OPEN:
        raise DossierEnded(dossier.reference)
    fields, before = dossier.form.form_fields, dossier.answers
    files = Attachment.objects.filter(dossier=dossier).values_list("field_key", flat=True)
    settled = rules.answers_to_keep(fields, answers, known=before, attached=files, by=FilledBy.AGENT)
    mine = {field.key for field in fields if field.by == FilledBy.AGENT}
    # An agent's answer may put a citizen's beside the point: what the citizen said stays all the same.
    dossier.answers = {key: value for key, value in before.items() if key not in mine} | {
        key: value for key, value in settled.items() if key in mine
    }
    changed = [field.key for field in fields if before.get(field.key) != dossier.answers.get(field.key)]
    if changed:
        dossier.search_keys = rules.search_keys_of(fields, dossier.answers)
        dossier.save(update_fields=["answers", "search_keys"])
        audit_log.log_event("dossier.answers", subject=dossier, actor=actor, at=at, fields=", ".join(changed)[:500])
    return dossier


@atomic_with_retry
def close(*, dossier_id: int, actor: Actor, at: datetime) -> Dossier:
    """Close an accepted dossier: no more invoices will come from it."""
    dossier = Dossier.objects.locked().get(pk=dossier_id)
    require_reviewer(dossier, actor=actor)
    step = states.CLOSE.apply(dossier)
    dossier.save(update_fields=["state"])
    audit_log.log_transition(step, subject=dossier, actor=actor, at=at)
    return dossier


@atomic_with_retry
def reopen(*, dossier_id: int, actor: Actor, at: datetime) -> Dossier:
    """Undo the closing of a dossier: it is accepted, and may be invoiced again."""
    dossier = Dossier.objects.locked().get(pk=dossier_id)
    require_reviewer(dossier, actor=actor)
    step = states.REOPEN.apply(dossier)
    dossier.save(update_fields=["state"])
    audit_log.log_transition(step, subject=dossier, actor=actor, at=at)
    return dossier


def reconsider(*, dossier_id: int, reason: str, actor: Actor, at: datetime) -> Dossier:
    """Undo a refusal: the dossier is under review again, and its citizen reads why."""
    return _answer(states.RECONSIDER, "dossier_reopened", dossier_id=dossier_id, reason=reason, actor=actor, at=at)


@atomic_with_retry
def _answer(  # noqa: PLR0913 - a decision, and what is written with it
    move: Transition,
    notice: str,
    *,
    dossier_id: int,
    reason: str,
    requests: Mapping[str, str] | None = None,
    actor: Actor,
    at: datetime,
) -> Dossier:
    dossier = Dossier.objects.locked().get(pk=dossier_id)
    require_reviewer(dossier, actor=actor)
    step = move.apply(dossier)
    reason, dossier.requests = rules.complement_asked(dossier.form.form_fields, reason, requests or {})
    dossier.reason = reason
    # What is under review again is not decided any more.
    decided = {states.ACCEPT: at, states.REJECT: at, states.RECONSIDER: None}
    dossier.decided_at = decided.get(move, dossier.decided_at)
    dossier.save(update_fields=["state", "reason", "requests", "decided_at"])
    audit_log.log_transition(step, subject=dossier, actor=actor, at=at, reason=reason[:500])
    emails.send(notice, dossier, at=at)
    return dossier


def _release(dossier: Dossier, *, actor: Actor, at: datetime) -> Dossier:
    """Put a dossier that the caller holds back for all to take."""
    step = states.RELEASE.apply(dossier)
    dossier.agent_id = None
    dossier.save(update_fields=["state", "agent"])
    audit_log.log_transition(step, subject=dossier, actor=actor, at=at)
    return dossier
