"""How things enter the trail."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import models

from obole.audit_log.models import Access
from obole.audit_log.seals import WRITERS
from obole.lib import sql
from obole.lib.actors import Actor
from obole.lib.states import TransitionRecord
from obole.lib.transactions import require_transaction

Detail = str | int | bool | list[int] | None
Said = tuple[TransitionRecord, models.Model, Mapping[str, Detail]]
"""A change of state, what it is about, and the details."""
_KEEP = """
    INSERT INTO audit_log_record (at, actor, verb, subject_kind, subject_id, source, target, details)
    SELECT %(at)s, %(actor)s::jsonb, verb, subject_kind, subject_id, source, target, details
    FROM json_to_recordset(%(said)s) AS said (
        verb text, subject_kind text, subject_id bigint, source text, target text, details jsonb
    ), pg_advisory_xact_lock_shared(%(writers)s)
"""
_KEEP_ACCESS = """
    INSERT INTO audit_log_access (at, actor, verb, subject_kind, subject_id, address, details)
    SELECT %(at)s, %(actor)s::jsonb, %(verb)s, %(subject_kind)s, %(subject_id)s, %(address)s, %(details)s::jsonb
    FROM pg_advisory_xact_lock_shared(%(writers)s)
"""


def log_transition(
    step: TransitionRecord, /, *, subject: models.Model, actor: Actor, at: datetime, **details: Detail
) -> None:
    """
    Keep a change of state.

    :raises RuntimeError: outside a transaction: the record must live and die with the change.
    """
    log_transitions([(step, subject, details)], actor=actor, at=at)


def log_transitions(said: Iterable[Said], /, *, actor: Actor, at: datetime) -> None:
    """
    Keep changes of state, each with its subject and its details, in one statement.

    :raises RuntimeError: outside a transaction.
    """
    require_transaction("a record of the trail")
    sql.execute(
        _KEEP,
        at=at,
        actor=json.dumps(actor.as_json()),
        said=sql.as_json([_row(*item) for item in said]),
        writers=WRITERS,
    )


def log_event(verb: str, /, *, subject: models.Model, actor: Actor, at: datetime, **details: Detail) -> None:
    """
    Keep something that happened without a change of state (a setting was changed, a document was kept).

    :raises RuntimeError: outside a transaction.
    """
    log_transition(TransitionRecord(verb, "", ""), subject=subject, actor=actor, at=at, **details)


def log_access(
    verb: Access.Verb,
    /,
    *,
    actor: Actor,
    at: datetime,
    subject: models.Model | None = None,
    address: str = "",
    **details: Detail,
) -> None:
    """
    Keep that somebody came in, was refused, or looked at what few may see; whatever becomes of the page that follows.

    :param address: where they ask from, as the product knows it.
    """
    sql.execute(
        _KEEP_ACCESS,
        at=at,
        actor=json.dumps(actor.as_json()),
        verb=verb.value,
        subject_kind=subject._meta.label_lower if subject else "",
        subject_id=subject.pk if subject else None,
        address=address[:45],
        details=json.dumps(details),
        writers=WRITERS,
    )


def _row(step: TransitionRecord, subject: models.Model, details: Mapping[str, Detail]) -> sql.Row:
    return {
        "verb": step.verb,
        "subject_kind": subject._meta.label_lower,
        "subject_id": subject.pk,
        "source": step.source,
        "target": step.target,
        "details": details,
    }
