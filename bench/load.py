"""Many clients at once, and how long each request took."""

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """What a load gave."""

    per_second: float
    p50_ms: float
    p95_ms: float
    max_ms: float
    errors: int


def hammer(request: Callable[[], bool], *, clients: int, seconds: float) -> Timing:
    """Send requests from so many clients for so long; ``request`` says whether it was served."""
    end = time.perf_counter() + seconds
    with ThreadPoolExecutor(clients) as pool:
        parts = list(pool.map(lambda _rank: _one_client(request, end), range(clients)))
    times = sorted(duration for durations, _errors in parts for duration in durations)
    errors = sum(errors for _durations, errors in parts)
    cuts = statistics.quantiles(times, n=100)
    return Timing(len(times) / seconds, cuts[49] * 1000, cuts[94] * 1000, times[-1] * 1000, errors)


def _one_client(request: Callable[[], bool], end: float) -> tuple[list[float], int]:
    durations, errors = [], 0
    while time.perf_counter() < end:
        start = time.perf_counter()
        errors += not request()
        durations.append(time.perf_counter() - start)
    return durations, errors
