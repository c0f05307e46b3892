"""
The database of the suite, built once a run: migrated, with what many tests start from kept aside (the town, the desk),
then copied for each of its processes.

``suite.put_back_town()`` gives the rows of the town to a test that wants them; ``suite.erase()`` empties what a test
that commits has written. Neither lets a trigger run: the rows are those that the product's operations wrote. What was
kept in files comes back with the rows.
"""

import fcntl
import hashlib
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.test import override_settings

from obole_demo.embedded_postgres import binaries

KEPT = ("django_migrations", "django_content_type", "auth_permission")
"""What the migrations themselves write, and no test."""
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
RESERVE = """
    CREATE OR REPLACE FUNCTION suite.reserve_numbers() RETURNS void LANGUAGE plpgsql AS $$ BEGIN {} END $$
"""
ERASE = """
    CREATE FUNCTION suite.erase() RETURNS void LANGUAGE plpgsql SET session_replication_role = replica
    AS $$ BEGIN {} PERFORM suite.reserve_numbers(); END $$
"""
PUT_BACK = """
    CREATE FUNCTION suite.put_back_{}() RETURNS bytea LANGUAGE plpgsql SET session_replication_role = replica
    AS $$ BEGIN {} PERFORM suite.reserve_numbers(); RETURN (SELECT objects FROM suite_{}.stands_for); END $$
"""
Builders = Mapping[str, Callable[[], Any]]


def built_once(builders: Callable[[], Builders]) -> str:
    """Return the name of the template of this run's databases; the first process that asks builds it."""
    name = f"{connection.settings_dict['NAME']}_template"
    built = _folder() / "template.built"
    with built.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not built.exists():
            _build(name, builders())
            built.touch()
    return name


def put_back(name: str) -> Any:
    """Return what was kept aside under this name, with its rows in their tables and its files in their store."""
    files = _folder() / name
    if files.is_dir():
        shutil.copytree(files, settings.STORAGES["default"]["OPTIONS"]["location"], dirs_exist_ok=True)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT suite.put_back_{name}()")
        return pickle.loads(cursor.fetchone()[0])


def _folder() -> Path:
    return Path(os.environ["OBOLE_TESTS_VAR"])


def erase() -> None:
    """Empty every table, as Django's flush does; a tenth of its time, for most of them are empty."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT suite.erase()")


def _build(name: str, builders: Builders) -> None:
    with connection._nodb_cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cursor.execute(f'CREATE DATABASE "{name}"')
    usual = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        migrate()
        tables = _prepare()
        for kept, build in builders.items():
            store = {**settings.STORAGES["default"], "OPTIONS": {"location": str(_folder() / kept)}}
            with override_settings(STORAGES={**settings.STORAGES, "default": store}):
                _keep_aside(kept, build(), tables)
        with connection.cursor() as cursor:
            cursor.execute(RESERVE.format(" ".join(_reserved(cursor))))
            cursor.execute("SELECT suite.reserve_numbers()")
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual


def migrate() -> None:
    """Migrate an empty database, from what the same migrations made before: they take most of a short run."""
    kept = Path(sys.prefix) / "tests" / f"{_digest_of_migrations()}.dump"
    if kept.exists():
        _call("pg_restore", "--dbname", connection.settings_dict["NAME"], "--exit-on-error", str(kept))
    call_command("migrate", verbosity=0)
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        draft = kept.with_suffix(f".{os.getpid()}")
        _call("pg_dump", "--format=custom", "--file", str(draft), connection.settings_dict["NAME"])
        draft.rename(kept)


def _digest_of_migrations() -> str:
    """Tell migrations from others by what they say: ours and those of the libraries."""
    found = MigrationLoader(None).disk_migrations
    files = sorted({str(sys.modules[migration.__module__].__file__) for migration in found.values()})
    return hashlib.sha256(b"\0".join(name.encode() + Path(name).read_bytes() for name in files)).hexdigest()[:16]


def _call(program: str, *arguments: str) -> None:
    known = connection.settings_dict
    where = [
        f"--host={known['HOST']}",
        f"--username={known['USER']}",
        *([f"--port={known['PORT']}"] if known["PORT"] else []),
    ]
    environment = {**os.environ, "PGPASSWORD": known["PASSWORD"]}
    subprocess.run([str(binaries() / program), *where, *arguments], check=True, env=environment)


def _prepare() -> list[str]:
    """Write what empties the tables, and return their names."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        tables = [table for (table,) in cursor.fetchall() if table not in KEPT]
        cursor.execute("CREATE SCHEMA suite")
        cursor.execute(RESERVE.format(""))
        cursor.execute(ERASE.format(" ".join(f'DELETE FROM public."{table}";' for table in tables)))
    return tables


def _keep_aside(name: str, stands_for: Any, tables: list[str]) -> None:
    """Keep every row, and what stands for them in Python; their numbers are given to no other row."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA suite_{name}")
        for table in tables:
            cursor.execute(f'CREATE TABLE suite_{name}."{table}" AS TABLE public."{table}"')
        cursor.execute(
            f"CREATE TABLE suite_{name}.stands_for AS SELECT %s::bytea AS objects", [pickle.dumps(stands_for)]
        )
        cursor.execute(PUT_BACK.format(name, " ".join(_copies(cursor, name, tables)), name))
        cursor.execute("SELECT suite.erase()")


def _reserved(cursor: Any) -> list[str]:
    """Return what keeps the numbers of the town's rows for them, even after somebody began the numbers anew."""
    cursor.execute("SELECT format('%I.%I', schemaname, sequencename), last_value FROM pg_sequences")
    return [
        f"PERFORM setval('{name}', greatest({last}, (SELECT last_value FROM {name})));"
        for name, last in cursor.fetchall()
        if last is not None
    ]


def _written(cursor: Any, table: str) -> str:
    """Return the columns of a table that the database does not compute itself."""
    cursor.execute(
        """
        SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER'
        """,
        [table],
    )
    return str(cursor.fetchone()[0])


def _copies(cursor: Any, name: str, tables: list[str]) -> list[str]:
    copies = []
    for table in tables:
        cursor.execute(f'SELECT EXISTS (SELECT FROM suite_{name}."{table}")')
        if cursor.fetchone()[0]:
            columns = _written(cursor, table)
            copies.append(f'INSERT INTO public."{table}" ({columns}) SELECT {columns} FROM suite_{name}."{table}";')
    return copies
