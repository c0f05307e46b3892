"""Eight at once: threads with connections of their own, that meet at a barrier."""

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, BrokenBarrierError
from typing import TypeVar

from django.db import connections, models

T = TypeVar("T")
EIGHT = 8
PATIENCE = 30.0


def at_once(*acts: Callable[[], T]) -> list[T | Exception]:
    """Do all these acts at the same moment; return what each gave or raised, in order."""
    barrier = Barrier(len(acts), timeout=PATIENCE)

    def run(act: Callable[[], T]) -> T | Exception:
        try:
            # The connection is made before the start, so that nobody has a lead.
            connections["default"].ensure_connection()
            barrier.wait()
            return act()
        except Exception as error:  # noqa: BLE001 - what each of the crowd met is the result
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def eight(act: Callable[[], T]) -> list[T | Exception]:
    """Do the same thing eight times at once."""
    return at_once(*[act] * EIGHT)


def given(results: list[T | Exception], kind: type[T]) -> list[T]:
    """Return what was given, and fail on an error that nobody expected."""
    assert all(isinstance(result, kind) for result in results), results
    return [result for result in results if isinstance(result, kind)]


def without_lock(queryset: models.QuerySet[models.Model]) -> models.QuerySet[models.Model]:
    """Stand for ``locked()`` or ``select_for_update()`` in a test that shows what they are for."""
    return queryset.all()


class Meeting:
    """A point that two must reach together, inside what a guard keeps for one of them."""

    def __init__(self, guard: str) -> None:
        """
        With the ``lock``, the second never comes, and the first goes on alone; with ``none``, there is time to come.
        """
        self._barrier = Barrier(2, timeout=0.5 if guard == "lock" else 15)

    def wait(self) -> None:
        """Wait for the other."""
        with contextlib.suppress(BrokenBarrierError):
            self._barrier.wait()
