"""Closing the books with their paper, and keeping what each recomputation of them found."""

import logging
from collections.abc import Sequence
from datetime import date, datetime

from obole.books import verification
from obole.lib.actors import Actor
from obole.lib.queue import defer
from obole.lib.transactions import atomic_with_retry
from obole.payments.models import Verification
from obole.regies import operations as regies
from obole.regies.models import Closing

logger = logging.getLogger(__name__)


@atomic_with_retry
def close_period(*, regie_id: int, until: date, actor: Actor, at: datetime) -> Closing:
    """
    Close the régie's ledger up to a day, and have its paper made.

    :raises obole.regies.operations.CannotClose: if that day cannot be closed.
    """
    closing = regies.close_period(regie_id=regie_id, until=until, actor=actor, at=at)
    defer("books.render_closing", closing_id=closing.pk)
    return closing


def verify_books(*, at: datetime, against: Sequence[verification.Head] = ()) -> Verification:
    """
    Recompute the books, and keep the result for the health page and the régies' pages.

    :param against: ends of chains that were kept elsewhere, to compare with.
    """
    try:
        entries = verification.verify()
        verification.check_against(against)
        return Verification.objects.create(at=at, entries=entries)
    except verification.BooksDiffer as difference:
        logger.error("the books differ: %s", difference)
        return Verification.objects.create(at=at, difference=str(difference)[:300])
