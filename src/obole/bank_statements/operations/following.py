"""Asking a person, as long as it lasts, about what stays on one side of the bank's statements."""

from datetime import datetime, timedelta

from django.utils.translation import ngettext

from obole.bank_statements.queries import WAITS, one_sided
from obole.bank_statements.queries.one_sided import Side
from obole.lib import dates
from obole.payments import operations as payments
from obole.payments.models import Anomaly

NOTED_FOR = timedelta(days=7)
"""A task that was noted while nothing changed comes back a week later."""


def follow_sides(*, at: datetime) -> None:
    """Keep the tasks about lines that nobody matched, and about money that the bank should have shown."""
    since = dates.day_of(at) - timedelta(days=WAITS)
    for regie in one_sided.regies():
        sides = {
            Anomaly.Kind.BANK_ONLY: one_sided.at_bank(regie, since=since),
            Anomaly.Kind.HERE_ONLY: one_sided.here(regie, since=since),
        }
        for kind, side in sides.items():
            payments.follow(kind, regie, holds=side.count > 0, details=_details(side), again_after=NOTED_FOR, at=at)


def _details(side: Side) -> str:
    if side.oldest is None:
        return ""
    said = ngettext("%(n)d, du %(day)s", "%(n)d, la plus ancienne du %(day)s", side.count)
    return said % {"n": side.count, "day": dates.format_short(side.oldest)}
