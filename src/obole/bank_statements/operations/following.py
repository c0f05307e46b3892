"""Asking a person, as long as it lasts, about what stays on one side of the bank's statements."""

from datetime import date, datetime, timedelta

from django.utils.translation import ngettext

from obole.bank_statements.queries import WAITS, one_sided
from obole.bank_statements.queries.one_sided import Side
from obole.lib import dates
from obole.payments import operations as payments
from obole.payments.models import Anomaly
from obole.regies.models import Regie

NOTED_FOR = timedelta(days=7)
"""A task that was noted while nothing changed comes back a week later."""


def follow_sides(*, at: datetime) -> None:
    """Keep the tasks about lines that nobody matched, and about money that the bank should have shown."""
    today = dates.day_of(at)
    since = today - timedelta(days=WAITS)
    for regie in one_sided.regies():
        lines, sums = one_sided.at_bank(regie, since=since), one_sided.here(regie, since=since)
        said = ngettext("%(n)d ligne du %(day)s", "%(n)d lignes, la plus ancienne du %(day)s", lines.count)
        _follow(Anomaly.Kind.BANK_ONLY, regie, lines, said, today=today, at=at)
        said = ngettext("%(n)d somme du %(day)s", "%(n)d sommes, la plus ancienne du %(day)s", sums.count)
        _follow(Anomaly.Kind.HERE_ONLY, regie, sums, said, today=today, at=at)


def _follow(kind: Anomaly.Kind, regie: Regie, side: Side, said: str, *, today: date, at: datetime) -> None:
    details = ""
    if side.oldest is not None:
        days = (today - side.oldest).days
        age = ngettext("(%(n)d jour)", "(%(n)d jours)", days) % {"n": days}
        details = f"{said % {'n': side.count, 'day': dates.format_short(side.oldest)}} {age}"
    payments.follow(kind, regie, holds=side.count > 0, details=details, again_after=NOTED_FOR, at=at)
