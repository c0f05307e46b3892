"""
Lists of many invoices, as agents ask for them: how long a page takes, how many queries, and what the slowest one does.

Run as ``python -m bench.long_lists VAR``, it measures the town that ``obole seed`` made under that folder, in one
process, through the whole of Django, and prints what it found as JSON.
"""

import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from obole_demo.embedded_postgres import EmbeddedServer

TIMES = 9
ADMINISTRATOR = "admin@demo.example"
EXPORTED = 99_000
"""And the rest of the day: a spreadsheet holds 100,000."""
SEARCHES = ("0500", "62,80", "novembre 2026", "martin", "rue", "0612345678", "personne@nulle-part.example", "zzyzx")
LISTS = ("/crm/dossiers/", "/crm/transactions/", "/crm/encaissements/", "/crm/usagers/", "/crm/courriels/", "/crm/")


@dataclass(frozen=True)
class Page:
    """One page, asked for several times: the median and the longest in ms, its queries, its size in kB."""

    kind: str
    path: str
    median: float
    longest: float
    queries: int
    kilobytes: float


@dataclass(frozen=True)
class Export:
    """One file: seconds to its first byte and to its last, bytes, MiB that the process grew by."""

    kind: str
    first: float
    whole: float
    size: int
    grown: float


@dataclass(frozen=True)
class Found:
    """What was measured in one town."""

    invoices: int
    seeded: float
    pages: Sequence[Page]
    exports: Sequence[Export]
    slowest: str
    """The plan of the slowest query."""


def in_a_town_of(invoices: int) -> Found:
    """Seed a town of so many invoices, measure it in a process of its own, and leave nothing."""
    with tempfile.TemporaryDirectory(prefix="obole-bench-") as var:
        env = {name: value for name, value in os.environ.items() if name != "OBOLE_DATABASE_URL"}
        env |= {"OBOLE_VAR": var, "DJANGO_SETTINGS_MODULE": "obole_demo.settings"}
        began = time.perf_counter()
        try:
            seed = [sys.executable, "-m", "obole", "seed", "--invoices", str(invoices)]
            subprocess.run(seed, env=env, check=True, capture_output=True)
            seeded = time.perf_counter() - began
            asked = [sys.executable, "-m", "bench.long_lists", var]
            said = subprocess.run(asked, env=env, check=True, stdout=subprocess.PIPE, text=True).stdout
        finally:
            EmbeddedServer(Path(var)).erase()
    given = json.loads(said)
    pages, exports = ([kind(**one) for one in given[name]] for name, kind in (("pages", Page), ("exports", Export)))
    return Found(given["invoices"], seeded, pages, exports, given["slowest"])


def main(var: Path) -> int:
    server = EmbeddedServer(var)
    server.start()
    try:
        import django  # noqa: PLC0415 - the environment must be set first

        django.setup()
        from django.core.management import call_command  # noqa: PLC0415

        call_command("collectstatic", interactive=False, verbosity=0)
        print(json.dumps(_measured()))
    finally:
        server.stop()
    return 0


def _measured() -> dict[str, Any]:
    from obole.billing.models import Invoice  # noqa: PLC0415
    from obole.directory.models import Agent  # noqa: PLC0415
    from tests.crm.desk import browser  # noqa: PLC0415

    client, queries = browser(Agent.objects.get(user__email=ADMINISTRATOR)), _Queries()
    client.defaults["SERVER_NAME"] = "localhost"
    exports = [_export(client, kind) for kind in ("csv", "ods", "xlsx")]
    paths = list(_paths(client))
    with queries.watched():
        pages = [_page(client, queries, kind, path) for kind, path in paths]
    return {
        "invoices": Invoice.objects.count(),
        "pages": [asdict(page) for page in pages],
        "exports": [asdict(one) for one in exports],
        "slowest": queries.plan_of_the_slowest(),
    }


