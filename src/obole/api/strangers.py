"""Notifications of payments that nobody knows: counted, and never dearer than the look that did not find them."""

from datetime import datetime, timedelta
from threading import Lock

from django.http import HttpRequest

from obole.lib.limits import Limit
from obole.payments import operations as payments

MOST_OF_ONE_ADDRESS = 30
"""In a minute. A bank with a wrong address in its settings stays under it."""
MOST_WRITES = 60
"""In a minute, of one process, whoever rings."""
LOOPBACK = frozenset({"", "127.0.0.1", "::1"})


class Strangers:
    """
    What one process counted and did not write yet.

    An address that insists costs one write in ten seconds and no more: what it rings is added up here, and written with the
    next ring that may write. Nobody is refused an answer, nor a look: the next ring may be a true one.
    """

    def __init__(self) -> None:
        self._lock, self._rings, self._insistent = Lock(), 0, 0
        self._addresses = Limit(most=MOST_OF_ONE_ADDRESS, every=timedelta(minutes=1))
        self._writes = Limit(most=MOST_WRITES, every=timedelta(minutes=1))
        self._late_writes = Limit(most=1, every=timedelta(seconds=10))

    def count(self, address: str, *, at: datetime) -> None:
        """Count a ring for a payment that nobody knows."""
        with self._lock:
            insists = not self._addresses.allows(address, at=at)
            self._rings, self._insistent = self._rings + 1, self._insistent + insists
            if not (self._late_writes if insists else self._writes).allows("", at=at):
                return
            rings, insistent, self._rings, self._insistent = self._rings, self._insistent, 0, 0
        payments.count_unknown_rings(rings=rings, insistent=insistent, at=at)


def address_of(request: HttpRequest) -> str:
    """Return who rings: the last that a proxy on this machine names, else who is connected. Kept in memory, never written."""
    connected: str = request.META.get("REMOTE_ADDR", "")
    named = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
    return named[:45] if named and connected in LOOPBACK else connected


STRANGERS = Strangers()
