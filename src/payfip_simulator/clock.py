"""The simulated time, and what the bank derives from it."""

import secrets
import threading
import uuid
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")

OPENING_WINDOW = timedelta(minutes=15)
RESULT_KEPT = timedelta(days=366)
PURGE_HOUR = 3

# UUID version 1 counts tenths of microseconds from the first day of the Gregorian calendar.
UUID_EPOCH = datetime(1582, 10, 15, tzinfo=UTC)


def as_paris_words(at: datetime) -> tuple[str, str]:
    """Write an instant as the bank does: JJMMAAAA and HHMM, in Paris, without seconds."""
    local = at.astimezone(PARIS)
    return local.strftime("%d%m%Y"), local.strftime("%H%M")


def purge_line(now: datetime) -> datetime:
    """Return the Paris midnight before which the last nightly purge removed what never had a result."""
    local = now.astimezone(PARIS)
    day = local.date() if local.hour >= PURGE_HOUR else local.date() - timedelta(days=1)
    return datetime(day.year, day.month, day.day, tzinfo=PARIS).astimezone(UTC)


class IdopMaker:
    """Make version 1 UUIDs of the simulated time, never twice the same."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0
        # The multicast bit says that this is no real network card.
        self._node = secrets.randbits(48) | (1 << 40)
        self._sequence = secrets.randbits(14)

    def make(self, at: datetime) -> str:
        """Return a new idop, of which the embedded time is `at`."""
        ticks = (at - UUID_EPOCH) // timedelta(microseconds=1) * 10
        with self._lock:
            if ticks <= self._last < ticks + 10_000_000:
                ticks = self._last + 1
            elif ticks <= self._last:
                # The clock was set back: a new sequence keeps old times from repeating themselves.
                self._sequence = (self._sequence + 1) % (1 << 14)
            self._last = ticks
            sequence = self._sequence
        fields = (
            ticks & 0xFFFFFFFF,
            (ticks >> 32) & 0xFFFF,
            (ticks >> 48) & 0x0FFF,
            sequence >> 8,
            sequence & 0xFF,
            self._node,
        )
        return str(uuid.UUID(fields=fields, version=1))
