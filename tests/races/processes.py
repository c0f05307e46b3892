"""
A crowd of real processes: each with its own memory and its own connection, all let go at the same moment.

One process is started with ``fork`` and ``exec``, sets Django up on the database of the tests, and then forks once for
each act: fifty processes cost less than a second, not a hundred.
"""

import atexit
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class Act:
    """What one process does: the name of a function of ``tests.races.acts``, and what it is given."""

    name: str
    given: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Told:
    """What became of one process: what its act returned, the name of what it raised, or the signal that killed it."""

    gave: Any = None
    raised: str = ""
    said: str = ""
    signal: int = 0


def act(name: str, **given: Any) -> Act:
    """Describe what one process does."""
    return Act(name, given)


def environment() -> dict[str, str]:
    """Return what makes a process work on the database and with the files of this test."""
    at = connection.settings_dict
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
        "OBOLE_DATABASE_URL": f"postgresql://{at['USER']}@/{at['NAME']}?host={at['HOST']}",
        "NO_PROXY": "127.0.0.1,localhost",
    }


def all_at_once(*acts: Act, mutant: str = "") -> list[Told]:
    """
    Do each act in a process of its own, at the same moment; return what became of each, in order.

    :param mutant: the name of a function of ``tests.races.mutants`` that takes a guard away from all of them.
    """
    files = str(settings.STORAGES["default"]["OPTIONS"]["location"])
    asked = {"acts": [[act.name, act.given] for act in acts], "mutant": mutant, "files": files}
    answer = _nursery().ask(json.dumps(asked))
    return [Told(**item) for item in answer]


class Nursery:
    """The process that crowds are forked from, started by the first that is needed."""

    def __init__(self) -> None:
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115 - as long as the process
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.races.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            cwd=ROOT,
            env=environment(),
            start_new_session=True,
        )
        atexit.register(self.stop)

    def ask(self, said: str) -> Any:
        """Return what became of a crowd; fail, and say why, if it was not to be had."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin and stdout
        stdin.write(f"{said}\n")
        stdin.flush()
        heard, _none, _nothing = select.select([stdout], [], [], PATIENCE_SECONDS)
        answer = json.loads(stdout.readline() or "null") if heard else None
        assert answer is not None, self._why()
        return answer

    def stop(self) -> None:
        """Stop it, and let the next crowd start another."""
        _nursery.cache_clear()
        # Its children too, and nobody waits for what they hold: one that hangs is why it is stopped.
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._log.close()

    def _why(self) -> str:
        self._log.seek(0)
        said = self._log.read()[-4000:]
        atexit.unregister(self.stop)
        self.stop()
        return said or f"no answer in {PATIENCE_SECONDS} seconds"


@cache
def _nursery() -> Nursery:
    return Nursery()


def gave(told: list[Told]) -> list[Any]:
    """Return what the acts gave, and fail on an error or a death that nobody expected."""
    bad = {(item.raised, item.said, item.signal) for item in told if item.raised or item.signal}
    assert not bad, bad
    return [item.gave for item in told]


def raised(told: list[Told]) -> list[str]:
    """Return the names of the errors of those that failed."""
    return sorted(item.raised for item in told if item.raised)
