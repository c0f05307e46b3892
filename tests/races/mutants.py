"""Guards taken away from every process of a crowd: the tests that show what they are for name one of these."""

import os
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from obole.billing import operations as billing
from obole.billing.models import Invoice
from obole.lib import transactions
from obole.mailing import operations as mailing
from obole.regies import numbering
from obole.regies.models import Regie, Series

WIDER_SECONDS = 0.004
"""How long a process rests after each statement, so that the others have the time to come in."""
UPSIDE_DOWN_SECONDS = 0.2
MEANWHILE_SECONDS = 1.0
"""How long one rests between what it read and what it writes, where a crowd of two must both have read."""


def _rest_after_each_statement() -> None:
    def slowly(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        time.sleep(WIDER_SECONDS)
        return result

    connection.execute_wrappers.append(slowly)


def no_locks() -> None:
    """Nobody waits for anybody: no row is locked."""

    def unlocked(queryset: QuerySet[Any], **_options: Any) -> QuerySet[Any]:
        return queryset.all()

    QuerySet.select_for_update = unlocked  # type: ignore[assignment]
    _rest_after_each_statement()


def numbers_are_read_then_written() -> None:
    """The last number of a series is read, and the next one written a moment later; nobody holds the row meanwhile."""
    no_locks()

    def take_many(*, regie: Regie, kind: Series.Kind, year: int, count: int) -> range:
        series, _created = Series.objects.get_or_create(regie=regie, kind=kind, year=year)
        Series.objects.filter(pk=series.pk).update(last=series.last + count)
        return range(series.last + 1, series.last + count + 1)

    numbering.take_numbers = take_many


def nothing_keeps_a_reminder_unique() -> None:
    """No lock, time for both to decide before either writes, and each process has causes of its own for its mails."""
    no_locks()
    queue = mailing.queue_many

    def queue_anyway(letters: Sequence[mailing.Email], *, at: datetime) -> dict[str, Any]:
        time.sleep(MEANWHILE_SECONDS)
        others = {f"{letter.cause}:{os.getpid()}": letter for letter in letters}
        made = queue([replace(letter, cause=cause) for cause, letter in others.items()], at=at)
        return {others[cause].cause: message for cause, message in made.items()}

    mailing.queue_many = queue_anyway


def cancel_locks_upside_down() -> None:
    """
    A cancellation takes the régie's lock first, then its invoice's, an order that nobody else has; nobody tries again.
    """
    transactions.TRIES = 1
    cancel = billing.cancel_invoice

    def upside_down(*, invoice_id: int, **values: Any) -> Invoice:
        with transaction.atomic():
            Regie.objects.locked().get(pk=Invoice.objects.values_list("regie_id", flat=True).get(pk=invoice_id))
            # Who pays has the time to lock the invoice, as the others do.
            time.sleep(UPSIDE_DOWN_SECONDS)
            return cancel(invoice_id=invoice_id, **values)

    billing.cancel_invoice = upside_down
    _rest_after_each_statement()
