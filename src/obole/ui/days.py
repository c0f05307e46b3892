"""From which day to which: what a page about the past is asked for."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _, gettext_lazy

from obole.lib import dates
from obole.ui.forms import DayInput, FilterForm

MOST_YEARS = 3
FIRST_YEAR = 2000


class DaysForm(FilterForm):
    """Two days, both included: this year so far, where the address says nothing."""

    first = forms.DateField(label=gettext_lazy("Du"), widget=DayInput)
    last = forms.DateField(label=gettext_lazy("Au"), widget=DayInput)

    def __init__(self, asked: Mapping[str, Any], *, today: date, **options: Any) -> None:
        self.today = today
        so_far = {"first": today.replace(month=1, day=1).isoformat(), "last": today.isoformat()}
        super().__init__({name: asked.get(name, so_far[name]) for name in so_far}, **options)

    def clean(self) -> dict[str, Any]:
        """Refuse, at its field, a day that has not come, one that is before the first, and more than three years."""
        cleaned: dict[str, Any] = super().clean() or {}
        first, last = cleaned.get("first"), cleaned.get("last")
        if last and last > self.today:
            self.add_error("last", _("Ce jour n’est pas encore venu : choisissez aujourd’hui ou un jour passé."))
        if first and first.year < FIRST_YEAR:
            self.add_error("first", _("Choisissez un jour à partir de l’an 2000."))
        elif first and last and last < first:
            self.add_error("last", _("Le dernier jour vient avant le premier : échangez-les."))
        elif first and last and last > dates.months_later(first, 12 * MOST_YEARS) - timedelta(days=1):
            self.add_error("first", _("Choisissez trois ans au plus : ce jour est trop loin du dernier."))
        return cleaned

    @property
    def days(self) -> tuple[date, date]:
        """The two days, once they were found right."""
        return self.cleaned_data["first"], self.cleaned_data["last"]

    @property
    def query(self) -> str:
        """What an address says of them."""
        first, last = self.days
        return f"first={first.isoformat()}&last={last.isoformat()}"
