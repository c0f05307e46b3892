"""A database of its own, at an older schema, that an upgrade test fills and migrates."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType

import psycopg
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor

ALIAS = "scratch"


@dataclass(frozen=True)
class Scratch:
    """A database of the suite's server that is nobody's default."""

    name: str

    @contextmanager
    def opened(self) -> Iterator[BaseDatabaseWrapper]:
        settings = {**connections["default"].settings_dict, "NAME": self.name}
        connections.databases[ALIAS] = settings
        try:
            yield connections[ALIAS]
        finally:
            connections[ALIAS].close()
            del connections[ALIAS]
            del connections.databases[ALIAS]

    @contextmanager
    def as_default(self) -> Iterator[None]:
        """Let everything that reads and writes the default database read and write this one."""
        default = connections["default"]
        scratch = connections.create_connection("default")
        scratch.settings_dict = {**default.settings_dict, "NAME": self.name}
        connections["default"] = scratch
        try:
            yield
        finally:
            scratch.close()
            connections["default"] = default


def on_the_server(*statements: str) -> None:
    at = connections["default"].settings_dict
    address = {"host": at["HOST"], "port": at["PORT"] or None, "user": at["USER"], "password": at["PASSWORD"] or None}
    with psycopg.connect(dbname="postgres", autocommit=True, **address) as server:
        for statement in statements:
            server.execute(statement)


def migrate(connection: BaseDatabaseWrapper, until: Mapping[str, str | None] = MappingProxyType({})) -> None:
    """Go to these migrations of our rooms (None: before the first), and everywhere else to the newest."""
    executor = MigrationExecutor(connection)
    executor.migrate([(app, until.get(app, name)) for app, name in executor.loader.graph.leaf_nodes()])
