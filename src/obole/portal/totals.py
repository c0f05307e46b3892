"""What a citizen's invoices come to, for the sentence that says where they stand, and for the plot of the year."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils import formats
from django.utils.translation import gettext as _

from obole.billing import queries as billing
from obole.directory.models import Citizen
from obole.lib import money
from obole.payments.display_status import InvoiceDisplay
from obole.ui.plots import Bar, BarPlot

MONTHS = 12


@dataclass(frozen=True)
class InvoiceTotals:
    """How many invoices wait for their payer, and what they come to in cents; those being paid are counted apart."""

    count: int
    cents: int
    in_progress: int


def sum_invoices(bills: Iterable[InvoiceDisplay]) -> InvoiceTotals:
    """Sum up the invoices that are to be paid."""
    waiting = list(bills)
    payable = [bill.invoice.remaining_cents for bill in waiting if bill.can_be_paid]
    return InvoiceTotals(len(payable), sum(payable), len(waiting) - len(payable))


def last_months(citizen: Citizen, *, today: date) -> BarPlot | None:
    """Return what was invoiced each of the last twelve months; None if nothing was."""
    months = _months(today)
    amounts = billing.amounts_by_month(citizen, first=months[0])
    if not amounts:
        return None
    return BarPlot(
        title=_("Montant de vos factures par mois"),
        description=_("De %(first)s à %(last)s, %(total)s en tout.")
        % {
            "first": formats.date_format(months[0], "F Y"),
            "last": formats.date_format(months[-1], "F Y"),
            "total": money.euros(sum(amounts.values())),
        },
        bars=[
            Bar(formats.date_format(month, "N"), amounts.get(month, 0), strong=month == months[-1]) for month in months
        ],
    )


def _months(today: date) -> Sequence[date]:
    """Return the first day of the month of ``today`` and of the eleven before, oldest first."""
    last = today.year * MONTHS + today.month - 1
    return [date(number // MONTHS, number % MONTHS + 1, 1) for number in range(last - MONTHS + 1, last + 1)]
