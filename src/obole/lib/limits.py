"""How much of something one process does for one key in a while; kept in memory, and never more than a little of it."""

from datetime import datetime, timedelta


class Limit:
    """
    So many a key in each stretch of time. Not safe between threads by itself: its owner holds a lock.

    :param most: how many are let through, for one key, in one stretch.
    :param every: how long a stretch is.
    :param keys: of how many keys the count is kept; one more, in the same stretch, is over the limit at once.
    """

    def __init__(self, *, most: int, every: timedelta, keys: int = 10_000) -> None:
        self._most, self._seconds, self._keys = most, every.total_seconds(), keys
        self._stretch, self._seen = 0, dict[str, int]()

    def allows(self, key: str, *, at: datetime) -> bool:
        """Count one more, and tell whether it is within the limit."""
        stretch = int(at.timestamp() // self._seconds)
        if stretch != self._stretch:
            self._stretch, self._seen = stretch, {}
        if key not in self._seen and len(self._seen) >= self._keys:
            return False
        self._seen[key] = self._seen.get(key, 0) + 1
        return self._seen[key] <= self._most
