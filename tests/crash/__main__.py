"""Run the campaign on a durable PostgreSQL of its own."""

import argparse
import json
import sys
from dataclasses import asdict

import django

from bench import stage
from tests.crash.figures import Figures


def main() -> int:
    """Run it, print the figures, and fail if one of them is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash")
    parser.add_argument("--payments", type=int, default=3000)
    parser.add_argument("--stops", type=int, default=3)
    parser.add_argument(
        "--careless", action="store_true", help="let the database acknowledge before it wrote: must fail"
    )
    parser.add_argument("--json", action="store_true", help="print the figures for a program")
    asked = parser.parse_args()
    figures = Figures(payments=asked.payments)
    with stage.prepared() as (web, bank):
        django.setup()
        from tests import database  # noqa: PLC0415 - needs Django
        from tests.crash import campaign  # noqa: PLC0415

        database.migrate()
        if asked.careless:
            campaign.acknowledge_too_soon()
        with stage.running(web, bank, workers=0):
            campaign.run(figures, stops=asked.stops, web=web, bank=bank)
    print(json.dumps(asdict(figures)) if asked.json else figures.table())  # noqa: T201 - what was asked for
    return 1 if figures.wrong() else 0


if __name__ == "__main__":
    sys.exit(main())
