"""
The chain over what only grows: every ten minutes the new rows get a seal, a digest chained to the seal before.

Rows are written by many at once: chaining each to the one before would let them through one by one. Who writes holds a
lock that writers share; who seals takes it alone, so that no row of a smaller number is still to come.
"""

from collections.abc import Iterator
from datetime import datetime

from obole.audit_log.models import Seal
from obole.lib import sql
from obole.lib.transactions import atomic_with_retry

WRITERS = 8_201_864
"""The key of the lock that whoever writes a row shares until the end of their transaction."""
MOST_ROWS = 10_000
# Explicit columns, and instants as numbers: a later column or another time zone must not change what was sealed.
COLUMNS = {
    "audit_log_record": "id, extract(epoch from at), actor, verb, subject_kind, subject_id, source, target, details",
    "audit_log_access": "id, extract(epoch from at), actor, verb, subject_kind, subject_id, address, details",
}
_SEAL = """
    WITH before AS (
        SELECT last_id, digest FROM audit_log_seal WHERE "table" = %(table)s ORDER BY last_id DESC LIMIT 1
    ), fresh AS (
        SELECT id, jsonb_build_array({columns})::text AS said FROM {table}
        WHERE id > coalesce((SELECT last_id FROM before), 0) ORDER BY id LIMIT %(most)s
    )
    INSERT INTO audit_log_seal ("table", last_id, rows, digest, at)
    SELECT %(table)s, max(id), count(*),
        encode(sha256(convert_to(
            coalesce((SELECT digest FROM before), '') || string_agg(said, E'\n' ORDER BY id), 'UTF8'
        )), 'hex'),
        %(at)s
    FROM fresh HAVING count(*) > 0
    RETURNING rows
"""
_CHECK = """
    SELECT count(*), encode(sha256(convert_to(%(before)s || coalesce(
        string_agg(jsonb_build_array({columns})::text, E'\n' ORDER BY id), ''), 'UTF8')), 'hex')
    FROM {table} WHERE id > %(first)s AND id <= %(last)s
"""


@atomic_with_retry
def seal(*, at: datetime) -> bool:
    """Seal the rows that are new in each table; return False if somebody was writing, to try again."""
    if not sql.execute("SELECT pg_try_advisory_xact_lock(%(key)s)", key=WRITERS)[0][0]:
        return False
    for table, columns in COLUMNS.items():
        statement = _SEAL.format(table=table, columns=columns)
        while sql.execute(statement, table=table, most=MOST_ROWS, at=at):
            pass
    return True


def heads() -> list[Seal]:
    """Return the last seal of each table that has one."""
    return list(Seal.objects.order_by("table", "-last_id").distinct("table"))


def digest_at(table: str, last_id: int) -> str | None:
    """Return the digest of the seal of a table that ends at a row; None if there is none."""
    return Seal.objects.filter(table=table, last_id=last_id).values_list("digest", flat=True).first()


def broken() -> Iterator[str]:
    """Say which seals do not hold: a row that they cover was changed, added or taken away."""
    for table, columns in COLUMNS.items():
        first, before = 0, ""
        for kept in Seal.objects.filter(table=table).order_by("last_id").iterator():
            found = sql.execute(
                _CHECK.format(table=table, columns=columns), before=before, first=first, last=kept.last_id
            )
            if tuple(found[0]) != (kept.rows, kept.digest):
                yield f"{table}: the rows {first + 1} to {kept.last_id} are not what was sealed on {kept.at:%d/%m/%Y}"
            first, before = kept.last_id, kept.digest
