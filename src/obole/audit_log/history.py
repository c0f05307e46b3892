"""
Every change of the configuration, row by row: triggers of django-pghistory keep it, whoever writes and however.

The operations say who and when (``told``); a change that nobody told, by hand in the database, is kept all the same.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, TypeVar

import pghistory
from django.db import models

from obole.lib.actors import Actor

M = TypeVar("M", bound=type[models.Model])


def track(*, exclude: Sequence[str] = (), linked: bool = True) -> Callable[[M], M]:
    """
    Keep every insertion, change and deletion of a model's rows in a table that only grows.

    :param exclude: the fields that are not kept: secrets, what use makes, what is kept for ever elsewhere.
    :param linked: whether an event knows its row by its id: what joins two rows is known by these.
    """
    options: dict[str, Any] = {
        "exclude": list(exclude) or None,
        "obj_field": pghistory.ObjForeignKey(related_name="+") if linked else None,
        "context_field": pghistory.ContextJSONField(),
        "context_id_field": None,
        "append_only": True,
    }
    keep: Callable[[M], M] = pghistory.track(
        pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent(), **options
    )
    return keep


def context(*, actor: Actor, at: datetime) -> AbstractContextManager[Any]:
    """Tell who makes the changes that follow, and when."""
    return pghistory.context(actor=actor.name, actor_id=actor.id, at=at.isoformat())
