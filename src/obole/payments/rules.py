"""Pure calculations about payments: how money spreads over natures, when to ask the bank again."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from obole.gateways.base import Limits
from obole.lib import dates

TWO_HOURS = timedelta(hours=2)
ONE_DAY = timedelta(days=1)
HORIZON = timedelta(days=7)
"""PayFiP's integrators reconcile for that long: a payment has landed hours after it was opened."""
PURGE_DOUBT = timedelta(minutes=30)
"""Before that age, a bank that does not know a payment may simply not know it yet; later, somebody must look."""
PURGE_IS_OVER = time(6)
"""In Paris: the bank forgets at night the payments that nobody began."""
OPENING_LOST = timedelta(minutes=5)
"""An attempt that is still opening after that belongs to a process that died before the payer was sent anywhere."""
FAILURES = 5
"""Calls in vain, one after the other, that open the circuit of a bank."""
PROBE_EVERY = timedelta(seconds=55)
"""A minute, less what the clock that queues the question may be early by."""
LONG_OUTAGE = timedelta(hours=1)
"""A bank that was down for less cost nobody the day: who is late is reminded as usual."""
WORKER_LOST = timedelta(minutes=3)
"""While a circuit is open, a payer's own click is a question once no worker asked for that long."""
AVOIR = "avoir"
"""What is written beside money that an avoir freed, where a reversal writes its own reason."""


def next_poll_at(*, opened_at: datetime, at: datetime) -> datetime | None:
    """
    Return when to ask the bank again: every 2 minutes for 2 hours, every half hour for a day, every 6 hours for 7 days.
    """
    age = at - opened_at
    if age < TWO_HOURS:
        return at + timedelta(minutes=2)
    if age < ONE_DAY:
        return at + timedelta(minutes=30)
    return at + timedelta(hours=6) if age < HORIZON else None


def purge_date(*, opened_at: datetime) -> datetime:
    """
    Return when a payment that the bank does not know was purged: the morning of the day after it was opened, in Paris.
    """
    morning = dates.day_of(opened_at) + timedelta(days=1)
    return datetime.combine(morning, PURGE_IS_OVER, tzinfo=dates.PARIS)


def spread_over(remaining: Sequence[int], *, cents: int) -> list[int]:
    """Spread a sum over what is due of several invoices, in their order: each is paid before the next one begins."""
    left, parts = cents, list[int]()
    for due in remaining:
        parts.append(min(due, left))
        left -= parts[-1]
    return parts


def spread_by_nature(amounts: Sequence[tuple[str, int]], *, already_cents: int, cents: int) -> list[tuple[str, int]]:
    """
    Spread a receipt over the natures of an invoice's lines, in their order, after what was already received.

    :param amounts: (nature, cents) of each line.
    :returns: (nature, cents) with one row a nature, whose sum is ``cents``.
    :raises ValueError: if the lines do not hold as much.
    """
    skip, left, spread = already_cents, cents, dict[str, int]()
    for nature, amount in amounts:
        passed = min(skip, amount)
        taken = min(left, amount - passed)
        skip, left = skip - passed, left - taken
        if taken:
            spread[nature] = spread.get(nature, 0) + taken
    if left:
        raise ValueError(f"{left} cents more than the lines hold")
    return list(spread.items())


def split_natures(
    spread: Sequence[tuple[str, int]], *, first: int
) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """Part what was spread over natures in two: the ``first`` cents of it, in its order, and the rest."""
    begun, rest, left = list[tuple[str, int]](), list[tuple[str, int]](), first
    for nature, cents in spread:
        taken = min(left, cents)
        left -= taken
        begun += [(nature, taken)] if taken else []
        rest += [(nature, cents - taken)] if cents > taken else []
    return begun, rest


def is_payable(cents: int, limits: Limits) -> bool:
    """Tell whether the bank takes a payment of this amount."""
    return limits.min_cents <= cents <= limits.max_cents


def is_usable_email(email: str, limits: Limits) -> bool:
    """Tell whether the bank takes this address for its own ticket."""
    return 6 <= len(email) <= limits.email_max_length and email.isascii() and email.count("@") == 1
