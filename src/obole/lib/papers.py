"""A document that is made once: by the worker or by who asks first, then served as it is for ever."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from django.db import models, transaction

from obole.lib import files

P = TypeVar("P", bound=models.Model)


def keep_once(papers: type[P], *, of: dict[str, int], render: Callable[[], bytes], at: datetime) -> P:
    """
    Return the paper of something, and make it the first time. Two at once make the same bytes, and one row.

    :param of: what it is of, by the column that names it.
    """
    existing = papers._default_manager.filter(**of).first()
    if existing is not None:
        return existing
    content = render()
    digest = files.put(content)
    with transaction.atomic():
        paper, _created = papers._default_manager.get_or_create(
            **of, defaults={"digest": digest, "size": len(content), "rendered_at": at}
        )
    return paper
