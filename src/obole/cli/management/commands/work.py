"""`obole work`: the worker, with its schedule; any number of them, on any number of machines."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    """Do what the web left to do: ask the bank, make PDFs, deliver mails, remind."""

    help = "Run the worker and its schedule."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--concurrency", type=int, default=4, help="tasks at the same time")
        parser.add_argument("--once", action="store_true", help="stop when nothing is left to do")

    def handle(self, *args: Any, **options: Any) -> None:
        call_command(
            "procrastinate",
            "worker",
            concurrency=options["concurrency"],
            wait=not options["once"],
            delete_jobs="successful",
        )
