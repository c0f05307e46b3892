"""`obole tour`: the whole mission, played and checked."""

import json
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from obole.lib import dates
from obole_demo.tour import reminding, steps
from obole_demo.tour.browser import Difference
from obole_demo.tour.people import Cast

STEPS = (
    ("configure", steps.configure),
    ("apply", steps.apply),
    ("review and invoice", steps.review),
    ("see", steps.see),
    ("pay", steps.pay),
    ("follow", steps.follow),
    ("remind", reminding.remind),
)


class Command(BaseCommand):
    """Play the seven steps over HTTP against running processes; stop at the first difference."""

    help = "Play the whole mission against the running demo, and check each step."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object a line")

    def handle(self, *args: Any, **options: Any) -> None:
        cast = Cast(settings.BASE_URL, settings.SIMULATOR_URL, dates.now())
        for rank, (name, play) in enumerate(STEPS, start=1):
            start = time.perf_counter()
            try:
                told, good = play(cast), True
            except Difference as difference:
                told, good = str(difference), False
            self._print(
                {
                    "step": rank,
                    "name": name,
                    "ok": good,
                    "seconds": round(time.perf_counter() - start, 2),
                    "told": told,
                },
                options["json"],
            )
            if not good:
                raise SystemExit(1)

    def _print(self, line: dict[str, Any], as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(line, ensure_ascii=False))
        else:
            mark = "ok  " if line["ok"] else "FAIL"
            self.stdout.write(f"{mark} {line['step']}. {line['name']:<19} {line['seconds']:6.2f} s  {line['told']}")
        self.stdout.flush()
