"""The campaign itself: prepare, settle under fire, start again, count."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from threading import Event, Thread

import requests
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

from bench import measures
from obole.billing.models import Invoice
from obole.books import verification
from obole.lib import dates, texts
from obole.mailing.models import Message
from obole.payments import operations as payments, rules
from obole.payments.models import Attempt, BankExchange, Receipt
from obole.payments.operations.polling import MOST_DOORBELLS
from obole.regies.models import Entry
from obole_demo.embedded_postgres import EmbeddedServer
from obole_demo.processes import obole
from tests.actors import somebody
from tests.crash.figures import Figures
from tests.world import Town, make_citizen, make_dossier, make_invoice

PREPARERS, WORKERS = 2, 4
RUNG = 40
"""Attempts that nobody pays and that are rung during the whole run."""
AWAY_SECONDS = 0.7
PATIENCE_SECONDS = 1800


class CampaignFailed(Exception):
    """A process of the campaign itself did not do its work."""


def acknowledge_too_soon() -> None:
    """Take the guard away: the database says « committed » before it has written anything."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER SYSTEM SET synchronous_commit = off")
        cursor.execute("ALTER SYSTEM SET wal_writer_delay = '10s'")
        cursor.execute("SELECT pg_reload_conf()")


def run(figures: Figures, *, stops: int, web: str, bank: str) -> None:
    """Do everything, and write what it gave in ``figures``."""
    var, town = Path(os.environ["OBOLE_VAR"]), measures.build_town(bank)
    began = time.perf_counter()
    ready = _prepare(var, town, figures.payments)
    figures.prepare_seconds = _since(began)
    ringer = Ringer(web, [_waiting_attempt(town) for _n in range(RUNG)])
    ringer.start()
    began = time.perf_counter()
    acknowledged = _settle(figures, var, ready, stops=stops)
    figures.settle_seconds = _since(began)
    ringer.stop()
    connection.close()
    # Before the sweep, which would settle again what was lost and hide it.
    _count_losses(figures, acknowledged, ringer)
    began = time.perf_counter()
    figures.left_to_the_sweep = Attempt.objects.filter(pk__in=ready).exclude(state="paid").count()
    _recover()
    figures.recover_seconds = _since(began)
    _count(figures)


def _since(began: float) -> float:
    return round(time.perf_counter() - began, 1)


class Ringer(Thread):
    """Rings for attempts that nobody pays, one after the other, as long as their doorbells are kept."""

    def __init__(self, web: str, attempts: list[Attempt]) -> None:
        super().__init__(daemon=True)
        self.answers: Counter[str] = Counter()
        self.attempts = attempts
        self._address = f"{web}/paiements/payfip/notification"
        self._over = Event()

    def run(self) -> None:
        """Ring until told to stop."""
        session = requests.Session()
        session.trust_env = False
        for turn in range(MOST_DOORBELLS * len(self.attempts)):
            idop = self.attempts[turn % len(self.attempts)].gateway_reference
            self.answers[str(session.post(self._address, data={"idop": idop}, timeout=60).status_code)] += 1
            if self._over.wait(0.1):
                return

    def stop(self) -> None:
        """Stop, once the last answer has come."""
        self._over.set()
        self.join()


def _waiting_attempt(town: Town) -> Attempt:
    invoice = make_invoice(town, at=dates.now())
    return payments.start_payment(
        invoice_id=invoice.pk,
        email="usager@example.org",
        request_key=texts.token(),
        actor=somebody("tests"),
        at=dates.now(),
    )


def _start(var: Path, kind: str, rank: int, asked: object) -> tuple[subprocess.Popen[bytes], Path]:
    given, out = var / f"{kind}-{rank}.json", var / f"{kind}-{rank}.txt"
    given.write_text(json.dumps(asked))
    out.touch()
    command = [sys.executable, "-m", "tests.crash.worker", kind, str(given), str(out)]
    with (var / "logs" / f"{kind}-{rank}.log").open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log), out


