"""`obole configuration export` and `obole configuration import`: the configuration as a file."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from obole.configuration import operations, queries
from obole.configuration.queries.import_plan import Plan
from obole.configuration.rules import file_parser, text
from obole.lib import actors, dates
from obole.pricing.model.problems import Refused


class Command(BaseCommand):
    """Write the whole configuration, or import a file: all of it, or nothing and a line for each problem."""

    help = "Write the configuration as a file, or import one."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        export = verbs.add_parser("export", help="write the whole configuration to FILE, or to the standard output")
        export.add_argument("file", nargs="?", default="-", metavar="FILE")
        taking = verbs.add_parser("import", help="import FILE, or the standard input")
        taking.add_argument("file", nargs="?", default="-", metavar="FILE")
        taking.add_argument("--dry-run", action="store_true", help="only say what would be created or changed")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["verb"] == "export":
                self._write(options["file"], text.write(queries.everything_as_dict(queries.take_snapshot())))
            else:
                self._import(_bytes_of(options["file"]), dry_run=options["dry_run"])
        except (Refused, operations.ConfigurationMoved, OSError) as refusal:
            raise CommandError(_told(refusal)) from refusal

    def _write(self, name: str, content: str) -> None:
        if name == "-":
            self.stdout.write(content, ending="")
        else:
            Path(name).write_text(content, encoding="utf-8")

    def _import(self, content: bytes, *, dry_run: bool) -> None:
        tree = text.read(content)
        if dry_run:
            plan = queries.plan(file_parser.read(tree), queries.take_snapshot())
        else:
            plan = operations.import_file(tree=tree, seen=None, actor=actors.OPERATOR, at=dates.now())
        for line in _lines(plan):
            self.stdout.write(line)
        done = "nothing was written" if dry_run else "imported"
        self.stdout.write(f"{len(plan.changes)} created or changed, {len(plan.kept)} left as they are: {done}.")


def _bytes_of(name: str) -> bytes:
    return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()


def _lines(plan: Plan) -> list[str]:
    return [
        f"{'+' if change.is_new else '~'} {change.sort.section} {change.key}: {', '.join(_moved(change))}"
        for change in plan.changes
    ]


def _moved(value: Any) -> list[str]:
    names = [name for name, _before, _after in value.fields]
    parts = [part for part in ("form", "pricing") if getattr(value, part)]
    return [*names, *parts]


def _told(refusal: Exception) -> str:
    if isinstance(refusal, Refused):
        return "\n".join(f"{problem.path or 'file'}: {problem.message}" for problem in refusal.problems)
    return str(refusal)
