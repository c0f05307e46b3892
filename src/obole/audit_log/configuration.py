"""How a setting changes: checked, saved and recorded with what it was before."""

from collections.abc import Iterable, Mapping
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


@atomic_with_retry
def configure(model: type[M], *, pk: int | None, values: Mapping[str, Any], actor: Actor, at: datetime) -> M:
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
    _refuse_invisible(row, values)
    with history.context(actor=actor, at=at):
        row.save()
        for name in many & set(values):
            getattr(row, name).set(values[name])
    changed = [name for name in sorted(values) if before.get(name) != _shown(getattr(row, name), many=name in many)]
    hidden: frozenset[str] = getattr(model, "never_recorded", frozenset())
    was = {name: before[name][:200] for name in changed if name in before and name not in hidden}
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


def _shown(value: Any, *, many: bool) -> str:
    return ", ".join(sorted(str(item) for item in value.all())) if many else str(value)
