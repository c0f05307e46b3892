"""
What an agent types where a pricing makes the amount: the answers, the day whose tariffs apply, and what the invoice
says.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, gettext_lazy

from obole.billing.rules import periods
from obole.catalogue.forms.pricing_questions import AnswersForm
from obole.crm.shared.forms import ToInvoiceForm
from obole.lib import dates
from obole.pricing.model.parts import Pricing
from obole.ui.forms import DayInput


class PricedForm(AnswersForm):
    """
    The answers, the period, the day whose tariffs apply, and the version of the pricing that asked.

    The period decides: December's meals cost what they cost in December, whenever they are billed. Another day is
    taken only from who says that they mean it.
    """

    period = forms.CharField(
        label=gettext_lazy("Période"),
        required=False,
        max_length=60,
        help_text=gettext_lazy("Imprimée sur la facture, par exemple novembre 2026."),
    )
    on = forms.DateField(
        label=gettext_lazy("Tarifs du"),
        widget=DayInput,
        required=False,
        help_text=gettext_lazy("Vide : le dernier jour de la période, ou aujourd’hui si elle ne dit aucun jour."),
    )
    other_day = forms.BooleanField(label=gettext_lazy("Appliquer les tarifs d’un autre jour"), required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=10**12)

    def clean(self) -> dict[str, Any] | None:
        """Refuse a day that the period does not have, but from who insists."""
        cleaned = super().clean()
        typed, days = self.cleaned_data.get("on"), periods.days_of(self.cleaned_data.get("period") or "")
        if typed and days and typed not in days and not self.cleaned_data.get("other_day"):
            self.add_error("on", self._contradiction(typed))
        return cleaned

    def _contradiction(self, typed: date) -> str:
        said = gettext(
            "Le %(day)s n’est pas de la période « %(period)s » : effacez ce jour, ou cochez « Appliquer les tarifs d’un"
            " autre jour »."
        )
        return said % {"day": dates.format_short(typed), "period": self.cleaned_data["period"]}

    @property
    def day(self) -> date:
        """The day typed, else the last of the period, else today."""
        try:
            read: date | None = self.fields["on"].clean(self["on"].value())
        except ValidationError:
            read = None
        days = periods.days_of(str(self["period"].value() or ""))
        return read or (days.last if days else dates.day_of(dates.now()))

    @property
    def contradicts(self) -> bool:
        """Tell whether the day is not one of the period, so that the page offers to insist."""
        days = periods.days_of(str(self["period"].value() or ""))
        return days is not None and self.day not in days


class IssueForm(forms.Form):
    """A draft that is issued as it is; what was shown is told back, so that nothing else is issued."""

    shown = forms.IntegerField(widget=forms.HiddenInput, required=False)

    @property
    def shown_cents(self) -> int:
        """The total that the page showed; one that no invoice has, where it was not told."""
        told: int | None = self.cleaned_data["shown"]
        return -1 if told is None else told


class BillForm(PricedForm, IssueForm, ToInvoiceForm):
    """
    The invoice of a dossier, or the several of a price with an acompte or instalments: then each but the first has its
    day.
    """

    counted: Mapping[tuple[int | None, str], Decimal] = MappingProxyType({})
    """What was counted day by day in its period, by row and question: the page offers to take it."""
    beside = forms.IntegerField(widget=forms.HiddenInput, required=False)
    """The carry-overs that were shown with the price."""
    again = forms.BooleanField(label=gettext_lazy("Facturer tout de même"), required=False)
    at_once = forms.BooleanField(label=gettext_lazy("Facturer tout en une seule fois"), required=False)

    def __init__(
        self, data: Any = None, *, types: Any, regies: bool, pricings: Iterable[Pricing], **options: Any
    ) -> None:
        known = list(pricings)
        super().__init__(data, pricings=known, **options)
        self.offer(types, regies=regies)
        terms = known[0].terms
        for rank in range(2, (2 if terms.acompte else terms.instalments) + 1):
            self.fields[day_name(rank)] = InstalmentDayForm(rank)


class InstalmentDayForm(forms.DateField):
    """The day of one part; ``place`` says which in a list of what is wrong."""

    def __init__(self, rank: int) -> None:
        super().__init__(label=gettext_lazy("À émettre le"), required=False, widget=DayInput)
        self.place = gettext("Part %(rank)s") % {"rank": rank}


def day_name(rank: int) -> str:
    """Name the field of the day of a part."""
    return f"part_{rank}"


class PricedDraftForm(PricedForm):
    """A draft that is corrected; what was shown is told back, so that nothing else is issued."""

    shown = forms.IntegerField(widget=forms.HiddenInput, required=False)
