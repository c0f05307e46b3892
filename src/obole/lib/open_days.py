"""
Days on which nobody is written to: week-ends and public holidays (Code du travail, articles L3133-1, L3134-13 and
L3422-2), and school holidays (Code de l'éducation, article L521-1), as the library ``holidays`` knows them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import holidays
from django.db import models
from django.utils.translation import gettext_lazy as _

SATURDAY = 5
_ONE_DAY = timedelta(days=1)
_ENDED = date(2100, 1, 1)
"""After the last year of the library, every day is open: nobody waits for ever."""


class Territory(models.TextChoices):
    """Where the public holidays are not those of the whole of France; named as the library names them."""

    MAINLAND = "", _("France métropolitaine")
    ALSACE_MOSELLE = "57", _("Alsace-Moselle")
    GUADELOUPE = "971", _("Guadeloupe")
    MARTINIQUE = "972", _("Martinique")
    GUYANE = "973", _("Guyane")
    REUNION = "974", _("La Réunion")
    MAYOTTE = "976", _("Mayotte")


class SchoolZone(models.TextChoices):
    """The zones of the school holidays of mainland France."""

    NONE = "", _("aucune")
    A = "A", _("zone A")
    B = "B", _("zone B")
    C = "C", _("zone C")


@dataclass(frozen=True)
class Calendar:
    """
    Which days are closed.

    :param offices: week-ends and the public holidays of a territory are.
    :param week_ends: whether offices close on them.
    :param school_zone: its school holidays are, if there is one.
    """

    offices: bool = False
    territory: str = Territory.MAINLAND
    school_zone: str = SchoolZone.NONE
    week_ends: bool = True

    def is_open(self, day: date) -> bool:
        """Tell whether somebody may be written to that day."""
        return not self.why_closed(day)

    def first_open(self, day: date) -> date:
        """Return the day itself if it is open, else the next one that is."""
        while not self.is_open(day):
            day += _ONE_DAY
        return day

    def why_closed(self, day: date) -> str:
        """Name what closes a day, in French; nothing if it is open."""
        if day >= _ENDED:
            return ""
        if self.offices:
            named = _known(self.territory or None, "public").get(day)
            if named or (self.week_ends and day.weekday() >= SATURDAY):
                return str(named).lower() if named else ("samedi", "dimanche")[day.weekday() - SATURDAY]
        named = _known(f"Zone {self.school_zone}", "school").get(day) if self.school_zone else None
        return str(named).lower() if named else ""


EVERY_DAY = Calendar()


@cache
def _known(subdivision: str | None, category: str) -> holidays.HolidayBase:
    # Years are worked out when they are first asked for, and kept.
    kinds: Sequence[str] = (category,)
    return holidays.country_holidays("FR", subdiv=subdivision, language="fr", categories=kinds)
