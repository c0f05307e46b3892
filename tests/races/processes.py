"""
A crowd of real processes: each with its own memory and its own connection, all let go at the same moment.

One process is started with ``fork`` and ``exec``, sets Django up on the database of the test, and then forks once for each
act: fifty processes cost two seconds, not a hundred.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
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
        **os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
        "OBOLE_DATABASE_URL": f"postgresql://{at['USER']}@/{at['NAME']}?host={at['HOST']}",
        "OBOLE_TESTS_FILES": str(settings.STORAGES["default"]["OPTIONS"]["location"]), "NO_PROXY": "127.0.0.1,localhost",
    }  # fmt: skip


def all_at_once(*acts: Act, mutant: str = "") -> list[Told]:
    """
    Do each act in a process of its own, at the same moment; return what became of each, in order.

    :param mutant: the name of a function of ``tests.races.mutants`` that takes a guard away from all of them.
    """
    asked = {"acts": [[one.name, one.given] for one in acts], "mutant": mutant}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.races.nursery"],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
        cwd=ROOT,
        env=environment(),
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return [Told(**one) for one in json.loads(done.stdout.splitlines()[-1])]


def gave(told: list[Told]) -> list[Any]:
    """Return what the acts gave, and fail on an error or a death that nobody expected."""
    bad = {(one.raised, one.said, one.signal) for one in told if one.raised or one.signal}
    assert not bad, bad
    return [one.gave for one in told]


def raised(told: list[Told]) -> list[str]:
    """Return the names of the errors of those that failed."""
    return sorted(one.raised for one in told if one.raised)
