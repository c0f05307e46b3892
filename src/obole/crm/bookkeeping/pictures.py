"""Pictures of a régie's books, each beside its table, whose figures lead to what they come to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.text import capfirst
from django.utils.translation import gettext as _, gettext_lazy

from obole.books.queries import balances, received
from obole.books.queries.balances import ISSUED, Month
from obole.books.queries.developments import Development
from obole.books.rules import Period, month_of
from obole.crm.bookkeeping import books
from obole.crm.bookkeeping.developments import development_url
from obole.crm.bookkeeping.forms import FIRST_YEAR, LAST_YEAR, age_names
from obole.crm.bookkeeping.ledger import ledger_url
from obole.crm.shared import charts
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates, money
from obole.payments.models import Receipt
from obole.regies.accounts import Account
from obole.regies.models import Regie
from obole.ui.forms import FilterForm
from obole.ui.plots import Bar, BarPlot, Plot

MEANS = Receipt.Means
GROUPS: Mapping[Any, Sequence[Receipt.Means]] = {
    gettext_lazy("Carte en ligne"): (MEANS.CARD,),
    gettext_lazy("Carte au guichet"): (MEANS.TERMINAL,),
    gettext_lazy("Prélèvement"): (MEANS.DEBIT,),
    gettext_lazy("Espèces"): (MEANS.CASH,),
    gettext_lazy("Chèque, CESU, virement"): (MEANS.CHEQUE, MEANS.CESU, MEANS.TRANSFER),
}
"""Five colours can be told apart; seven cannot."""


class MonthForm(FilterForm):
    """Which month, and its year."""

    month = forms.TypedChoiceField(label=gettext_lazy("Mois"), coerce=int)
    year = forms.IntegerField(label=gettext_lazy("Année"), min_value=FIRST_YEAR, max_value=LAST_YEAR)

    def __init__(self, asked: Mapping[str, Any], *, today: date) -> None:
        super().__init__({"month": asked.get("month") or today.month, "year": asked.get("year") or today.year})
        self.fields["month"].choices = [(at, capfirst(name)) for at, name in enumerate(dates.MONTHS, start=1)]  # type: ignore[attr-defined]
        self._today = today

    @property
    def period(self) -> Period:
        """The month that is asked for; this one if what is asked is refused."""
        if not self.is_valid():
            return month_of(self._today)
        return month_of(date(self.cleaned_data["year"], self.cleaned_data["month"], 1))


Figure = tuple[int, str]
"""Cents, and the address of what they come to."""


@dataclass(frozen=True)
class FigureRow:
    """A line of a table of figures: the title of each, and the figure."""

    label: str
    figures: Sequence[tuple[str, int, str]]


def figure_row(label: str, head: Sequence[str], figures: Sequence[Figure]) -> FigureRow:
    """Return a line; the first title is that of its label."""
    return FigureRow(label, [(title, *figure) for title, figure in zip(head[1:], figures, strict=True)])


@dataclass(frozen=True)
class Picture:
    """A plot, and its table."""

    key: str
    plot: Plot
    head: Sequence[str]
    rows: Sequence[FigureRow]
    totals: FigureRow | None = None


@for_agents(Right.MONEY)
def pictures(request: AgentRequest, pk: int) -> HttpResponse:
    """Show the pictures of a month, of its year, and of what is due at its end."""
    regie = books.seen_regie(request, pk)
    today = dates.day_of(dates.now())
    form = MonthForm(request.GET, today=today)
    period = form.period
    day = min(period.last, today)
    shown = [_by_means(regie, period), _by_month(regie, period.first.year, today), _by_age(regie, day)]
    return books.render_book(request, regie, "book_pictures", {"form": form, "pictures": shown})


def _by_means(regie: Regie, period: Period) -> Picture:
    rows = received.movements([regie]).filter(booked_at__gte=period.begins, booked_at__lt=period.ends)
    found = received.by_day_and_means(rows)
    days = [period.first + timedelta(days=at) for at in range((period.last - period.first).days + 1)]
    series = {
        str(label): [sum(found.get((day, means), 0) for means in group) for day in days]
        for label, group in GROUPS.items()
    }
    head = [_("Jour"), *series, _("Total")]
    moved = {day for day, _means in found}
    lines = [
        figure_row(dates.format_short(day), head, _of_day(regie, day, at, series))
        for at, day in enumerate(days)
        if day in moved
    ]
    sums = [(sum(values), _journal(regie, period, group)) for values, group in _grouped(series)]
    total = sum(cents for cents, _url in sums)
    title = _("Encaissements %(period)s, nets de ce qui a été repris : %(total)s") % {
        "period": period,
        "total": money.euros(total),
    }
    return Picture(
        "encaissements",
        charts.by_day_and_series(title, days, series),
        head,
        lines,
        figure_row(_("Total"), head, [*sums, (total, _journal(regie, period))]),
    )


def _of_day(regie: Regie, day: date, at: int, series: Mapping[str, Sequence[int]]) -> list[Figure]:
    one = Period(day, day)
    figures = [(values[at], _journal(regie, one, group)) for values, group in _grouped(series)]
    return [*figures, (sum(cents for cents, _url in figures), _journal(regie, one))]


def _grouped(series: Mapping[str, Sequence[int]]) -> list[tuple[Sequence[int], Sequence[Receipt.Means]]]:
    return list(zip(series.values(), GROUPS.values(), strict=True))


def _journal(regie: Regie, period: Period, means: Sequence[Receipt.Means] = ()) -> str:
    query = {"first": period.first.isoformat(), "last": period.last.isoformat(), "means": [one.value for one in means]}
    return f"{reverse('crm:book_journal', args=[regie.pk])}?{urlencode(query, doseq=True)}"


def _by_month(regie: Regie, year: int, today: date) -> Picture:
    months = balances.months(regie, year)
    # What a month to come would owe is not known.
    months = [one for one in months if one.first <= today] or months[:1]
    series = {
        _("Émis"): [one.issued for one in months],
        _("Encaissé"): [one.received for one in months],
        _("Versé"): [one.paid_over for one in months],
        _("Reste dû en fin de mois"): [one.due for one in months],
    }
    firsts = [one.first for one in months]
    head = [_("Mois"), *series]
    lines = [figure_row(f"{one.first:%m/%Y}", head, month_figures(regie, one, month_of(one.first))) for one in months]
    whole = Period(date(year, 1, 1), date(year, 12, 31))
    summed = Month(
        whole.first,
        sum(one.issued for one in months),
        sum(one.received for one in months),
        sum(one.paid_over for one in months),
        months[-1].due,
    )
    title = _("Émis, encaissé, versé, reste dû en %(year)s") % {"year": year}
    return Picture(
        "mois",
        charts.by_month_side_by_side(title, firsts, series),
        head,
        lines,
        figure_row(_("Année"), head, month_figures(regie, summed, whole)),
    )


def month_figures(regie: Regie, month: Month, period: Period) -> list[Figure]:
    """Return what a month came to, each figure with the address of what it is made of."""
    return [
        (month.issued, ledger_url(regie, Account.RECEIVABLE, period, ISSUED)),
        (month.received, _journal(regie, period)),
        (month.paid_over, ledger_url(regie, Account.REMITTED, period)),
        (month.due, development_url(regie, Account.RECEIVABLE, period)),
    ]


def _by_age(regie: Regie, day: date) -> Picture:
    ages, names = Development(regie, Account.RECEIVABLE, day).by_age(), age_names()
    at = Period(day, day)
    bars = [Bar(names[age], cents, strong=bool(cents) and at_last) for age, (cents, _n), at_last in _ended(ages)]
    total = sum(cents for cents, _count in ages.values())
    title = _("Ancienneté de ce qui est dû au %(day)s : %(total)s") % {
        "day": dates.format_short(day),
        "total": money.euros(total),
    }
    head = [_("Retard"), _("Reste dû")]
    lines = [
        figure_row(names[age], head, [(cents, development_url(regie, Account.RECEIVABLE, at, age))])
        for age, (cents, _count) in ages.items()
    ]
    described = _("Factures émises et non réglées, par nombre de jours après l’échéance.")
    return Picture(
        "anciennete",
        BarPlot(title=title, description=described, bars=bars),
        head,
        lines,
        figure_row(_("Total"), head, [(total, development_url(regie, Account.RECEIVABLE, at))]),
    )


def _ended(ages: Mapping[Any, tuple[int, int]]) -> list[tuple[Any, tuple[int, int], bool]]:
    """Return the ages, and whether each is the oldest."""
    rows = list(ages.items())
    return [(age, sums, at == len(rows) - 1) for at, (age, sums) in enumerate(rows)]
