"""How things enter the trail."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import models

from obole.lib.states import Step
from obole.lib.transactions import require_transaction
from obole.trail.models import Record

Detail = str | int | bool | None


def record(step: Step, /, *, subject: models.Model, actor: str, at: datetime, **details: Detail) -> None:
    """
    Keep a change of state.

    :raises RuntimeError: outside a transaction: the record must live and die with the change.
    """
    require_transaction("a record of the trail")
    Record.objects.create(
        at=at, actor=actor, verb=step.verb, subject_kind=subject._meta.label_lower, subject_id=subject.pk,
        source=step.source, target=step.target, details=details,
    )  # fmt: skip


def record_many(
    said: Iterable[tuple[Step, models.Model, Mapping[str, Detail]]], /, *, actor: str, at: datetime
) -> None:
    """
    Keep changes of state, each with its subject and its details, in one statement.

    :raises RuntimeError: outside a transaction.
    """
    require_transaction("a record of the trail")
    Record.objects.bulk_create(
        Record(
            at=at, actor=actor, verb=step.verb, subject_kind=subject._meta.label_lower, subject_id=subject.pk,
            source=step.source, target=step.target, details=dict(details),
        )
        for step, subject, details in said
    )  # fmt: skip


def note(verb: str, /, *, subject: models.Model, actor: str, at: datetime, **details: Detail) -> None:
    """
    Keep something that happened without a change of state (a setting was changed, a document was kept).

    :raises RuntimeError: outside a transaction.
    """
    record(Step(verb, "", ""), subject=subject, actor=actor, at=at, **details)
