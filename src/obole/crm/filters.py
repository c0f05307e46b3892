"""What narrows each list, and how it is said above the list."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy

from obole.billing import queries as billing
from obole.billing.models import Invoice, InvoiceType
from obole.catalogue.models import Scheme
from obole.directory.models import Agent
from obole.directory.rules import Right
from obole.dossiers import queries as dossiers
from obole.dossiers.models import Dossier
from obole.dossiers.states import DossierState
from obole.lib import days, money
from obole.mailing import queries as mailing
from obole.mailing.models import Message
from obole.mailing.states import MessageState
from obole.payments import queries as payments
from obole.payments import standing
from obole.payments.models import Attempt
from obole.payments.standing import Standing
from obole.payments.states import AttemptState
from obole.regies.models import Regie
from obole.ui.forms import DayInput, EurosField, FilterForm

SHOWN_STANDINGS = [(value, label) for value, label in Standing.choices if value != Standing.DRAFT]
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
        start = datetime.combine(value + timedelta(days=self.last), time.min, days.PARIS)
        return qs.filter(**{f"{self.field_name}__{'lt' if self.last else 'gte'}": start})


class ListFilter(filters.FilterSet):  # type: ignore[misc]  # untyped library
    """A list's filters. ``agent`` bounds what may be chosen, ``today`` is the day in Paris."""

    def __init__(self, data: QueryDict, queryset: QuerySet[Any], *, agent: Agent, today: date) -> None:
        self.agent, self.today = agent, today
        super().__init__(data, queryset)

    class Meta:
        form = FilterForm

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


class InvoiceFilter(ListFilter):
    """Filters of the list of invoices."""

    q = filters.CharFilter(label=gettext_lazy("Numéro, payeur, dossier, période"), method="by_text")
    status = filters.MultipleChoiceFilter(
        label=gettext_lazy("Statut"), choices=SHOWN_STANDINGS, widget=TICKS, method="by_standing"
    )
    type = filters.ModelMultipleChoiceFilter(
        label=gettext_lazy("Type"), queryset=InvoiceType.objects.order_by("name", "id"), widget=TICKS
    )
    regie = filters.ModelMultipleChoiceFilter(
        label=gettext_lazy("Régie"), queryset=lambda request: Regie.objects.none(), widget=TICKS
    )
    issued_from = DayFilter("issued_at", label=gettext_lazy("Émise depuis le"))
    issued_to = DayFilter("issued_at", last=True, label=gettext_lazy("Émise jusqu’au"))
    due_from = filters.DateFilter(
        field_name="due_date", lookup_expr="gte", widget=DayInput, label=gettext_lazy("Échéance depuis le")
    )
    due_to = filters.DateFilter(
        field_name="due_date", lookup_expr="lte", widget=DayInput, label=gettext_lazy("Échéance jusqu’au")
    )
    paid_from = DayFilter("paid_at", label=gettext_lazy("Payée depuis le"))
    paid_to = DayFilter("paid_at", last=True, label=gettext_lazy("Payée jusqu’au"))
    amount_from = AmountFilter(field_name="total_cents", lookup_expr="gte", label=gettext_lazy("Montant à partir de"))
    amount_to = AmountFilter(field_name="total_cents", lookup_expr="lte", label=gettext_lazy("Montant jusqu’à"))
    refused_from = filters.DateFilter(
        widget=DayInput, label=gettext_lazy("Carte refusée depuis le"), method="by_refusal"
    )

    class Meta(ListFilter.Meta):
        model = Invoice
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        _offer_regies(self)

    def by_text(self, invoices: QuerySet[Invoice], name: str, value: str) -> QuerySet[Invoice]:
        """Keep what answers to a text."""
        return billing.matching(invoices, value)

    def by_standing(self, invoices: QuerySet[Invoice], name: str, value: list[str]) -> QuerySet[Invoice]:
        """Keep some standings."""
        return standing.filter_by(invoices, value, today=self.today) if value else invoices

    def by_refusal(self, invoices: QuerySet[Invoice], name: str, value: date) -> QuerySet[Invoice]:
        """Keep the invoices for which a bank refused a payment since that day."""
        since = datetime.combine(value, time.min, days.PARIS)
        refused = Attempt.objects.filter(invoice=OuterRef("pk"), state=AttemptState.REFUSED, ended_at__gte=since)
        return invoices.filter(Exists(refused))


