"""Both sides and everybody, and how what somebody does there is undone."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from tests.access.roles import Role
from tests.access.sides import Side


@dataclass
class World:
    """Both sides, everybody, and where the files of all are."""

    sides: dict[str, Side]
    roles: dict[str, Role]
    storages: dict[str, Any]


@contextmanager
def rolled_back() -> Iterator[None]:
    """Undo what is done inside; as a test case's own transaction, it is none to the product."""
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]
    with block:
        yield
        transaction.set_rollback(True)
