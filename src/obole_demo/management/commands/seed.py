"""`obole seed --invoices N`: as many invoices as one wants, to measure lists and exports on."""

import time
from datetime import timedelta
from random import Random
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction

from obole.audit_log import operations as audit_log
from obole.billing.models import InvoiceType
from obole.directory.models import Authority
from obole.lib import dates
from obole.regies.models import Regie, Series
from obole_demo import accounts, ownership, town
from obole_demo.embedded_postgres import EmbeddedServer
from obole_demo.load import SEED
from obole_demo.past import without_waiting_for_the_disk
from obole_demo.seed import chain, people, story
from obole_demo.seed.tables import Tables, go_on_above

MOST = 20_000_000


class Command(BaseCommand):
    """Fill an empty database with a town of many invoices, whose books are right."""

    help = "Fill an empty database with so many invoices, for measures."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--invoices", type=int, required=True, help="how many")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 0 < options["invoices"] <= MOST:
            raise CommandError(f"--invoices: from 1 to {MOST}")
        server = EmbeddedServer(settings.VAR)
        started = server.url == settings.DATABASE_URL and server.start()
        try:
            ownership.require(allowed=settings.DEMO)
            began = time.monotonic()
            # An empty database has no table to ask.
            call_command("migrate", interactive=False, verbosity=0)
            if ownership.is_begun():
                raise CommandError("This database holds a town already: a seed is made in an empty one.")
            fill(options["invoices"])
            self.stdout.write(f"{options['invoices']} invoices in {time.monotonic() - began:.0f} s.")
        finally:
            if started:
                server.stop()


def fill(invoices: int) -> None:
    """Write the town, its people, their dossiers, and what became of each invoice."""
    now, dice = dates.now(), Random(SEED)
    first = now - timedelta(days=365 * story.YEARS)
    ownership.begin(at=now)
    without_waiting_for_the_disk()
    made = town.configure(simulator_url=settings.SIMULATOR_URL, at=first - timedelta(days=1))
    with transaction.atomic(), connection.cursor() as cursor:
        # Triggers would do again for each row what is done here for all.
        cursor.execute("SET LOCAL session_replication_role = replica")
        tables = Tables()
        chains = {regie.pk: chain.Chain(regie, tables) for regie in Regie.objects.order_by("id")}
        types = InvoiceType.objects.filter(regie__isnull=False).select_related("regie").order_by("id")
        kinds = story.kinds_of(list(types))
        payers = []
        for payer, row in people.make(max(1, invoices // 10), first=1_000, dice=dice):
            payers.append(payer)
            tables.add("directory_citizen", *row)
        files = story.write_dossiers(tables, payers, kinds, number=max(1, invoices // 5), dice=dice, at=first)
        writer = story.Writer(tables, chains, made.agents["agent"], dice, now)
        step = (now - first) / (invoices + 1)
        for n in range(1, invoices + 1):
            writer.issue(dice.choice(files), first + step * n)
        writer.play_until(now)
        tables.write()
        for one in chains.values():
            one.end()
        for (regie, kind, year), last in writer.series.items():
            Series.objects.create(regie_id=regie, kind=kind, year=year, last=last)
        chain.add_up()
    _settle_down(now)


def _settle_down(now: Any) -> None:
    go_on_above()
    with transaction.atomic():
        audit_log.log_event(ownership.LOADED, subject=Authority.objects.get(only=True), actor=accounts.admin(), at=now)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
