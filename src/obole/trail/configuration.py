"""How a setting changes: checked, saved and recorded with what it was before."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from django.db import models

from obole.lib.transactions import whole
from obole.trail import history
from obole.trail import operations as trail

M = TypeVar("M", bound=models.Model)


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


def _shown(value: Any, *, many: bool) -> str:
    return ", ".join(sorted(str(one) for one in value.all())) if many else str(value)
