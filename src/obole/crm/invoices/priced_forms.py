"""
What an agent types where a pricing makes the amount: the answers, the day whose tariffs apply, and what the invoice
says.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, gettext_lazy

from obole.catalogue.forms.pricing_questions import AnswersForm
from obole.crm.shared.forms import ToInvoiceForm
from obole.lib import dates
from obole.pricing.model.parts import Pricing
from obole.ui.forms import DayInput


class PricedForm(AnswersForm):
    """The answers, the day, and the version of the pricing that asked."""

    on = forms.DateField(
        label=gettext_lazy("Tarifs du"),
        widget=DayInput,
        help_text=gettext_lazy("Le jour dont les tarifs s’appliquent, souvent le dernier de la période."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=10**12)

    @property
    def day(self) -> date:
        """The day typed, or today while it is none."""
        try:
            read: date = self.fields["on"].clean(self["on"].value())
        except ValidationError:
            return dates.day_of(dates.now())
        return read


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

    period = forms.CharField(label=gettext_lazy("Période"), required=False, max_length=60)
    shown = forms.IntegerField(widget=forms.HiddenInput, required=False)
