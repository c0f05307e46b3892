"""Starting the product's processes side by side, and stopping every one of them."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE_SECONDS = 60
STOP_SECONDS = 10


class CannotStart(SystemExit):
    """Something is missing or in the way; the message says what to do."""


@dataclass
class Processes:
    """What one command started."""

    logs: Path
    environment: Mapping[str, str]
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, command: Sequence[str]) -> None:
        """Start a process whose output goes to a log named after it."""
        self.logs.mkdir(parents=True, exist_ok=True)
        with (self.logs / f"{name}.log").open("ab") as log:
            # A session of its own: Ctrl-C reaches only us, and we stop the others in order.
            self._running[name] = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **self.environment},
                start_new_session=True,
            )

    def wait_until(self, name: str, ready: Callable[[], bool]) -> None:
        """
        Wait for a process to answer.

        :raises CannotStart: if it stops, or does not answer within a minute.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not ready():
            if self._running[name].poll() is not None or time.monotonic() > deadline:
                raise CannotStart(f"The {name} did not start: its last words are in {self.logs / (name + '.log')}.")
            time.sleep(0.1)

    def dead(self) -> str | None:
        """Return the name of a process that stopped by itself, if one did."""
        return next((name for name, process in self._running.items() if process.poll() is not None), None)

    def kill(self) -> None:
        """Kill every process, as a machine that loses its power does."""
        for process in self._running.values():
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def stop(self) -> None:
        """Stop every process, the last started first; one that does not obey within ten seconds is killed."""
        for process in reversed(self._running.values()):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in reversed(self._running.values()):
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def obole(*arguments: str) -> list[str]:
    """Return the command line of one of our own commands."""
    return [sys.executable, "-m", "obole", *arguments]


def require_free(port: int, setting: str) -> None:
    """
    Make sure that nobody listens on a port.

    :raises CannotStart: with a sentence that names the setting to change.
    """
    with socket.socket() as probe:
        probe.settimeout(0.5)
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise CannotStart(
                f"Port {port} is busy: stop what uses it, or choose another one, for instance: {setting}={port + 10}"
                " make demo"
            )
