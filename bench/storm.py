"""A storm of notifications: the same again, of payments nobody knows, of payments already over."""

import itertools
import time
import uuid
from collections.abc import Callable
from threading import Lock, local

import requests

from bench.load import Timing, hammer
from bench.stage import Stage
from obole.payments.models import Attempt, BankExchange, Receipt
from obole.payments.states import AttemptState

SECONDS = 6.0
LONGEST_SECONDS = 90


def of_strangers(stage: Stage) -> tuple[Timing, int]:
    """
    Ring for payments that are unknown or over; return the timing, and how often the bank was called (never is right).
    """
    over = Attempt.objects.filter(state=AttemptState.PAID).values_list("gateway_reference", flat=True)[:50]
    before = _calls(stage)
    timing = hammer(
        _ring(stage, [*(str(item) for item in over), *(str(uuid.uuid1()) for _n in range(50))]),
        clients=8,
        seconds=SECONDS,
    )
    time.sleep(1.5)
    return timing, _calls(stage) - before


def of_the_same(stage: Stage, attempts: list[Attempt]) -> tuple[Timing, int, int]:
    """
    Ring again and again for payments that were just made at the bank.

    :returns: the timing, how many payments were lost (none is right), and how many calls of the bank it took.
    """
    before, references = _calls(stage), [str(attempt.gateway_reference) for attempt in attempts]
    timing = hammer(_ring(stage, references), clients=8, seconds=SECONDS)
    ids = [attempt.pk for attempt in attempts]
    rung = BankExchange.objects.filter(attempt__in=ids, kind="notification").values("attempt").distinct().count()
    end = time.perf_counter() + LONGEST_SECONDS
    while Receipt.objects.filter(attempt__in=ids).count() < rung and time.perf_counter() < end:
        time.sleep(0.05)
    return timing, len(ids) - Receipt.objects.filter(attempt__in=ids).count(), _calls(stage) - before


def _ring(stage: Stage, references: list[str]) -> Callable[[], bool]:
    turns, lock, kept = itertools.cycle(references), Lock(), local()

    def request() -> bool:
        if not hasattr(kept, "session"):
            kept.session = requests.Session()
        with lock:
            idop = next(turns)
        answer = kept.session.post(f"{stage.web}/paiements/payfip/notification", data={"idop": idop}, timeout=30)
        return bool(answer.status_code == 200)

    return request


def _calls(stage: Stage) -> int:
    calls: dict[str, int] = requests.get(f"{stage.bank}/control/payments?limit=1", timeout=10).json()["calls"]
    return sum(calls.values())