def _prepare(var: Path, town: Town, how_many: int) -> list[int]:
    """Let several processes make so many attempts that the bank was paid for; return them."""
    crowd = []
    for rank in range(PREPARERS):
        citizens = [make_citizen(f"payeur{rank}-{n}@example.org", at=dates.now()) for n in range(10)]
        made = [make_dossier(town, citizen=citizen, at=dates.now()).pk for citizen in citizens]
        count = how_many // PREPARERS + (rank < how_many % PREPARERS)
        crowd.append(_start(var, "prepare", rank, {"dossiers": made, "type": town.type.pk, "count": count}))
    for process, out in crowd:
        if process.wait(PATIENCE_SECONDS):
            raise CampaignFailed((var / "logs" / f"{out.stem}.log").read_text()[-3000:])
    return [number for _process, out in crowd for number in _lines(out)]


def _settle(figures: Figures, var: Path, ready: list[int], *, stops: int) -> list[int]:
    """Let the workers settle while the database is stopped and one of them is killed; return what was acknowledged."""
    server = EmbeddedServer(var)
    crowd = [_start(var, "settle", rank, ready[rank::WORKERS]) for rank in range(WORKERS)]
    files = [out for _process, out in crowd]
    events = sorted([(turn / (stops + 1), "stop") for turn in range(1, stops + 1)] + [(0.4, "kill")])
    for part, event in events:
        _wait_for(files, int(part * len(ready)), crowd)
        if event == "kill":
            crowd[0][0].send_signal(signal.SIGKILL)
            figures.kills += 1
        else:
            server._call("pg_ctl", "stop", "-w", "-s", "-m", "immediate", "-D", str(server.data))
            time.sleep(AWAY_SECONDS)
            server.start()
            figures.stops += 1
    for process, out in crowd:
        if process.wait(PATIENCE_SECONDS) not in {0, -signal.SIGKILL}:
            raise CampaignFailed((var / "logs" / f"{out.stem}.log").read_text()[-3000:])
    logs = [(var / "logs" / f"{out.stem}.log").read_text().splitlines() for out in files]
    figures.interruptions = sum(json.loads(log[-1])["interruptions"] for log in logs[1:])
    acknowledged = [number for out in files for number in _lines(out)]
    figures.acknowledged = len(acknowledged)
    return acknowledged


def _wait_for(files: list[Path], wanted: int, crowd: list[tuple[subprocess.Popen[bytes], Path]]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while sum(out.read_bytes().count(b"\n") for out in files) < wanted:
        if time.monotonic() > end or all(process.poll() is not None for process, _out in crowd):
            raise CampaignFailed("the workers do not settle")
        time.sleep(0.02)


def _lines(path: Path) -> list[int]:
    """A killed worker may leave half a line: it acknowledged nothing with it."""
    return [int(line) for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]


def _recover() -> None:
    """Do what a restarted product does: sweep, then work until nothing is left to do."""
    # The documents of the invoices have nothing to do with what is counted.
    ProcrastinateJob.objects.filter(task_name="billing.render")._raw_delete("default")
    for minutes in (3, 6):
        payments.sweep(at=dates.now() + minutes * rules.TWO_HOURS / 120)
        done = subprocess.run(obole("work", "--once"), capture_output=True, text=True, check=False)
        if done.returncode:
            raise CampaignFailed(done.stderr[-3000:])


def _count_losses(figures: Figures, acknowledged: list[int], ringer: Ringer) -> None:
    kept = set(Attempt.objects.filter(state="paid", receipt__isnull=False).values_list("pk", flat=True))
    figures.acknowledged_lost = len(set(acknowledged) - kept)
    figures.web_answers = dict(ringer.answers)
    figures.doorbells_acknowledged = ringer.answers["200"]
    rung = BankExchange.objects.filter(attempt__in=ringer.attempts, kind=BankExchange.Kind.NOTIFICATION)
    figures.doorbells_kept = rung.count()


def _count(figures: Figures) -> None:
    figures.attempts_paid = Attempt.objects.filter(state="paid").count()
    figures.receipts = Receipt.objects.exclude(invoice=None).count()
    figures.entries = Entry.objects.filter(cause_kind="receipt").count()
    figures.invoices_paid = Invoice.objects.filter(state="paid").count()
    figures.mails = Message.objects.filter(kind="payment_receipt").count()
    try:
        verification.verify()
    except verification.BooksDiffer as difference:
        sys.stderr.write(f"{difference}\n")
        figures.chain_defects = 1
