"""
Late invoices, whose reminders are decided by several processes at once, as the workers share them.

Run as ``python -m bench.reminders DAYS``, it decides those whose ids it reads, so many days from now, and prints its
peak of memory in MiB.
"""

import os
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from subprocess import PIPE, Popen
from typing import Any

LATE = int(os.environ.get("OBOLE_BENCH_LATE", "20000"))
PROCESSES = 2
AT_ONCE = 1_000


@dataclass(frozen=True)
class Decided:
    """How many reminders were decided, in how many seconds, the starts of the processes included; their peak in MiB."""

    count: int
    took: float
    peak: float


def decide_all(town: Any) -> Decided:
    """Issue invoices, and decide their first reminders eight days after they were due."""
    from obole.lib import dates  # noqa: PLC0415 - the environment must be set first
    from obole.reminders import queries  # noqa: PLC0415
    from obole.reminders.models import Reminder  # noqa: PLC0415

    _issue(town)
    days, known = town.type.payment_term + 8, Reminder.objects.count()
    began = time.perf_counter()
    found = list(queries.candidates(dates.day_of(dates.now() + timedelta(days=days))))
    command = [sys.executable, "-m", "bench.reminders", str(days)]
    running = [Popen(command, stdin=PIPE, stdout=PIPE, text=True) for _rank in range(PROCESSES)]
    with ThreadPoolExecutor(PROCESSES) as pool:
        shares = [" ".join(map(str, found[rank::PROCESSES])) for rank in range(PROCESSES)]
        peaks = list(pool.map(lambda one, share: float(one.communicate(share)[0]), running, shares))
    took = time.perf_counter() - began
    return Decided(Reminder.objects.count() - known, took, max(peaks))


def _issue(town: Any) -> None:
    from bench.measures import make_drafts  # noqa: PLC0415
    from obole.billing import operations as billing  # noqa: PLC0415
    from obole.lib import dates  # noqa: PLC0415
    from tests.world import WHO  # noqa: PLC0415

    for _lot in range(0, LATE, AT_ONCE):
        drafts = make_drafts(town, count=AT_ONCE)
        billing.issue_batch(invoice_ids=[draft.pk for draft in drafts], actor=WHO, at=dates.now())


def _decide(days: int) -> None:
    import django  # noqa: PLC0415

    django.setup()
    from obole.lib import dates  # noqa: PLC0415
    from obole.reminders import tasks  # noqa: PLC0415

    tasks.decide(map(int, sys.stdin.read().split()), dates.now() + timedelta(days=days))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    _decide(int(sys.argv[1]))