class DossierFilter(ListFilter):
    """Filters of the list of dossiers."""

    q = filters.CharFilter(label=gettext_lazy("Numéro, usager, dispositif"), method="by_text")
    state = filters.MultipleChoiceFilter(
        label=gettext_lazy("Statut"), choices=[one for one in DossierState.choices if one[0] != "draft"], widget=TICKS
    )
    scheme = filters.ModelMultipleChoiceFilter(
        label=gettext_lazy("Dispositif"), queryset=Scheme.objects.order_by("name", "id"), widget=TICKS
    )
    agent = filters.ModelMultipleChoiceFilter(
        label=gettext_lazy("Instructeur"), queryset=Agent.objects.order_by("name", "id"), widget=TICKS
    )
    submitted_from = DayFilter("submitted_at", label=gettext_lazy("Déposé depuis le"))
    submitted_to = DayFilter("submitted_at", last=True, label=gettext_lazy("Déposé jusqu’au"))

    class Meta(ListFilter.Meta):
        model = Dossier
        fields: tuple[str, ...] = ()

    def by_text(self, rows: QuerySet[Dossier], name: str, value: str) -> QuerySet[Dossier]:
        """Keep what answers to a text."""
        return dossiers.matching(rows, value)


class AttemptFilter(ListFilter):
    """Filters of the list of transactions."""

    q = filters.CharFilter(label=gettext_lazy("Référence, facture, payeur"), method="by_text")
    state = filters.MultipleChoiceFilter(label=gettext_lazy("Statut"), choices=AttemptState.choices, widget=TICKS)
    regie = filters.ModelMultipleChoiceFilter(
        label=gettext_lazy("Régie"), queryset=lambda request: Regie.objects.none(), widget=TICKS
    )
    opened_from = DayFilter("opened_at", label=gettext_lazy("Ouverte depuis le"))
    opened_to = DayFilter("opened_at", last=True, label=gettext_lazy("Ouverte jusqu’au"))

    class Meta(ListFilter.Meta):
        model = Attempt
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        _offer_regies(self)

    def by_text(self, attempts: QuerySet[Attempt], name: str, value: str) -> QuerySet[Attempt]:
        """Keep what answers to a text."""
        return payments.attempts_matching(attempts, value)


class MessageFilter(ListFilter):
    """Filters of the outbox."""

    q = filters.CharFilter(label=gettext_lazy("Objet ou destinataire"), method="by_text")
    state = filters.MultipleChoiceFilter(label=gettext_lazy("Statut"), choices=MessageState.choices, widget=TICKS)
    created_from = DayFilter("created_at", label=gettext_lazy("Depuis le"))
    created_to = DayFilter("created_at", last=True, label=gettext_lazy("Jusqu’au"))

    class Meta(ListFilter.Meta):
        model = Message
        fields: tuple[str, ...] = ()

    def by_text(self, messages: QuerySet[Message], name: str, value: str) -> QuerySet[Message]:
        """Keep what answers to a text."""
        return mailing.matching(messages, value)


def _offer_regies(chosen: ListFilter) -> None:
    """Offer the régies that the agent answers for; nobody else learns that they exist."""
    if not chosen.agent.may(Right.MONEY):
        del chosen.filters["regie"]
        return
    seen = Regie.objects.seen_by(chosen.agent).order_by("name", "id")
    chosen.filters["regie"].queryset = seen


def _is_set(value: Any) -> bool:
    return value not in (None, "") and (not isinstance(value, list | tuple | QuerySet) or len(value) > 0)


def _in_words(field: forms.Field, value: Any) -> str:
    if isinstance(value, date):
        return days.short(value)
    if isinstance(value, int):
        return money.euros(value)
    if isinstance(value, str):
        return value
    return ", ".join(_labels(field, value))


def _labels(field: forms.Field, values: Iterable[Any]) -> list[str]:
    names = {str(key): str(label) for key, label in getattr(field, "choices", ())}
    return [str(one) if isinstance(one, Model) else names.get(str(one), str(one)) for one in values]


def _without(query: QueryDict, name: str) -> str:
    left = query.copy()
    left.pop(name, None)
    left.pop("page", None)
    return f"?{left.urlencode()}"
