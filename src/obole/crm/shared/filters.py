"""What narrows each list, and how it is said above the list."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _

from obole.billing.models import Invoice, InvoiceType
from obole.catalogue.models import Scheme, Service
from obole.directory.models import Agent
from obole.directory.rules import Right
from obole.dossiers.models import Dossier
from obole.lib import dates, money
from obole.regies.models import Regie
from obole.ui.forms import DayInput, EurosField, FilterForm

TICKS = forms.CheckboxSelectMultiple


@dataclass(frozen=True)
class Chip:
    """One filter that is on: its name, its value in words, and the address of the list without it."""

    label: str
    text: str
    url: str


class AmountFilter(filters.Filter):  # type: ignore[misc]  # untyped library
    """An amount in euros, compared in cents."""

    field_class = EurosField


LAST_YEAR = 9999


class DayFilter(filters.DateFilter):  # type: ignore[misc]  # untyped library
    """The first or the last day (in Paris) of an instant: ``DayFilter("issued_at", last=True)``."""

    def __init__(self, field_name: str, *, last: bool = False, **options: Any) -> None:
        super().__init__(field_name=field_name, widget=DayInput, **options)
        self.last = last

    def filter(self, qs: QuerySet[Any], value: date | None) -> QuerySet[Any]:
        """Compare instants, so that the index serves."""
        if value is None:
            return qs
        if value.year >= LAST_YEAR:
            # No instant is after it, and the calendar ends there.
            return qs if self.last else qs.none()
        start = datetime.combine(value + timedelta(days=self.last), time.min, dates.PARIS)
        return qs.filter(**{f"{self.field_name}__{'lt' if self.last else 'gte'}": start})


class ListFilter(filters.FilterSet):  # type: ignore[misc]  # untyped library
    """A list's filters. ``agent`` bounds what may be chosen, ``today`` is the day in Paris."""

    def __init__(self, data: QueryDict, queryset: QuerySet[Any], *, agent: Agent, today: date) -> None:
        self.agent, self.today = agent, today
        super().__init__(data, queryset)

    class Meta:
        form = FilterForm

    @property
    def qs(self) -> QuerySet[Any]:
        """Return the rows that answer; none where a filter cannot be understood: it would seem to have been applied."""
        if self.is_bound and self.form.errors:
            nothing: QuerySet[Any] = self.queryset.none()
            return nothing
        found: QuerySet[Any] = super().qs
        return found

    @property
    def active(self) -> dict[str, Any]:
        """The filters that are on, with their values."""
        cleaned = self.form.cleaned_data if self.form.is_valid() or self.form.is_bound else {}
        return {name: value for name, value in cleaned.items() if _is_set(value)}

    def chips(self) -> list[Chip]:
        """Say which filters are on, each with the way to take it off."""
        return [
            Chip(str(self.form.fields[name].label), _in_words(self.form.fields[name], value), _without(self.data, name))
            for name, value in self.active.items()
        ]


def offer_schemes(chosen: ListFilter) -> None:
    """Offer the dispositifs of the prestations that the agent sees, but the archived ones that nobody asked for."""
    seen = Scheme.objects.filter(service__in=Service.objects.seen_by(chosen.agent))
    seen = seen.filter(Q(enabled=True) | Exists(Dossier.objects.filter(scheme=OuterRef("pk"))))
    chosen.filters["scheme"].queryset = seen.order_by("name", "id")


def offer_types(chosen: ListFilter) -> None:
    """
    Offer the types de facture of what the agent sees: of their prestations, and of their régies; but those that were
    archived and billed nothing.
    """
    schemes = Scheme.objects.filter(service__in=Service.objects.seen_by(chosen.agent))
    seen = Q(pk__in=InvoiceType.schemes.through.objects.filter(scheme__in=schemes).values("invoicetype"))
    if chosen.agent.may(Right.MONEY):
        seen |= Q(regie__in=Regie.objects.seen_by(chosen.agent))
    used = Q(enabled=True) | Exists(Invoice.objects.filter(type=OuterRef("pk")))
    chosen.filters["type"].queryset = InvoiceType.objects.filter(seen, used).order_by("name", "id")


def offer_regies(chosen: ListFilter) -> None:
    """Offer the régies that the agent answers for; nobody else learns that they exist."""
    if not chosen.agent.may(Right.MONEY):
        del chosen.filters["regie"]
        return
    seen = Regie.objects.seen_by(chosen.agent).order_by("name", "id")
    chosen.filters["regie"].queryset = seen


def _is_set(value: Any) -> bool:
    return value not in (None, "", False) and (not isinstance(value, list | tuple | QuerySet) or len(value) > 0)


def _in_words(field: forms.Field, value: Any) -> str:
    if isinstance(value, date):
        return dates.format_short(value)
    if value is True:
        return _("oui")
    if isinstance(value, int):
        return money.euros(value)
    return ", ".join(_labels(field, [value] if isinstance(value, str | Model) else value))


def _labels(field: forms.Field, values: Iterable[Any]) -> list[str]:
    names = {str(key): str(label) for key, label in _flat(getattr(field, "choices", ()))}
    return [str(value) if isinstance(value, Model) else names.get(str(value), str(value)) for value in values]


def _flat(choices: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    """Yield choices, those of groups one by one."""
    for key, label in choices:
        yield from label if isinstance(label, list | tuple) else [(key, label)]


def _without(query: QueryDict, name: str) -> str:
    left = query.copy()
    left.pop(name, None)
    left.pop("page", None)
    return f"?{left.urlencode()}"
