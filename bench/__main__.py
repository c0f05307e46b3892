"""
`make bench`: one run, a table on the screen and a page in bench/results/; of some parts, the table alone.
"""

import os
import platform
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from bench import stage

RESULTS = Path(__file__).parent / "results"
ENTRIES = int(os.environ.get("OBOLE_BENCH_ENTRIES", "200000"))
"""How long the books are that `obole verify` recomputes."""
INVOICES = int(os.environ.get("OBOLE_BENCH_INVOICES", "100000"))
"""How many the long lists are of."""
Row = tuple[str, str, str]


def main() -> int:
    with stage.prepared() as (web, bank):
        import django  # noqa: PLC0415 - the environment must be set first

        django.setup()
        from django.core.management import call_command  # noqa: PLC0415

        from bench import parts  # noqa: PLC0415

        try:
            names = parts.chosen(sys.argv[1:])
        except ValueError as error:
            sys.stderr.write(f"No part is called {error}: say T= and some of {', '.join(parts.PARTS)}.\n")
            return 2
        call_command("migrate", verbosity=0)
        bench = parts.Bench(web, bank, entries=ENTRIES, long=INVOICES)
        page = _page(*parts.measured(bench, names), bench.plans)
    print(page)
    if not sys.argv[1:]:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{datetime.now().astimezone():%Y-%m-%d-%H%M}.md").write_text(page, encoding="utf-8")
    return 0


def _page(rows: list[Row], seconds: dict[str, float], plans: list[str]) -> str:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    load = ", ".join(f"{item:.2f}" for item in os.getloadavg())
    head = [
        f"# {datetime.now().astimezone():%d/%m/%Y %H:%M}, commit {commit or 'unknown'}",
        "",
        (
            f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()},"
            f" load at the end {load}."
        ),
        "Clients, bank, database, web and worker share these cores.",
        "",
        "| what | figure | how |",
        "|---|---|---|",
    ]
    took = ", ".join(f"{name} {length:.0f}" for name, length in seconds.items())
    table = [f"| {what} | {figure} | {how} |" for what, figure, how in rows]
    slow = [line for plan in plans for line in ("", "The slowest query of the long lists:", "", "```", plan, "```")]
    return "\n".join([*head, *table, "", f"Seconds of each part, with what it made for itself: {took}.", *slow, ""])


if __name__ == "__main__":
    sys.exit(main())
