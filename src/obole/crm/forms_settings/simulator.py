"""What an administrator types to try a pricing."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from obole.catalogue import rules
from obole.catalogue.forms.answering import AnswersForm
from obole.catalogue.models import PricingVersion
from obole.ui.forms import DayInput


class SimulatorForm(AnswersForm):
    """A day, one version or two, and the answers."""

    on = forms.DateField(
        label=gettext_lazy("Date"), widget=DayInput, help_text=gettext_lazy("Elle choisit les tarifs en vigueur ce jour-là.")
    )  # fmt: skip
    version = forms.TypedChoiceField(label=gettext_lazy("Version"), coerce=int)
    other = forms.TypedChoiceField(label=gettext_lazy("Comparer avec"), coerce=int, required=False, empty_value=None)

    def __init__(
        self, data: Any = None, *, versions: Sequence[PricingVersion], pricings: Iterable[rules.Pricing], **options: Any
    ) -> None:
        super().__init__(data, pricings=pricings, **options)
        choices = [(one.number, _named(one)) for one in versions]
        self.fields["version"].choices = choices  # type: ignore[attr-defined]  # declared above
        self.fields["other"].choices = [("", _("Aucune autre version")), *choices]  # type: ignore[attr-defined]


def _named(version: PricingVersion) -> str:
    return _("Version %(number)d") % {"number": version.number}
