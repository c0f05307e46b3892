"""`obole demo`: a believable town, and everything started."""

import signal
import sys
import time
from types import FrameType
from typing import Any

import requests
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from obole.cli import static
from obole.lib import dates
from obole_demo import load, ownership, processes
from obole_demo.accounts import ACCOUNTS, PASSWORD
from obole_demo.embedded_postgres import EmbeddedServer
from obole_demo.past import PastBank


class Command(BaseCommand):
    """Load the town the first time, start the simulator, the web and the worker, and run until Ctrl-C."""

    help = "Load a believable town and start everything."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--tour", action="store_true", help="play the whole mission, then stop and return its result"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        processes.require_free(settings.PORT, "OBOLE_PORT")
        processes.require_free(settings.SIMULATOR_PORT, "OBOLE_SIMULATOR_PORT")
        _stop_on_signals()
        server = EmbeddedServer(settings.VAR)
        started = server.url == settings.DATABASE_URL and server.start()
        try:
            ownership.require(allowed=settings.DEMO)
            code = self._run(options["tour"])
        finally:
            if started:
                server.stop()
        self.stdout.write("Everything is stopped.")
        sys.exit(code)

    def _run(self, tour: bool) -> int:
        running = processes.Processes(settings.VAR / "logs", {"OBOLE_DATABASE_URL": settings.DATABASE_URL})
        try:
            self._start(running)
            return self._tour() if tour else self._wait(running)
        except KeyboardInterrupt:
            return 0
        finally:
            running.stop()

    def _start(self, running: processes.Processes) -> None:
        state = str(settings.VAR / "simulator.sqlite3")
        simulator = ["-m", "payfip_simulator", "--port", str(settings.SIMULATOR_PORT), "--state", state]
        running.start("simulator", [sys.executable, *simulator])
        call_command("migrate", interactive=False, verbosity=0)
        static.collect()
        running.wait_until("simulator", PastBank(settings.SIMULATOR_URL).is_on)
        self._load()
        running.start("web", processes.obole("serve", "--port", str(settings.PORT)))
        running.start("worker", processes.obole("work"))
        running.wait_until("web", lambda: _answers(f"http://127.0.0.1:{settings.PORT}/health"))
        self._greet()

    def _load(self) -> None:
        if ownership.is_loaded():
            return
        if load.forget_interrupted():
            self.stdout.write("The story was interrupted the last time: it starts over.")
        self.stdout.write("Living the last five months of Valbourg, once…")
        load.load(simulator_url=settings.SIMULATOR_URL, now=dates.now(), told=self._tell)
        self._tell(0)

    def _tell(self, invoices: int) -> None:
        if self.stdout.isatty():
            self.stdout.write(f"\r  {invoices} invoices  " if invoices else "\n", ending="")
            self.stdout.flush()
        elif invoices and invoices % 100 == 0:
            self.stdout.write(f"  {invoices} invoices")

    def _greet(self) -> None:
        self.stdout.write(
            f"\nObole is running.\n\n"
            f"  Portal      {settings.BASE_URL}/\n  CRM         {settings.BASE_URL}/crm/\n"
            f"  The bank    {settings.SIMULATOR_URL}/ (simulated: no real money)\n"
            f"  Health      {settings.BASE_URL}/health\n\n  Accounts (password {PASSWORD}):"
        )
        for account in ACCOUNTS:
            self.stdout.write(f"    {account.email}")
        self.stdout.write("\nCtrl-C stops everything.\n")

    def _wait(self, running: processes.Processes) -> int:
        while True:
            time.sleep(0.5)
            name = running.dead()
            if name is not None:
                self.stderr.write(
                    f"The {name} stopped by itself: its last words are in {running.logs / (name + '.log')}."
                )
                return 1

    def _tour(self) -> int:
        try:
            call_command("tour")
        except SystemExit as end:
            return int(end.code or 0)
        return 0


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).status_code < 600
    except requests.RequestException:
        return False


def _stop_on_signals() -> None:
    def stop(signum: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
