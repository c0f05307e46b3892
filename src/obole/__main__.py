"""The `obole` command: Django's own command line, with a database underneath."""

import atexit
import os
import sys

from django.core.management import execute_from_command_line

from obole.config.embedded_postgres import EmbeddedServer

WITHOUT_DATABASE = {"check", "settings", "states", "makemessages", "compilemessages", "collectstatic"}


def main() -> None:
    """Run a command. Where OBOLE_DATABASE_URL is not set, the embedded PostgreSQL runs as long as the command does."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "obole.config.settings")
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if not os.environ.get("OBOLE_DATABASE_URL") and command not in WITHOUT_DATABASE | {"help", "--help", "--version"}:
        _with_embedded_database()
    execute_from_command_line(["obole", *sys.argv[1:]])


def _with_embedded_database() -> None:
    from obole.config import settings  # noqa: PLC0415 - reads the environment, which must be complete first

    server = EmbeddedServer(settings.VAR)
    if server.start():
        atexit.register(server.stop)
    os.environ["OBOLE_DATABASE_URL"] = server.url


if __name__ == "__main__":
    main()
