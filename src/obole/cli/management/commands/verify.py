"""`obole verify`: the books, recomputed from the entries."""

import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from obole.books import operations as books, verification
from obole.books.verification import Head
from obole.lib import dates


class Command(BaseCommand):
    """Recompute the ledgers, the numbers, the invoices and the attempts; print the first difference and exit with 1."""

    help = "Recompute the books from their entries, and say the first difference."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--head", action="store_true", help="print the end of each chain, to keep elsewhere")
        parser.add_argument("--against", type=Path, metavar="FILE", help="compare with ends that were kept elsewhere")

    def handle(self, *args: Any, **options: Any) -> None:
        start = time.perf_counter()
        against = _read(options["against"]) if options["against"] else []
        found = books.verify_books(at=dates.now(), against=against)
        if not found.is_right:
            raise CommandError(found.difference)
        if options["head"]:
            self.stdout.write("\n".join(str(head) for head in verification.heads()))
        else:
            self.stdout.write(f"{found.entries} entries, {time.perf_counter() - start:.1f} s: the books are right.")


def _read(path: Path) -> list[Head]:
    try:
        rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        return [Head(code, int(number), digest) for code, number, digest in rows]
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} is not what `obole verify --head` prints: {error}") from error
