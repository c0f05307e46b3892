"""
The process from which crowds are forked: see ``processes``. It has one thread, so that forking is safe.

Django is loaded once for all the crowds of a run. Each crowd has a process that nothing else uses, forked first: what a
mutant takes away there, and where its files are, is gone with it.
"""

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import django
from django.conf import settings
from django.test.utils import override_settings, setup_test_environment


@dataclass(frozen=True)
class Gate:
    """Two pipes that every child has: it says on one that it is ready, and waits for the end of the other."""

    wait: int
    open: int
    hear: int
    say: int


def main() -> None:
    """For each line that is read, do what it asks for, and print a line of what became of it."""
    django.setup()
    setup_test_environment()
    from django.db import connections  # noqa: PLC0415 - needs Django

    from tests.races import acts  # noqa: PLC0415

    acts.warm_up()
    connections.close_all()
    for line in sys.stdin:
        crowd = os.fork()
        if not crowd:
            _play(json.loads(line))
            sys.stdout.flush()
            os._exit(0)
        if os.waitpid(crowd, 0)[1]:
            print("null", flush=True)  # noqa: T201 - the answer


def _play(asked: dict[str, Any]) -> None:
    """Do each act in a process of its own, all at once, and print what became of each."""
    from tests.races import acts, mutants  # noqa: PLC0415 - needs Django

    files = {"OPTIONS": {"location": asked["files"]}}
    override_settings(STORAGES={**settings.STORAGES, "default": {**settings.STORAGES["default"], **files}}).enable()
    if asked["mutant"]:
        getattr(mutants, asked["mutant"])()
    gate = Gate(*os.pipe(), *os.pipe())
    crowd = [_fork(gate, getattr(acts, name), given) for name, given in asked["acts"]]
    for _one in crowd:
        os.read(gate.hear, 1)
    os.close(gate.open)
    print(json.dumps([_told(*child) for child in crowd]))  # noqa: T201 - the answer


def _fork(gate: Gate, do: Callable[..., Any], given: dict[str, Any]) -> tuple[int, int]:
    """Return the process and where it tells its result."""
    told, tell = os.pipe()
    child = os.fork()
    if child:
        os.close(tell)
        return child, told
    os.close(told)
    os.close(gate.open)
    os.write(tell, json.dumps(_do(gate, do, given)).encode())
    os._exit(0)


def _do(gate: Gate, do: Callable[..., Any], given: dict[str, Any]) -> dict[str, Any]:
    from django.db import connection  # noqa: PLC0415 - needs Django

    try:
        # The connection is made before the start, so that nobody has a lead.
        connection.ensure_connection()
    finally:
        os.write(gate.say, b".")
    os.read(gate.wait, 1)
    try:
        return {"gave": do(**given)}
    except Exception as error:  # noqa: BLE001 - what each of the crowd met is the result
        return {"raised": type(error).__name__, "said": str(error)[:300]}


def _told(process: int, told: int) -> dict[str, Any]:
    with os.fdopen(told, "rb") as words:
        said = words.read()
    _pid, status = os.waitpid(process, 0)
    if os.WIFSIGNALED(status):
        return {"signal": os.WTERMSIG(status)}
    answer: dict[str, Any] = json.loads(said)
    return answer


if __name__ == "__main__":
    main()
