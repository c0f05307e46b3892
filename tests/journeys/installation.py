"""
The product as an operator installs it: an empty database, one administrator, a web server, a worker, a mail server.
"""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message as Email
from pathlib import Path

import requests

from obole_demo.embedded_postgres import EmbeddedServer
from tests.journeys.demo import free_port, shell_environment
from tests.mailing.server import PostOffice, start_post_office

PATIENCE_SECONDS = 60
COMMAND_SECONDS = 300


@dataclass
class Installation:
    """What an operator runs, by the commands of the handbook."""

    var: Path
    office: PostOffice
    port: int = field(default_factory=free_port)

    @property
    def base(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **shell_environment(),
            "OBOLE_VAR": str(self.var),
            "OBOLE_DATABASE_URL": EmbeddedServer(self.var).url,
            "OBOLE_BASE_URL": self.base,
            "OBOLE_REQUIRE_MFA": "no",
            "OBOLE_SMTP_URL": f"smtp://127.0.0.1:{self.office.port}",
        }

    def run(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "obole", *arguments]
        subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=True, timeout=COMMAND_SECONDS
        )

    def link(self, *, to: str) -> str:
        """Wait for a mail to somebody that has a link, and return its link."""
        return self._wait_for_mail(to, rf"{self.base}/\S+").rstrip(".>)")

    def code(self, *, to: str) -> str:
        """Wait for a mail to somebody that has a code, and return its code."""
        return self._wait_for_mail(to, r"(?m)^[A-Z0-9]{3,}(?:-?[A-Z0-9]{3,})*\s*$").strip()

    def _wait_for_mail(self, to: str, holds: str) -> str:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            for place, mail in reversed(list(enumerate(self.office.mails()))):
                found = re.search(holds, _text(mail)) if to in str(mail["To"]) else None
                if found:
                    del self.office.got[place]
                    return found[0]
            time.sleep(0.2)
        raise AssertionError(f"no mail to {to} holds {holds}")


@contextmanager
def installed(var: Path, *, administrator: str) -> Iterator[Installation]:
    """Install the product, with one administrator who has no password yet, and run it."""
    var.mkdir(parents=True)
    server = EmbeddedServer(var, durable=False)
    server.start()
    running: list[subprocess.Popen[bytes]] = []
    try:
        with start_post_office() as office:
            made = Installation(var, office)
            made.run("migrate")
            made.run("administrator", administrator, "--name", "Camille Roussel")
            with (var / "log.txt").open("ab") as log:
                for command in (["serve", "--port", str(made.port)], ["work"]):
                    argv = [sys.executable, "-m", "obole", *command]
                    running.append(subprocess.Popen(argv, env=made.environment, stdout=log, stderr=log))
            _wait(made.base)
            yield made
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(30)
        server.erase()


def _wait(base: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            if requests.get(f"{base}/health", timeout=2).status_code < 600:
                return
        except requests.RequestException:
            time.sleep(0.2)
    raise AssertionError("the web server does not answer")


def _text(mail: Email) -> str:
    parts = [part for part in mail.walk() if part.get_content_type() == "text/plain"]
    return "\n".join(bytes(part.get_payload(decode=True) or b"").decode() for part in parts)  # type: ignore[arg-type]
