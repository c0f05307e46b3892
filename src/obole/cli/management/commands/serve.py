"""`obole serve`: the web server."""

import os
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from obole.cli import static


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
        static.collect()
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
