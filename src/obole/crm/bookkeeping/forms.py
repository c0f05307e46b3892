"""What the books are asked for: days, an account; all of it stands in the address."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _, gettext_lazy

from obole.books.queries.developments import Age
from obole.books.rules import BY_INVOICE, BY_RECEIPT, Period
from obole.regies.accounts import Account
from obole.ui.forms import DayInput, FilterForm

FIRST_YEAR, LAST_YEAR = 2000, 2100


def day_field(label: Any) -> forms.DateField:
    """Return a field for a day of the books."""
    return forms.DateField(label=label, required=False, widget=DayInput, validators=[_in_our_time])


def _in_our_time(day: date) -> None:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValidationError(
            _("Choisissez une année entre %(first)s et %(last)s.") % {"first": FIRST_YEAR, "last": LAST_YEAR}
        )


class PeriodForm(FilterForm):
    """From which day to which, both included; what is not said is as ``default``."""

    first = day_field(gettext_lazy("Du"))
    last = day_field(gettext_lazy("Au"))

    def __init__(self, asked: Mapping[str, Any], *, default: Period, **options: Any) -> None:
        data = {**{name: asked[name] for name in asked}, **_missing(asked, default)}
        super().__init__(data, **options)
        self._default, self._asked = default, {name for name in ("first", "last") if asked.get(name)}

    def clean(self) -> dict[str, Any]:
        """
        Refuse a period that ends before it begins.

        :raises ValidationError: at the last day.
        """
        cleaned: dict[str, Any] = super().clean() or {}
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and last < first and "first" not in self._asked:
            cleaned["first"] = last.replace(month=1, day=1)
        elif first and last and last < first and "last" not in self._asked:
            cleaned["last"] = first.replace(month=12, day=31)
        elif first and last and last < first:
            self.add_error("last", _("Le dernier jour vient avant le premier : échangez-les."))
        return cleaned

    @property
    def period(self) -> Period:
        """The period that is asked for; the default one if what is asked is refused."""
        if not self.is_valid():
            return self._default
        return Period(self.cleaned_data["first"], self.cleaned_data["last"])


def _missing(asked: Mapping[str, Any], default: Period) -> dict[str, str]:
    return {
        name: day.isoformat() for name, day in (("first", default.first), ("last", default.last)) if not asked.get(name)
    }


class LedgerForm(PeriodForm):
    """An account, over a period, perhaps for some causes only."""

    account = forms.ChoiceField(label=gettext_lazy("Compte"), required=False, choices=Account.choices)
    cause = forms.MultipleChoiceField(label=gettext_lazy("Causes"), required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, asked: Any, *, causes: Sequence[tuple[str, str]], **options: Any) -> None:
        super().__init__(asked, **options)
        self.data = {
            **self.data,
            "account": self.data.get("account") or Account.RECEIVABLE,
            "cause": asked.getlist("cause"),
        }
        self.fields["cause"].choices = causes  # type: ignore[attr-defined]

    @property
    def account_asked(self) -> Account:
        """The account that is asked for."""
        return Account(self.cleaned_data["account"]) if self.is_valid() else Account.RECEIVABLE

    @property
    def causes(self) -> list[str]:
        """The causes that are asked for; none: all of them."""
        return list(self.cleaned_data["cause"]) if self.is_valid() else []


class DevelopmentForm(FilterForm):
    """A balance to open, at a day."""

    account = forms.ChoiceField(
        label=gettext_lazy("Compte"),
        choices=[(one.value, one.label) for one in Account if one in BY_INVOICE | BY_RECEIPT],
    )
    day = day_field(gettext_lazy("À la date du"))
    age = forms.ChoiceField(label=gettext_lazy("Retard"), required=False)

    def __init__(self, asked: Mapping[str, Any], *, today: date) -> None:
        given = {name: asked[name] for name in asked if asked[name]}
        super().__init__({"account": Account.RECEIVABLE.value, "day": today.isoformat(), **given})
        ages = [(age.value, label) for age, label in age_names().items()]
        self.fields["age"].choices = [("", _("Tous")), *ages]  # type: ignore[attr-defined]


def age_names() -> dict[Age, str]:
    """Return how each age is said."""
    return {
        Age.NOT_DUE: _("non échues"),
        Age.MONTH: _("1 à 30 jours"),
        Age.TWO_MONTHS: _("31 à 60 jours"),
        Age.THREE_MONTHS: _("61 à 90 jours"),
        Age.OLDER: _("plus de 90 jours"),
    }
