"""`obole serve`: the web server."""

import os
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection

from obole.cli import static
from obole.cli.startup_checks import refuse_to_start

PAGE_SECONDS = 60
"""No statement of a page lasts longer: nobody waits for it any more, and its thread and its locks are others'."""


class Command(BaseCommand):
    """Serve the portal and the CRM with gunicorn."""

    help = "Serve the portal and the CRM."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=int(os.environ.get("OBOLE_PORT", "8000")))
        parser.add_argument("--workers", type=int, default=2)
        parser.add_argument("--threads", type=int, default=4)

    def handle(self, *args: Any, **options: Any) -> None:
        # Whatever is written from now on is for this account alone.
        os.umask(0o077)
        refuse_to_start()
        # What a request would meet is said at once: a database that nobody gave.
        connection.get_connection_params()
        static.collect()
        os.environ.setdefault("OBOLE_DATABASE_STATEMENT_SECONDS", str(PAGE_SECONDS))
        gunicorn = [sys.executable, "-m", "gunicorn", "obole.config.wsgi:application"]
        gunicorn += ["--bind", f"{options['host']}:{options['port']}", "--workers", str(options["workers"])]
        gunicorn += [
            "--threads",
            str(options["threads"]),
            "--timeout",
            "60",
            "--log-level",
            "warning",
            "--no-control-socket",
        ]
        os.execv(sys.executable, gunicorn)
