"""Places for who waits for somebody else: a slow bank never takes all the threads of a process."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore


class NoPlace(Exception):
    """All the places are taken: nothing was asked."""


class Bulkhead:
    """So many may wait at once; the others are told at once, and the threads that are left serve other pages."""

    def __init__(self, places: int) -> None:
        self._places = BoundedSemaphore(places)

    @contextmanager
    def place(self, *, seconds: float) -> Iterator[None]:
        """
        Hold a place, after waiting for one so long at most.

        :raises NoPlace: if none came free.
        """
        if not self._places.acquire(timeout=seconds):
            raise NoPlace
        try:
            yield
        finally:
            self._places.release()