def _paths(client: Any) -> Iterator[tuple[str, str]]:
    yield "first page", "/crm/factures/"
    for sort in _sorts():
        yield "sorted, first page", f"/crm/factures/?sort={sort}"
        yield "sorted, a page in the middle", f"/crm/factures/?sort={sort}&page={_middle(sort)}"
    views = client.get("/crm/factures/").content.decode().partition('class="folds"')[0]
    for address in re.findall(r'<li><a href="(\?[^"]+)"', views):
        yield "views offered", f"/crm/factures/{address.replace('&amp;', '&')}"
    for text in SEARCHES:
        yield "searches in the list", f"/crm/factures/?q={text}"
        yield "searches everywhere", f"/crm/recherche/?q={text}"
    for path in LISTS:
        yield "other lists, and home", path


def _sorts() -> list[str]:
    from obole.crm.invoices.invoice_table import InvoiceTable  # noqa: PLC0415

    return [f"{way}{name}" for name in InvoiceTable.base_columns for way in ("", "-")]


def _middle(sort: str) -> str:
    """Return what the address of the page in the middle says."""
    from obole.billing import queries  # noqa: PLC0415
    from obole.crm.invoices.invoice_table import InvoiceTable  # noqa: PLC0415
    from obole.crm.shared import keyset  # noqa: PLC0415
    from obole.directory.models import Agent  # noqa: PLC0415
    from obole.lib import dates  # noqa: PLC0415

    seen = queries.invoices_to_list(Agent.objects.get(user__email=ADMINISTRATOR)).order_by("-issued_at", "-id")
    rows = InvoiceTable(seen, today=dates.day_of(dates.now()), order_by=[sort]).data.data
    return keyset.write_cursor(keyset.AFTER, rows[rows.count() // 2], keyset.orders_of(rows))


def _page(client: Any, queries: "_Queries", kind: str, path: str) -> Page:
    answer = client.get(path)
    took = []
    for _turn in range(TIMES):
        queries.count = 0
        began = time.perf_counter()
        answer = client.get(path)
        took.append((time.perf_counter() - began) * 1000)
        if answer.status_code != HTTPStatus.OK:
            raise RuntimeError(f"{path} answered {answer.status_code}")
    return Page(kind, path, statistics.median(took), max(took), queries.count, len(answer.content) / 1000)


def _export(client: Any, kind: str) -> Export:
    """Take away the newest invoices, a hundred thousand if there are so many."""
    from obole.billing.models import Invoice  # noqa: PLC0415
    from obole.lib import dates  # noqa: PLC0415

    issued = Invoice.objects.exclude(issued_at=None).order_by("-issued_at").values_list("issued_at", flat=True)
    since = dates.day_of(issued[min(EXPORTED, issued.count()) - 1])
    before, began = _peak(), time.perf_counter()
    answer = client.get(f"/crm/factures/export.{kind}?issued_from={since.isoformat()}")
    if answer.status_code != HTTPStatus.OK:
        raise RuntimeError(f"export.{kind} answered {answer.status_code}")
    pieces = iter(answer)
    size, first = len(next(pieces)), time.perf_counter() - began
    size += sum(map(len, pieces))
    return Export(kind, first, time.perf_counter() - began, size, _peak() - before)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class _Queries:
    """The queries of a page: how many, and which took longest of all."""

    def __init__(self) -> None:
        self.count, self.longest, self.slowest = 0, 0.0, ("", ())

    @contextmanager
    def watched(self) -> Iterator[None]:
        from django.db import connection  # noqa: PLC0415

        with connection.execute_wrapper(self._watch):
            yield

    def plan_of_the_slowest(self) -> str:
        from django.db import connection  # noqa: PLC0415

        statement, values = self.slowest
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF) {statement}", values)
            return "\n".join(line for (line,) in cursor.fetchall())

    def _watch(self, execute: Any, statement: str, values: Any, many: bool, context: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(statement, values, many, context)
        finally:
            took, self.count = time.perf_counter() - began, self.count + 1
            if took > self.longest and statement.startswith("SELECT"):
                self.longest, self.slowest = took, (statement, values)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
