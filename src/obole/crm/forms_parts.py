"""What agents type about the parts of a price and about cautions."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from obole.billing.models import Caution, InvoiceType
from obole.crm.forms import TypeField
from obole.lib import money
from obole.ui.forms import DayInput, EurosField


class DayForm(forms.Form):
    """Another day for a part."""

    issue_on = forms.DateField(
        label=gettext_lazy("À facturer le"), widget=DayInput,
        help_text=gettext_lazy("La facture part toute seule ce jour-là."),
    )  # fmt: skip

    def __init__(self, *args: Any, day: date, **options: Any) -> None:
        options.setdefault("initial", {"issue_on": day})
        super().__init__(*args, **options)


class WhyForm(forms.Form):
    """Why something is not asked for any more: the citizen reads it."""

    reason = forms.CharField(
        label=gettext_lazy("Motif"), max_length=200, help_text=gettext_lazy("L’usager le lit dans son espace."),
        error_messages={"required": gettext_lazy("Écrivez le motif : sans lui, l’usager ne comprendrait pas.")},
    )  # fmt: skip


class ReceiveForm(forms.Form):
    """How a caution was handed over."""

    means = forms.ChoiceField(
        label=gettext_lazy("Moyen"), choices=Caution.Means.choices, widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choisissez comment la caution a été remise.")},
    )  # fmt: skip
    reference = forms.CharField(
        label=gettext_lazy("Référence"), max_length=60, required=False,
        help_text=gettext_lazy("Numéro du chèque, du virement ou du reçu remis."),
    )  # fmt: skip


class TypeForm(forms.Form):
    """Which type of invoice what was kept is billed with."""

    type = TypeField(
        label=gettext_lazy("Type de facture"), queryset=InvoiceType.objects.none(), empty_label=None,
        error_messages={"invalid_choice": gettext_lazy("Ce type de facture ne s’applique pas à ce dispositif : choisissez-en un autre.")},
    )  # fmt: skip

    def __init__(self, *args: Any, types: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["type"].queryset = types  # type: ignore[attr-defined]


class KeepForm(TypeForm):
    """What is kept of a caution, and why: the payer reads it on the invoice."""

    cents = EurosField(label=gettext_lazy("Montant retenu"), minimum=1)
    reason = forms.CharField(
        label=gettext_lazy("Motif"), max_length=200, help_text=gettext_lazy("L’usager le lit sur la facture."),
        error_messages={"required": gettext_lazy("Écrivez le motif : sans lui, l’usager ne comprendrait pas.")},
    )  # fmt: skip
    field_order = ("cents", "reason", "type")

    def __init__(self, *args: Any, caution: Caution, **options: Any) -> None:
        super().__init__(*args, **options)
        field: EurosField = self.fields["cents"]  # type: ignore[assignment]  # declared above
        field.maximum = caution.cents
        field.help_text = _("Au plus %(most)s ; le reste est rendu.") % {"most": money.euros(caution.cents)}
