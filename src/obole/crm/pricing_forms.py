"""What an agent types where a pricing makes the amount: the answers, the day whose tariffs apply, and what the invoice says."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
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
    """The invoice of a dossier, or the several of a price with an acompte or instalments: then each but the first has its day."""

    at_once = forms.BooleanField(label=_("Facturer tout en une seule fois"), required=False)

    def __init__(
        self, data: Any = None, *, types: Any, regies: bool, pricings: Iterable[rules.Pricing], **options: Any
    ) -> None:
        known = list(pricings)
        super().__init__(data, pricings=known, **options)
        self.offer(types, regies=regies)
        terms = known[0].terms
        for rank in range(2, (2 if terms.acompte else terms.instalments) + 1):
            self.fields[day_name(rank)] = DayOfPart(rank)


class DayOfPart(forms.DateField):
    """The day of one part; ``place`` says which in a list of what is wrong."""

    def __init__(self, rank: int) -> None:
        super().__init__(label=_("À émettre le"), required=False, widget=DayInput)
        self.place = gettext("Part %(rank)s") % {"rank": rank}


def day_name(rank: int) -> str:
    """Name the field of the day of a part."""
    return f"part_{rank}"


class PricedDraftForm(PricedForm):
    """A draft that is corrected; what was shown is told back, so that nothing else is issued."""

    period = forms.CharField(label=_("Période"), required=False, max_length=60)
    shown = forms.IntegerField(widget=forms.HiddenInput, required=False)
