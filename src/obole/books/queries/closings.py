"""What an arrêté says beside its accounts: what came in by means, and the numbers of the quittances."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Max, Min

from obole.books.queries import received
from obole.books.rules import Period
from obole.payments.models import Receipt
from obole.regies import queries as regies
from obole.regies.models import Closing


@dataclass(frozen=True)
class Quittances:
    """The quittances of a year that were given in a period: a continuous part of their series."""

    year: int
    first: str
    last: str
    count: int
    is_whole: bool
    """Whether no number is missing between the two."""


def period_of(closing: Closing) -> Period:
    """Return the days that a closing closed: from the day after the one before, else from the first entry."""
    before = Closing.objects.filter(regie=closing.regie_id, until__lt=closing.until).order_by("-until").first()
    first = regies.first_day(closing.regie) if before is None else date.fromordinal(before.until.toordinal() + 1)
    return Period(min(first or closing.until, closing.until), closing.until)


def received_in(closing: Closing, period: Period) -> list[received.Received]:
    """Return what came in and what was taken back in the days of a closing, by means."""
    rows = received.movements([closing.regie])
    return received.by_means(rows.filter(booked_at__gte=period.begins, booked_at__lt=period.ends))


def quittances_in(closing: Closing, period: Period) -> list[Quittances]:
    """Return the numbers of the quittances given in the days of a closing, by year."""
    rows = Receipt.objects.filter(
        regie=closing.regie_id,
        sequence__isnull=False,
        entry__booked_at__gte=period.begins,
        entry__booked_at__lt=period.ends,
    )
    years = rows.order_by("year").values("year")
    return [
        Quittances(row["year"] or 0, row["first"], row["last"], row["count"], row["span"] + 1 == row["count"])
        for row in years.annotate(
            first=Min("number"), last=Max("number"), count=Count("id"), span=Max("sequence") - Min("sequence")
        )
    ]
