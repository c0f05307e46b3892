"""What Django connects by, where OBOLE_DATABASE_URL is not set."""

from typing import NoReturn

from django.db import OperationalError
from django.db.backends.postgresql import base


class NoDatabase(OperationalError):
    """Nobody said where the database is."""


class DatabaseWrapper(base.DatabaseWrapper):
    """Knows PostgreSQL, and has none."""

    def get_connection_params(self) -> NoReturn:
        """
        Refuse to connect.

        :raises NoDatabase: always.
        """
        raise NoDatabase(
            "OBOLE_DATABASE_URL is not set: give the address of the database, postgresql://user:password@host/name."
        )
