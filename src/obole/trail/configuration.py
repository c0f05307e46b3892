"""How a setting changes: checked, saved and recorded with what it was before."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.db import models

from obole.lib.states import Step
from obole.lib.transactions import whole
from obole.trail import history
from obole.trail import operations as trail

M = TypeVar("M", bound=models.Model)
_STEP = Step("configure", "", "")


@whole
def configure(model: type[M], *, pk: int | None, values: Mapping[str, Any], actor: str, at: datetime) -> M:
    """
    Create (``pk`` is None) or change one row of configuration, and record which fields changed.

    :raises django.core.exceptions.ValidationError: if a value breaks the model's rules.
    """
    row = model() if pk is None else model._default_manager.select_for_update().get(pk=pk)
    many = {field.name for field in model._meta.many_to_many}
    before = {} if pk is None else {name: _shown(getattr(row, name), many=name in many) for name in values}
    for name, value in values.items():
        if name not in many:
            setattr(row, name, value)
    row.full_clean()
    with history.told(actor=actor, at=at):
        row.save()
        for name in many & set(values):
            getattr(row, name).set(values[name])
    changed = [name for name in sorted(values) if before.get(name) != _shown(getattr(row, name), many=name in many)]
    was = {name: before[name][:200] for name in changed if name in before}
    trail.note("configure", subject=row, actor=actor, at=at, fields=", ".join(changed), before=str(was)[:2000])
    return row


@whole
def create(model: type[M], *, every: Sequence[Mapping[str, Any]], actor: str, at: datetime) -> list[M]:
    """
    Create several rows of configuration, each checked, and recorded as one by one, in a few statements.

    What they belong to is given as it is in the database; the database's own constraints judge last.

    :raises django.core.exceptions.ValidationError: if a value breaks the model's rules.
    """
    rows = [model(**values) for values in every]
    linked = {field.name for field in model._meta.fields if field.is_relation}
    for row in rows:
        row.full_clean(exclude=linked, validate_constraints=False)
    with history.told(actor=actor, at=at):
        made = model._default_manager.bulk_create(rows)
    noted = (({"fields": ", ".join(sorted(values)), "before": "{}"}) for values in every)
    trail.record_many([(_STEP, row, details) for row, details in zip(made, noted, strict=True)], actor=actor, at=at)
    return made


def _shown(value: Any, *, many: bool) -> str:
    return ", ".join(sorted(str(one) for one in value.all())) if many else str(value)
