"""The real thing: `obole demo` in a process of its own, on free ports, with a folder of state of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

START_SECONDS = 400
PASSWORD = "obole-demo"


def shell_environment() -> dict[str, str]:
    """Return what a person's shell would hold: nothing of the suite's own database and settings."""
    ours = ("OBOLE_", "DJANGO_", "PYTEST_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Demo:
    """A running demo, which can be stopped and started again."""

    var: Path
    port: int = field(default_factory=free_port)
    bank_port: int = field(default_factory=free_port)
    _process: subprocess.Popen[str] | None = None

    @property
    def base(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def bank(self) -> str:
        return f"http://localhost:{self.bank_port}"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **shell_environment(),
            "OBOLE_VAR": str(self.var),
            "OBOLE_PORT": str(self.port),
            "OBOLE_SIMULATOR_PORT": str(self.bank_port),
        }

    def start(self) -> str:
        """Start it, wait until it says that it runs, and return all that it said."""
        self.var.mkdir(parents=True, exist_ok=True)
        begun, said = time.monotonic(), self.var / "said.txt"
        with said.open("w") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "obole", "demo"], env=self.environment, stdout=out, stderr=out, text=True
            )
        while "Obole is running" not in said.read_text():
            if self._process.poll() is not None or time.monotonic() - begun > START_SECONDS:
                raise AssertionError(f"the demo did not start: {said.read_text()}")
            time.sleep(0.2)
        return said.read_text()

    def stop(self) -> int:
        """Press Ctrl-C, and return the exit code."""
        if self._process is None:
            return 0
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(40)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another of our commands beside it."""
        command = [sys.executable, "-m", "obole", *arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False, timeout=180)

    def control(self, **switches: Any) -> None:
        """Set the simulated bank's switches."""
        requests.post(f"{self.bank}/control", json=switches, timeout=10).raise_for_status()
