"""Keeping what each recomputation of the books found."""

import logging
from datetime import datetime

from obole.payments import verification
from obole.payments.models import Verification

logger = logging.getLogger(__name__)


def verify_books(*, at: datetime) -> Verification:
    """Recompute the books, and keep the result for the health page and the régies' pages."""
    try:
        return Verification.objects.create(at=at, entries=verification.verify())
    except verification.BooksDiffer as difference:
        logger.error("the books differ: %s", difference)
        return Verification.objects.create(at=at, difference=str(difference)[:300])
