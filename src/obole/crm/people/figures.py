"""What the plots of the first page draw, each figure with the list that it comes from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from obole.billing import queries as billing
from obole.billing.models import Invoice
from obole.billing.states import Standing
from obole.books.queries import balances as books
from obole.books.queries.balances import Month
from obole.books.rules import Period
from obole.crm.bookkeeping.movements import reversal_reasons
from obole.crm.bookkeeping.pictures import FigureRow, figure_row, month_figures
from obole.crm.invoices.invoice_list import reminded
from obole.crm.shared import charts
from obole.directory.models import Agent
from obole.lib import dates, money, sql
from obole.lib.sql import COUNTED
from obole.payments import queries as payments
from obole.regies.accounts import Account
from obole.regies.models import Regie
from obole.ui.plots import Bar, BarPlot

DAYS = 90
"""A quarter: long enough for reminders to be sent and for what is not paid to be handed over."""
AGES = {"0–30": (1, 30), "31–60": (31, 60), "61–90": (61, 90), "> 90": (91, None)}


def age_plot(agent: Agent, today: date) -> BarPlot:
    """Draw what is late by its age; each age leads to its invoices."""
    urls = {}
    for age, (youngest, oldest) in AGES.items():
        query = {"status": "late", "due_to": today - timedelta(days=youngest)}
        if oldest:
            query["due_from"] = today - timedelta(days=oldest)
        urls[age] = _invoices(**query)
    return charts.by_age(billing.late_by_age(Invoice.objects.seen_by(agent), today), urls)


def steps_plot(agent: Agent, today: date) -> BarPlot:
    """Draw what became of the invoices of the last days: how many were paid, reminded, handed over."""
    first = today - timedelta(days=DAYS)
    issued = billing.invoices_to_list(agent).filter(issued_at__gte=dates.midnight(first))
    steps: list[tuple[str, dict[str, Any], QuerySet[Invoice]]] = [
        (_("Émises"), {}, issued),
        (_("Payées"), {"status": "paid"}, issued.filter(standing=Standing.PAID)),
        (_("Relancées"), {"reminded": "1"}, reminded(issued)),
        (_("Transmises"), {"status": "transferred"}, issued.filter(standing=Standing.TRANSFERRED)),
    ]
    counts = sql.count_each([rows for _label, _query, rows in steps], most=COUNTED)
    described = _("Combien ont été payées, relancées, transmises au comptable public. Comptées jusqu’à 10 000.")
    return charts.of_steps(
        _("Factures émises depuis %(n)s jours") % {"n": DAYS},
        described,
        [
            (label, count, _invoices(issued_from=first, **query))
            for (label, query, _rows), count in zip(steps, counts, strict=True)
        ],
    )


def reversals_plot(regies: Sequence[Regie], today: date) -> BarPlot | None:
    """Draw what the bank took back, by the reason that it gives; nothing where it took nothing back."""
    first = today - timedelta(days=DAYS)
    found = payments.reversed_by_reason(regies, since=dates.midnight(first))
    if not found:
        return None
    labels = reversal_reasons()
    total = money.euros(sum(found.values()))
    largest = max(found.values())
    bars = [
        Bar(str(labels[why]), cents, cents == largest, _listed("receipts", why=why, first=first))
        for why, cents in sorted(found.items(), key=lambda one: -one[1])
    ]
    title = _("Rejetés ou repris depuis %(n)s jours : %(total)s") % {"n": DAYS, "total": total}
    return BarPlot(title, _("Montants, par motif."), bars)


@dataclass(frozen=True)
class MonthTable:
    """What each régie issued, received and is owed, and what they come to together."""

    title: str
    head: Sequence[str]
    rows: Sequence[tuple[Regie, FigureRow]]
    totals: Sequence[tuple[str, int]]


def month_table(regies: Sequence[Regie], balances: dict[int, dict[str, int]], today: date) -> MonthTable:
    """Return the figures of the month by régie; each opens what it comes to, to the cent."""
    period = Period(today.replace(day=1), today)
    head = [_("Régie"), _("Émis"), _("Encaissé"), _("Versé"), _("Reste dû")]
    moved = books.month_of_each(regies, period)
    rows, sums = [], [0, 0, 0, 0]
    for regie in regies:
        sent = moved.get(regie.pk, Month(period.first))
        month = Month(sent.first, sent.issued, sent.received, sent.paid_over, balances[regie.pk][Account.RECEIVABLE])
        figures = month_figures(regie, month, period)
        rows.append((regie, figure_row(regie.name, head, figures)))
        sums = [total + cents for total, (cents, _url) in zip(sums, figures, strict=True)]
    title = _("Du %(first)s au %(last)s, par régie") % {
        "first": dates.format_short(period.first),
        "last": dates.format_short(today),
    }
    return MonthTable(title, head, rows, list(zip(head[1:], sums, strict=True)))


def _invoices(**query: Any) -> str:
    return _listed("invoices", **query)


def _listed(name: str, **query: Any) -> str:
    return f"{reverse(f'crm:{name}')}?{urlencode(query)}"
