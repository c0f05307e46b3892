"""
One statement for many rows, where what the ORM costs for each row bounds the money core.

Rows go as one JSON text, which ``json_to_recordset`` takes apart in the database: the same few lines write one or
thousands.
"""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import DateTimeField, QuerySet, Value
from django.db.models.functions import Coalesce

Row = dict[str, Any]
COUNTED = 10_000
"""Beyond that, nobody reads the exact number, and counting costs more than the page."""
NEVER = Value(datetime(1, 1, 2, tzinfo=UTC), output_field=DateTimeField())


def execute(statement: str, /, **values: Any) -> list[tuple[Any, ...]]:
    """Run a statement, and return the rows that it gives; ``values`` are what it names as ``%(name)s``."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def count_each(queries: Sequence[QuerySet[Any]], *, most: int) -> list[int]:
    """Return how many rows each query has, ``most`` if there are more: one statement, however many they are."""
    if not queries:
        return []
    counts, values = list[str](), list[Any]()
    for query in queries:
        # The keys alone, in no order: what the rows show beside is not computed to be counted.
        keys = query.order_by().values("pk").query
        keys.set_limits(high=most)
        try:
            text, given = keys.sql_with_params()
        except EmptyResultSet:
            text, given = "SELECT 1 WHERE FALSE", ()
        counts.append(f"(SELECT count(*) FROM ({text}) AS counted)")
        values += given
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(counts)}", values)
        return list(cursor.fetchone())


def never_first(field: str) -> Coalesce:
    """Return an instant to sort by, where some rows have none: those come before all others, and an index serves."""
    return Coalesce(field, NEVER)


def as_json(rows: Sequence[Row]) -> str:
    """Return rows as ``json_to_recordset`` takes them; a day and an instant are written as PostgreSQL reads them."""
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"), default=_instant)


def _instant(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(f"{value!r} does not go as JSON")
