"""When the next reminder is due: pure calculation on days."""

from collections.abc import Sequence

SMALLEST_GAP = 5
"""Days between two reminders of one invoice, whatever was missed while the worker was down."""


def next_step(*, delays: Sequence[int], sent: int, days_late: int, days_since_last: int | None) -> int | None:
    """
    Return the number of the reminder to send now (1, 2, 3…), or None.

    :param delays: days after the due date, increasing; the régie's choice, on the type de facture.
    :param sent: how many were sent.
    :param days_since_last: days since the last one was decided; None if there was none.
    """
    ordered = sorted(delays)
    if sent >= len(ordered) or days_late < ordered[sent]:
        return None
    if days_since_last is not None and days_since_last < SMALLEST_GAP:
        return None
    return sent + 1
