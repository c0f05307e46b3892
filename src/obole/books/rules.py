"""Periods of the books, and how they are said."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from obole.lib import dates
from obole.regies.accounts import Account

BY_INVOICE = frozenset({Account.RECEIVABLE, Account.CLAIMS})
"""Accounts whose balance is made of invoices."""
BY_RECEIPT = frozenset(
    {Account.CARD_CLEARING, Account.DEBIT_CLEARING, Account.CHEQUES, Account.SUSPENSE, Account.REVENUE_DUE}
)
"""Accounts whose balance is made of receipts. The money of the others has no piece of its own: a bank, a till."""
LATE_TO_CLOSE = 40
"""Days: beyond that without a closing, a régie is told on its page."""


@dataclass(frozen=True)
class Period:
    """Days in Paris, both included."""

    first: date
    last: date

    @property
    def begins(self) -> datetime:
        """The instant at which it begins."""
        return dates.midnight(self.first)

    @property
    def ends(self) -> datetime:
        """The instant at which it is over."""
        return dates.midnight(self.last + timedelta(days=1))

    @property
    def opens_a_year(self) -> bool:
        """Whether what comes before it is what the exercice before carried forward."""
        return (self.first.month, self.first.day) == (1, 1)

    def __str__(self) -> str:
        if self.first == self.last:
            return _("le %(day)s") % {"day": dates.format_short(self.last)}
        return _("du %(first)s au %(last)s") % {
            "first": dates.format_short(self.first),
            "last": dates.format_short(self.last),
        }


def month_of(day: date) -> Period:
    """Return the month of a day."""
    return Period(day.replace(day=1), last_of_month(day))


def last_of_month(day: date) -> date:
    """Return the last day of the month of a day."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def closing_name(until: date) -> str:
    """Return what the closing of a day closes: an exercice, a month, or that day."""
    if (until.month, until.day) == (12, 31):
        return _("Arrêté de l’exercice %(year)s") % {"year": until.year}
    if until == last_of_month(until):
        return _("Arrêté mensuel au %(day)s") % {"day": dates.format_long(until)}
    return _("Arrêté de journée au %(day)s") % {"day": dates.format_long(until)}
