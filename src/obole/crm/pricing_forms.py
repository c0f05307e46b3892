"""What an agent types where a pricing makes the amount: the answers, the day whose tariffs apply, and what the invoice says."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from obole.catalogue import rules
from obole.catalogue.forms.answering import AnswersForm
from obole.crm.forms import ToInvoiceForm
from obole.lib import days
from obole.ui.forms import DayInput


class PricedForm(AnswersForm):
    """The answers, the day, and the version of the pricing that asked."""

    on = forms.DateField(
        label=_("Tarifs du"), widget=DayInput, help_text=_("Le jour dont les tarifs s’appliquent, souvent le dernier de la période.")
    )  # fmt: skip
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=10**12)

    @property
    def day(self) -> date:
        """The day typed, or today while it is none."""
        try:
            read: date = self.fields["on"].clean(self["on"].value())
        except ValidationError:
            return days.day_of(days.now())
        return read


class BillForm(PricedForm, ToInvoiceForm):
    """The invoice of a dossier."""

    def __init__(
        self, data: Any = None, *, types: Any, regies: bool, pricings: Iterable[rules.Pricing], **options: Any
    ) -> None:
        super().__init__(data, pricings=pricings, **options)
        self.offer(types, regies=regies)


class PricedDraftForm(PricedForm):
    """A draft that is corrected; what was shown is told back, so that nothing else is issued."""

    period = forms.CharField(label=_("Période"), required=False, max_length=60)
    shown = forms.IntegerField(widget=forms.HiddenInput, required=False)
