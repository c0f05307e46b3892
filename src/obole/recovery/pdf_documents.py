"""The état des restes à recouvrer as a PDF, made when it is asked for: a day of the past always says the same money."""

from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import translation

from obole.billing import wording
from obole.directory import queries as directory
from obole.lib import dates
from obole.recovery import queries
from obole.recovery.documents.outstanding import OutstandingDocument, Row, render_outstanding
from obole.regies.models import Regie

MOST_ROWS = 5_000
"""More than a hundred pages are no paper that somebody signs: the CSV holds them all."""


class TooManyRows(ValueError):
    """There are more invoices than a paper holds."""


def outstanding_pdf(regie: Regie, invoices: QuerySet[Any], day: date, *, filters: str = "", at: datetime) -> bytes:
    """
    Return the état of these invoices (some of ``queries.outstanding``) on a day.

    :param filters: in words, what they were narrowed by.
    :raises TooManyRows: if they are more than ``MOST_ROWS``.
    :raises obole.lib.pdf.DocumentNotRendered: if it cannot be made.
    """
    sums = queries.sum_rests(invoices)
    if sums.count > MOST_ROWS:
        raise TooManyRows
    rows = [
        Row(
            number=invoice.number,
            payer=invoice.payer.display_name,
            label=invoice.label,
            due_date=invoice.due_date,
            total_cents=invoice.total_cents,
            received_cents=invoice.received_then,
            rest_cents=invoice.rest,
            reminded=invoice.reminded,
            disputed=invoice.disputed,
        )
        for invoice in queries.with_dispute(invoices, day)
    ]
    today = dates.day_of(at)
    with translation.override("fr"):
        return render_outstanding(
            OutstandingDocument(
                letterhead=wording.letterhead_of(regie),
                day=day,
                made_at=at,
                rows=rows,
                sums=sums,
                ages=queries.rests_by_age(invoices, day),
                receivable_cents=queries.receivable_on(regie, day, today=today),
                treasury=directory.the_authority().treasury,
                filters=filters,
            )
        )
