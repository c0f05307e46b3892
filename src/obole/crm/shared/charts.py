"""The plots of the CRM."""

from collections.abc import Mapping, Sequence
from datetime import date

from django.utils.translation import gettext as _

from obole.lib import dates, money
from obole.ui.plots import Bar, BarPlot, GroupedPlot, Series, StackedPlot

LEAST_MONTHS = 3


def by_day(received: Mapping[date, int], title: str) -> BarPlot:
    """Draw what came in each day; the largest stands out."""
    best, first = max(received.values(), default=0), min(received)
    # A day when more was taken back than came in has no bar: its amount is in the total.
    bars = [
        Bar(_short_day(day, first), max(0, cents), strong=cents > 0 and cents == best)
        for day, cents in received.items()
    ]
    return BarPlot(title=title, description=_described(received), bars=bars)


def by_month(received: Mapping[date, int], title: str) -> BarPlot:
    """Draw what came in each month; the present one stands out."""
    months: dict[date, int] = {}
    for day, cents in received.items():
        first = day.replace(day=1)
        months[first] = months.get(first, 0) + cents
    present = max(months)
    # Months before anything came say nothing; at least three are compared.
    begun = next((month for month, cents in months.items() if cents), present)
    kept = min(begun, sorted(months)[-min(len(months), LEAST_MONTHS)])
    months = {month: cents for month, cents in months.items() if month >= kept}
    bars = [Bar(_short(month), max(0, cents), strong=month == present) for month, cents in months.items()]
    return BarPlot(title=title, description=_described(months), bars=bars)


def by_day_and_series(title: str, days: Sequence[date], series: Mapping[str, Sequence[int]]) -> StackedPlot:
    """Draw what came in each day, by series, the first at the foot."""
    columns = [_short_day(day, days[0]) for day in days]
    net = {day: sum(values[at] for values in series.values()) for at, day in enumerate(days)}
    drawn = [Series(label, values) for label, values in series.items()]
    return StackedPlot(title=title, description=_described(net), columns=columns, series=drawn)


def by_month_side_by_side(title: str, months: Sequence[date], series: Mapping[str, Sequence[int]]) -> GroupedPlot:
    """Draw amounts of each month that do not add up, beside each other."""
    described = _("Mois par mois, de %(first)s à %(last)s.") % {"first": _short(months[0]), "last": _short(months[-1])}
    drawn = [Series(label, values) for label, values in series.items()]
    return GroupedPlot(title=title, description=described, columns=[_short(one) for one in months], series=drawn)


def by_week_side_by_side(title: str, weeks: Sequence[date], series: Mapping[str, Sequence[int]]) -> GroupedPlot:
    """Draw how many there are each week, from its first day, in each case beside the other."""
    described = _("Semaine par semaine, à partir du %(day)s.") % {"day": dates.format_short(weeks[0])}
    drawn = [Series(label, values) for label, values in series.items()]
    return GroupedPlot(title, described, [f"{day:%d/%m}" for day in weeks], drawn, "")


def side_by_side(title: str, columns: Sequence[str], series: Mapping[str, Sequence[int]]) -> GroupedPlot:
    """Draw how many there are in each column, the series beside each other."""
    described = _("De « %(first)s » à « %(last)s ».") % {"first": columns[0], "last": columns[-1]}
    drawn = [Series(label, values) for label, values in series.items()]
    return GroupedPlot(title, described, columns, drawn, "")


def by_age(late: Mapping[str, int], urls: Mapping[str, str]) -> BarPlot:
    """Draw what is late, by how many days, with the list of each; the largest stands out."""
    largest = max(late.values(), default=0)
    total = money.euros(sum(late.values()))
    title = _("Ancienneté des impayés : %(total)s en retard") % {"total": total}
    bars = [
        Bar(_("%(age)s jours") % {"age": age}, cents, strong=0 < cents == largest, url=urls[age])
        for age, cents in late.items()
    ]
    return BarPlot(title=title, description=_("Restes dus, par nombre de jours de retard."), bars=bars)


def of_steps(title: str, described: str, steps: Sequence[tuple[str, int, str]]) -> BarPlot:
    """Draw how many invoices came to each step: its name, how many, and the list of these."""
    return BarPlot(
        title, described, [Bar(label, count, at == 0, url) for at, (label, count, url) in enumerate(steps)], ""
    )


def _short(month: date) -> str:
    """Write « nov. », and « janv. 26 » where the year begins."""
    names = (
        _("janv."),
        _("févr."),
        _("mars"),
        _("avr."),
        _("mai"),
        _("juin"),
        _("juil."),
        _("août"),
        _("sept."),
        _("oct."),
        _("nov."),
        _("déc."),
    )
    return f"{names[month.month - 1]} {month:%y}" if month.month == 1 else names[month.month - 1]


def _short_day(day: date, first: date) -> str:
    """Write « 26 », with the month where the plot begins: thirty dates in full would overlap."""
    return f"{day:%d/%m}" if day == first else f"{day:%d}"


def _described(received: Mapping[date, int]) -> str:
    if not any(received.values()):
        return _("Rien n’a été encaissé.")
    best = max(received, key=lambda day: received[day])
    words = {"first": f"{min(received):%d/%m/%Y}", "best": money.euros(received[best]), "day": f"{best:%d/%m/%Y}"}
    return _("Depuis le %(first)s ; le plus : %(best)s le %(day)s.") % words
