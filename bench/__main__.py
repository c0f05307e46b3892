"""`make bench`: one run, a table on the screen and a page in bench/results/."""

import os
import platform
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from bench import stage

RESULTS = Path(__file__).parent / "results"
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
    from bench import measures  # noqa: PLC0415 - needs Django

    town = measures.build_town(bank)
    issued, invoices = measures.issue_one_by_one(town)
    rows: list[Row] = [("invoices issued one by one", f"{issued:.0f} /s", "one process, durable commits")]
    rows.append(("PDFs of invoices", f"{measures.render_pdfs(invoices):.0f} /s", "one process, stored"))
    with stage.running(web, bank) as live:
        for name, timing in (
            ("portal, Mes factures", measures.portal_list(live)),
            ("CRM, list of invoices", measures.crm_list(live)),
        ):
            note = f"p50 {timing.p50_ms:.0f} ms, p95 {timing.p95_ms:.0f} ms, max {timing.max_ms:.0f} ms, {timing.errors} errors"
            rows.append((name, f"{timing.per_second:.0f} /s", f"2 web processes, 8 clients: {note}"))
        half = len(invoices) // 2
        at_once = measures.settle(live, invoices[:half], latency_ms=0)
        slow = measures.settle(live, invoices[half:], latency_ms=300)
    note = "notification to receipt, one worker of 16 threads"
    rows += [
        ("settlements, bank at once", f"{at_once:.0f} /s", note),
        ("settlements, bank at 300 ms", f"{slow:.1f} /s", note),
    ]
    return rows


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
