"""How a setting changes: checked, saved and recorded with what it was before."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from datetime import datetime
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from obole.audit_log import history, operations as audit_log
from obole.lib import texts
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry

M = TypeVar("M", bound=models.Model)
MASKED = "•••••"
"""In place of what a secret was."""


@atomic_with_retry
def configure(model: type[M], *, pk: int | None, values: Mapping[str, Any], actor: Actor, at: datetime) -> M:
    """
    Create (``pk`` is None) or change one row of configuration, and record which fields changed. Values that are those
    of the row already write nothing, neither there nor in its history.

    :raises django.core.exceptions.ValidationError: if a value breaks the model's rules.
    """
    row = model() if pk is None else model._default_manager.select_for_update().get(pk=pk)
    many = {field.name for field in model._meta.many_to_many}
    before = {} if pk is None else {name: _shown(getattr(row, name), many=name in many) for name in values}
    known = {} if pk is None else {name: _held(row, name, many=name in many) for name in values}
    for name, value in values.items():
        if name not in many:
            setattr(row, name, value)
    row.full_clean()
    _refuse_invisible(row, values)
    asked = {name: _keys(values[name]) if name in many else _held(row, name, many=False) for name in values}
    if pk is not None and asked == known:
        return row
    with history.context(actor=actor, at=at):
        row.save()
        for name in many & set(values):
            getattr(row, name).set(values[name])
    changed = [name for name in sorted(values) if before.get(name) != _shown(getattr(row, name), many=name in many)]
    hidden: frozenset[str] = getattr(model, "never_recorded", frozenset())
    was = {name: MASKED if name in hidden else before[name][:200] for name in changed if name in before}
    audit_log.log_event("configure", subject=row, actor=actor, at=at, fields=", ".join(changed), before=str(was)[:2000])
    return row


def _refuse_invisible(row: models.Model, names: Iterable[str]) -> None:
    """
    Refuse a line that has something in it and shows nothing, at its field.

    :raises django.core.exceptions.ValidationError: if there is one.
    """
    typed = {name: getattr(row, name) for name in names if isinstance(row._meta.get_field(name), models.CharField)}
    blank = [name for name, value in typed.items() if value and not texts.clean_line(str(value))]
    if blank:
        raise ValidationError({name: _("Ce texte ne contient aucun caractère visible.") for name in blank})


def _held(row: models.Model, name: str, *, many: bool) -> Any:
    """Return what a row holds under a name, as it can be compared: a row that it points to, by its key."""
    if many:
        return _keys(getattr(row, name).all())
    column: Any = row._meta.get_field(name)
    # A copy: what is changed in place later is not what was.
    return deepcopy(getattr(row, column.attname))


def _keys(rows: Iterable[Any]) -> set[Any]:
    return {getattr(item, "pk", item) for item in rows}


def _shown(value: Any, *, many: bool) -> str:
    return ", ".join(sorted(str(item) for item in value.all())) if many else str(value)
