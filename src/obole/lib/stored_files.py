"""The file store as a whole: what no row names any more, and may go."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.apps import apps
from django.core.files.storage import default_storage
from django.db import connection, models

OLDEST = timedelta(days=30)
"""A file that nobody sent yet is kept so long: the page that holds it, or the dossier that was put aside, may be."""
SAFE = timedelta(days=2)
"""No younger file is ever removed: a page that names it lives a day."""
_DIGEST = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Orphan:
    """A file that no row names."""

    digest: str
    size: int


def orphans(*, at: datetime, older_than: timedelta = OLDEST) -> list[Orphan]:
    """Return the files that no row of the database names, and that have been there for long."""
    old = dict(_old(at - max(older_than, SAFE)))
    named = set(_named(sorted(old))) if old else set()
    return [Orphan(digest, size) for digest, size in sorted(old.items()) if digest not in named]


def collect(*, at: datetime, older_than: timedelta = OLDEST) -> list[Orphan]:
    """Remove the files that no row names; return them."""
    removed = []
    for orphan in orphans(at=at, older_than=older_than):
        path = f"{orphan.digest[:2]}/{orphan.digest}"
        # Somebody may have sent the same file a moment ago: ``files.put`` makes it young again.
        if default_storage.get_modified_time(path) < at - SAFE:
            default_storage.delete(path)
            removed.append(orphan)
    return removed


def _old(before: datetime) -> Iterator[tuple[str, int]]:
    folders, _files = default_storage.listdir("") if default_storage.exists("") else ([], [])
    for folder in sorted(folders):
        _folders, names = default_storage.listdir(folder)
        for name in names:
            path = f"{folder}/{name}"
            if _DIGEST.fullmatch(name) and default_storage.get_modified_time(path) < before:
                yield name, default_storage.size(path)


def _named(digests: list[str]) -> Iterator[str]:
    """Return those that a row names: in a column of that name, or anywhere in a column of JSON."""
    for model in (model for model in apps.get_models() if model._meta.managed and not model._meta.proxy):
        for field in model._meta.concrete_fields:
            if isinstance(field, models.JSONField):
                yield from _in_json(model._meta.db_table, str(field.column), digests)
            elif isinstance(field, models.CharField | models.TextField) and "digest" in field.name:
                yield from _in_column(model._meta.db_table, str(field.column), digests)


def _in_column(table: str, column: str, digests: list[str]) -> Iterable[str]:
    quoted = connection.ops.quote_name(column)
    return _rows(f"SELECT DISTINCT {quoted} FROM {connection.ops.quote_name(table)} WHERE {quoted} = ANY(%s)", digests)


def _in_json(table: str, column: str, digests: list[str]) -> Iterable[str]:
    quoted = connection.ops.quote_name(column)
    found = f"regexp_matches({quoted}::text, '[0-9a-f]{{64}}', 'g') AS found"
    return _rows(
        f"SELECT DISTINCT found[1] FROM {connection.ops.quote_name(table)}, {found} WHERE found[1] = ANY(%s)", digests
    )


def _rows(statement: str, digests: list[str]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [digests])
        return [digest for (digest,) in cursor.fetchall()]
