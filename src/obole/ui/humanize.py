"""Sentences for people: how long ago, how heavy a file is."""

from datetime import date, datetime, timedelta

from django.utils.translation import gettext, ngettext

from obole.lib import dates

NO_BREAK_SPACE = "\u00a0"
_MONTH = 30
_YEAR = 365


def relative(value: date, reference: datetime) -> str:
    """Say where a day or an instant stands beside ``reference``: « il y a 3 jours », « dans 20 jours »."""
    if isinstance(value, datetime) and abs(value - reference) < timedelta(hours=12):
        return _hours(value - reference)
    day = dates.day_of(value) if isinstance(value, datetime) else value
    return _days((day - dates.day_of(reference)).days)


def duration(count: int) -> str:
    """Write a number of days: « 12 jours », « 3 mois », « 2 ans »."""
    if count < 2 * _MONTH:
        return ngettext("%(n)d jour", "%(n)d jours", count) % {"n": count}
    if count < 2 * _YEAR:
        return gettext("%(n)d mois") % {"n": count // _MONTH}
    return gettext("%(n)d ans") % {"n": count // _YEAR}


def file_size(size: int) -> str:
    """Write a number of bytes: « 48 ko », « 1,2 Mo »."""
    if size < 1_000:
        unit = gettext("octets")
        return f"{size}{NO_BREAK_SPACE}{unit}"
    if size < 999_500:
        unit = gettext("ko")
        return f"{round(size / 1_000)}{NO_BREAK_SPACE}{unit}"
    unit = gettext("Mo")
    return f"{size / 1_000_000:.1f}".replace(".", ",") + f"{NO_BREAK_SPACE}{unit}"


def _days(count: int) -> str:
    near = {-1: gettext("hier"), 0: gettext("aujourd’hui"), 1: gettext("demain")}
    if count in near:
        return near[count]
    return _placed(duration(abs(count)), future=count > 0)


def _hours(gap: timedelta) -> str:
    minutes = round(abs(gap).total_seconds() / 60)
    if not minutes:
        return gettext("à l’instant")
    if minutes < 60:
        text = ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    else:
        hours = round(minutes / 60)
        text = ngettext("%(n)d heure", "%(n)d heures", hours) % {"n": hours}
    return _placed(text, future=gap > timedelta())


def _placed(length: str, *, future: bool) -> str:
    sentence = gettext("dans %(length)s") if future else gettext("il y a %(length)s")
    return sentence % {"length": length}
