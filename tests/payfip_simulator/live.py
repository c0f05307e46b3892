"""
A live simulator for tests: `with start_simulator() as simulator: …`.

It is a separate process on a free port, as it will be in the demo. Any test of the project may use it.
"""

import contextlib
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

SOURCES = Path(__file__).resolve().parents[2] / "src"
PATIENCE_SECONDS = 20


@dataclass(frozen=True)
class RunningSimulator:
    """A simulator that answers at `url`."""

    url: str
    process: subprocess.Popen[str]

    @property
    def soap_url(self) -> str:
        """Return the address of the web service."""
        return f"{self.url}/tpa/services/securite"

    @property
    def page_url(self) -> str:
        """Return the address of the payment page, without its idop."""
        return f"{self.url}/tpa/paiementws.web"

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """Call the simulator without any proxy, on a connection that is closed at once."""
        with requests.Session() as session:
            session.trust_env = False
            return session.request(method, f"{self.url}{path}", timeout=PATIENCE_SECONDS, **options)

    def _json(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        response = self.call(method, path, **options)
        if response.status_code != 200:
            raise AssertionError(f"{path}: {response.status_code} {response.text}")
        return dict(response.json())

    def control(self, **switches: Any) -> dict[str, Any]:
        """Move some switches, and return the position of all."""
        return self._json("POST", "/control", json=switches)

    def reset(self, *, payments: bool = False, clients: bool = False) -> dict[str, Any]:
        """Put every switch back; forget the payments and the added creditors too if asked."""
        return self._json("POST", "/control/reset", json={"payments": payments, "clients": clients})

    def advance(self, seconds: float) -> dict[str, Any]:
        """Move the simulated time forward."""
        return self.control(advance_seconds=seconds)

    def pay(self, idop: str, result: str = "P", *, notify: bool = True, redirect: bool = False) -> dict[str, Any]:
        """Give a payment its result without a browser."""
        body = {"idop": idop, "result": result, "notify": notify, "redirect": redirect}
        return self._json("POST", "/control/pay", json=body)

    def payments(self, **filters: Any) -> list[dict[str, Any]]:
        """Return the last payments, newest first; `idop`, `refdet` and `limit` narrow the list."""
        return list(self._json("GET", "/control/payments", params=filters)["payments"])

    def payment(self, idop: str) -> dict[str, Any]:
        """Return one payment, with all that is known of it."""
        (found,) = self.payments(idop=idop)
        return found

    def calls(self) -> dict[str, int]:
        """Return how many times each operation was called since the last reset."""
        return dict(self._json("GET", "/control/payments", params={"limit": 0})["calls"])

    def wait_for_notifications(self, idop: str, count: int = 1) -> list[dict[str, Any]]:
        """Wait until that many notifications of a payment were tried, and return them."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            found = list(self.payment(idop)["notifications"])
            if len(found) >= count:
                return found
            time.sleep(0.02)
        raise AssertionError(f"{count} notifications of {idop} did not come")

    def stop(self) -> int:
        """Stop the process as a service manager does, and return its exit status."""
        self.process.terminate()
        return self.process.wait(timeout=PATIENCE_SECONDS)


def _first_line(process: subprocess.Popen[str]) -> str:
    if process.stdout is None:
        raise AssertionError("the simulator has no output")
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        if not selector.select(PATIENCE_SECONDS):
            raise AssertionError("the simulator does not start")
    return process.stdout.readline()


@contextlib.contextmanager
def start_simulator(*, state: str | Path = ":memory:", port: int = 0) -> Iterator[RunningSimulator]:
    """Run a simulator for the time of a `with`."""
    command = [sys.executable, "-W", "error", "-m", "payfip_simulator", "--port", str(port), "--state", str(state)]
    path = os.pathsep.join(filter(None, [str(SOURCES), os.environ.get("PYTHONPATH")]))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": path}) as process:
        try:
            line = _first_line(process)
            if "http://" not in line:
                raise AssertionError(f"the simulator does not start: {line!r}")
            yield RunningSimulator(url=line.split()[-1].rstrip("/"), process=process)
        finally:
            process.terminate()
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
