"""The `obole` command: Django's own command line, with a database underneath."""

import atexit
import os
import sys
from pathlib import Path

from django.core.management import execute_from_command_line

from obole.config.embedded_postgres import EmbeddedServer

WITHOUT_DATABASE = {"check", "settings", "states", "makemessages", "compilemessages", "collectstatic", "help"}


def main() -> None:
    """Run a command. Where OBOLE_DATABASE_URL is not set, the embedded PostgreSQL runs as long as the command does."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "obole.config.settings")
    arguments = sys.argv[1:] or ["help"]
    if arguments[0] in {"demo", "tour"}:
        ports = _prepare_demo()
        arguments += ports if arguments[0] == "demo" else []
    if not os.environ.get("OBOLE_DATABASE_URL") and arguments[0] not in WITHOUT_DATABASE:
        _start_embedded_database()
    execute_from_command_line(["obole", *arguments])


def _prepare_demo() -> list[str]:
    """Set what the demo is made of before the settings are read, and return the ports as arguments."""
    port, simulator = os.environ.get("OBOLE_PORT", "8000"), os.environ.get("OBOLE_SIMULATOR_PORT", "8001")
    os.environ.setdefault("OBOLE_BASE_URL", f"http://localhost:{port}")
    os.environ.setdefault("OBOLE_SIMULATOR_URL", f"http://localhost:{simulator}")
    os.environ.setdefault("OBOLE_MAIL_FROM", "facturation@valbourg.example")
    os.environ["OBOLE_DEMO"] = "yes"
    return ["--port", port, "--simulator-port", simulator]


def _start_embedded_database() -> None:
    # The folder of state is the only setting that is needed before all the others are read.
    server = EmbeddedServer(Path(os.environ.get("OBOLE_VAR", "var")))
    if server.start():
        atexit.register(server.stop)
    os.environ["OBOLE_DATABASE_URL"] = server.url


if __name__ == "__main__":
    main()
