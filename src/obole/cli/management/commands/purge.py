"""`obole purge`: what was kept long enough goes, as the worker does it every night."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from obole.lib import dates
from obole.personal_data import operations


class Command(BaseCommand):
    """Purge, or say with ``--dry-run`` what a purge would take."""

    help = "Let go of the personal data that was kept long enough (--dry-run: only count)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count, and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        done = operations.purge(at=dates.now(), dry_run=options["dry_run"])
        said = ", ".join(f"{count} {name}" for name, count in done.items())
        self.stdout.write(f"{'Would purge' if options['dry_run'] else 'Purged'}: {said}.")
