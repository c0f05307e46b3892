"""`obole files`: the files that no row names, and their removal."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from obole.lib import dates, stored_files


class Command(BaseCommand):
    """Print the files of the store that no row of the database names; remove them with ``--collect``."""

    help = "Print the files that nothing names any more; with --collect, remove them, as every night."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--collect", action="store_true", help="remove them")
        parser.add_argument("--days", type=int, default=stored_files.OLDEST.days, help="only older ones (2 at least)")

    def handle(self, *args: Any, **options: Any) -> None:
        act = stored_files.collect if options["collect"] else stored_files.orphans
        found = act(at=dates.now(), older_than=timedelta(days=options["days"]))
        for orphan in found:
            self.stdout.write(f"{orphan.digest}  {orphan.size}")
        done = "removed" if options["collect"] else "that nothing names (--collect removes them)"
        self.stdout.write(f"{len(found)} files {done}, {sum(orphan.size for orphan in found)} bytes.")
