"""How things enter the trail."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import models

from obole.lib import statements
from obole.lib.states import Step
from obole.lib.transactions import require_transaction

Detail = str | int | bool | None
_KEEP = """
    INSERT INTO trail_record (at, actor, verb, subject_kind, subject_id, source, target, details)
    SELECT %(at)s, %(actor)s, verb, subject_kind, subject_id, source, target, details
    FROM json_to_recordset(%(said)s) AS said (
        verb text, subject_kind text, subject_id bigint, source text, target text, details jsonb
    )
"""


def record(step: Step, /, *, subject: models.Model, actor: str, at: datetime, **details: Detail) -> None:
    """
    Keep a change of state.

    :raises RuntimeError: outside a transaction: the record must live and die with the change.
    """
    record_many([(step, subject, details)], actor=actor, at=at)


def record_many(
    said: Iterable[tuple[Step, models.Model, Mapping[str, Detail]]], /, *, actor: str, at: datetime
) -> None:
    """
    Keep changes of state, each with its subject and its details, in one statement.

    :raises RuntimeError: outside a transaction.
    """
    require_transaction("a record of the trail")
    statements.run(_KEEP, at=at, actor=actor, said=statements.as_json([_row(*one) for one in said]))


def note(verb: str, /, *, subject: models.Model, actor: str, at: datetime, **details: Detail) -> None:
    """
    Keep something that happened without a change of state (a setting was changed, a document was kept).

    :raises RuntimeError: outside a transaction.
    """
    record(Step(verb, "", ""), subject=subject, actor=actor, at=at, **details)


def _row(step: Step, subject: models.Model, details: Mapping[str, Detail]) -> statements.Row:
    return {
        "verb": step.verb, "subject_kind": subject._meta.label_lower, "subject_id": subject.pk,
        "source": step.source, "target": step.target, "details": details,
    }  # fmt: skip
