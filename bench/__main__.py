"""`make bench`: one run, a table on the screen and a page in bench/results/."""

import os
import platform
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from bench import stage
from bench.load import Timing

RESULTS = Path(__file__).parent / "results"
ENTRIES = int(os.environ.get("OBOLE_BENCH_ENTRIES", "200000"))
"""How long the books are that `obole verify` recomputes."""
Row = tuple[str, str, str]


def main() -> int:
    with stage.prepared() as (web, bank):
        import django  # noqa: PLC0415 - the environment must be set first

        django.setup()
        from django.core.management import call_command  # noqa: PLC0415

        call_command("migrate", verbosity=0)
        rows = _measure(web, bank)
    page = _page(rows)
    print(page)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{datetime.now().astimezone():%Y-%m-%d-%H%M}.md").write_text(page, encoding="utf-8")
    return 0


def _measure(web: str, bank: str) -> list[Row]:
    from bench import measures, storm  # noqa: PLC0415 - needs Django

    prices = _priced()
    town = measures.build_town(bank)
    issued, invoices = measures.issue_one_by_one(town)
    one = "one process, durable commits"
    rows: list[Row] = [
        *prices,
        ("dossier to invoice issued, one by one", f"{issued:.0f} /s", one),
        ("drafts issued one by one", f"{measures.issue_alone(town):.0f} /s", one),
        ("PDFs of invoices", f"{measures.render_pdfs(invoices):.0f} /s", "one process, stored"),
    ]
    with stage.running(web, bank) as live:
        # The mails and PDFs of the invoices issued above are not what the rest measures.
        measures.wait_for_the_worker()
        clients = "2 web processes, 8 clients"
        rows.append(("portal, Mes factures", *_timed(measures.portal_list(live), clients)))
        rows.append(("CRM, list of invoices", *_timed(measures.crm_list(live), clients)))
        note = "notification to receipt, one worker of 16 threads"
        for name, latency_ms, some in (("at once", 0, invoices[:180]), ("at 300 ms", 300, invoices[180:360])):
            measures.wait_for_the_worker()
            rows.append(
                (f"settlements, bank {name}", f"{measures.settle(live, some, latency_ms=latency_ms):.1f} /s", note)
            )
        measures.wait_for_the_worker()
        timing, calls = storm.of_strangers(live)
        rows.append(("notifications, unknown or over", *_timed(timing, f"{clients}, {calls} calls of the bank")))
        attempts = [measures.pay_at_the_bank(live, invoice) for invoice in invoices[360:]]
        timing, lost, calls = storm.of_the_same(live, attempts)
        note = f"{clients}, of {len(attempts)} payments {lost} lost, {calls} calls of the bank"
        rows.append(("notifications, the same again", *_timed(timing, note)))
    # Last: what it leaves for the worker would be in the way of everything else.
    rows.append(
        ("drafts issued together", f"{measures.issue_together(town):.0f} /s", f"{measures.BATCH} in one transaction")
    )
    rows += _verified()
    return rows


def _priced() -> list[Row]:
    from bench import pricing  # noqa: PLC0415 - needs Django

    rows: list[Row] = []
    for name in pricing.BILLS:
        figure, count = pricing.lines_per_second(name)
        rows.append(
            (
                f"lines priced, {name}",
                f"{figure:.0f} /s",
                f"one core, bills of {count} lines, answers read and reasons kept",
            )
        )
    return rows


def _verified() -> list[Row]:
    from bench import books  # noqa: PLC0415 - needs Django
    from obole.payments.models import Receipt  # noqa: PLC0415

    short = books.verify()
    books.lengthen(
        Receipt.objects.select_related("invoice", "attempt", "entry").filter(invoice__isnull=False)[0], entries=ENTRIES
    )
    books.analyse()
    long = books.verify()
    took = f"{long.seconds:.0f} s, peak {long.peak_mib:.0f} MiB"
    return [
        ("books of this run", "right", f"{short.entries} entries recomputed"),
        (f"obole verify, {long.entries} entries", f"{long.entries / long.seconds:.0f} /s", took),
    ]


def _timed(timing: Timing, how: str) -> tuple[str, str]:
    spread = (
        f"p50 {timing.p50_ms:.0f} ms, p95 {timing.p95_ms:.0f} ms, max {timing.max_ms:.0f} ms, {timing.errors} errors"
    )
    return f"{timing.per_second:.0f} /s", f"{how}: {spread}"


def _page(rows: list[Row]) -> str:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    load = ", ".join(f"{one:.2f}" for one in os.getloadavg())
    head = [
        f"# {datetime.now().astimezone():%d/%m/%Y %H:%M}, commit {commit or 'unknown'}", "",
        f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}, load at the end {load}.",
        "Clients, bank, database, web and worker share these cores.", "", "| what | figure | how |", "|---|---|---|",
    ]  # fmt: skip
    return "\n".join([*head, *(f"| {what} | {figure} | {how} |" for what, figure, how in rows), ""])


if __name__ == "__main__":
    sys.exit(main())
