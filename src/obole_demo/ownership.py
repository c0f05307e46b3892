"""Whose database it is: the demonstration lives in one that it made itself, and in no other."""

from datetime import datetime

from django.db import connection

from obole.audit_log.models import Record
from obole.lib.actors import Actor

BEGUN, LOADED = "demo.begun", "demo.loaded"
FILLED_BY_MIGRATIONS = frozenset({"django_migrations", "django_content_type", "auth_permission"})


class NotTheDemonstrations(SystemExit):
    """The database holds what the demonstration did not make."""


def is_begun() -> bool:
    """Tell whether the demonstration made this database: it says so among the first, for every page asks."""
    return bool(_said(among="(SELECT verb FROM audit_log_record ORDER BY id LIMIT 1000) AS first"))


def is_loaded() -> bool:
    """Tell whether this database has its town, whole."""
    return LOADED in _said()


def require(*, allowed: bool) -> None:
    """
    Make sure that the database is the demonstration's to fill. Nothing is written, and any version of it can be asked.

    :param allowed: whether it is the private one, or the operator said that it may be used.
    :raises NotTheDemonstrations: for a database that somebody gave without saying so, or that holds anything else.
    """
    if not allowed:
        raise NotTheDemonstrations(
            "OBOLE_DATABASE_URL is set, and the demonstration leaves other people's databases alone: unset it, or say"
            " OBOLE_DEMO=yes to give it this one, which must be empty."
        )
    if not (_is_migrated() and is_begun()) and (table := _filled_table()):
        raise NotTheDemonstrations(
            f"This database is not the demonstration's: {table} holds rows that it did not write. Nothing was touched."
            " Give it an empty database."
        )


def begin(*, at: datetime) -> None:
    """Write, before anything else, that this database is the demonstration's."""
    Record.objects.create(at=at, actor=Actor("demo", "démonstration"), verb=BEGUN, subject_kind="demo", subject_id=0)


def _said(*, among: str = "audit_log_record") -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT verb FROM {among} WHERE verb = ANY(%s)", [[BEGUN, LOADED]])
        return {verb for (verb,) in cursor.fetchall()}


def _is_migrated() -> bool:
    with connection.cursor() as cursor:
        return Record._meta.db_table in connection.introspection.table_names(cursor)


def _filled_table() -> str:
    """Return the name of a table that holds something, or nothing."""
    with connection.cursor() as cursor:
        for table in sorted(set(connection.introspection.table_names(cursor)) - FILLED_BY_MIGRATIONS):
            cursor.execute(f"SELECT EXISTS (SELECT FROM {connection.ops.quote_name(table)})")
            if cursor.fetchone() == (True,):
                return table
    return ""
