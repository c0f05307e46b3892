"""What the database server must promise, so that a payment that was acknowledged is never lost."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

REQUIRED_SETTINGS = {
    "fsync": frozenset({"on"}),
    "full_page_writes": frozenset({"on"}),
    "synchronous_commit": frozenset({"on", "remote_write", "remote_apply"}),
    # After a failed fsync the server must stop and replay its log, never try again and believe the second answer.
    "data_sync_retry": frozenset({"off"}),
    "data_checksums": frozenset({"on"}),
}
"""
Settings of PostgreSQL, and the values that keep what was committed through a crash of the machine or a failing disk.
"""


def unmet_requirements(alias: str = "default") -> dict[str, str]:
    """Ask the server for these settings; return those that are not as they must be."""
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [list(REQUIRED_SETTINGS)])
        found = dict(cursor.fetchall())
    return {name: found.get(name, "") for name, right in REQUIRED_SETTINGS.items() if found.get(name) not in right}


@register(Tags.database, deploy=True)
def check_durability(databases: Sequence[str] | None = None, **_options: Any) -> list[CheckMessage]:
    """Tell which settings of the server may lose payments: `obole check --deploy --database default`."""
    return [
        Error(
            f"PostgreSQL has {name} = {value or 'unknown'}: a payment that was acknowledged may be lost.",
            hint=f"Set {name} to {' or '.join(sorted(REQUIRED_SETTINGS[name]))}.",
            id="obole.E001",
        )
        for alias in databases or ()
        for name, value in unmet_requirements(alias).items()
    ]
