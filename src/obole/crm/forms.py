"""What agents type."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from obole.billing import queries as billing
from obole.billing.models import InvoiceType
from obole.directory.models import Citizen
from obole.dossiers.rules import Priced
from obole.lib import words
from obole.regies import operations as regies
from obole.regies.models import Closing
from obole.ui.forms import DayInput, QuantityField


class ReasonForm(forms.Form):
    """Why: the citizen reads it."""

    reason = forms.CharField(label=_("Motif"), max_length=2000, widget=forms.Textarea(attrs={"rows": 5}))

    def __init__(self, *args: Any, label: str = "", hint: str = "", longest: int = 2000, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["reason"]
        field.label, field.help_text = label or field.label, hint
        field.error_messages["required"] = _("Écrivez un motif : sans lui, l’usager ne comprendrait pas.")
        self.fields["reason"] = _shortened(field, longest)


class WordForm(forms.Form):
    """A word for the citizen, who may well be given none."""

    reason = forms.CharField(
        label=_("Un mot pour l’usager"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Il paraît dans son espace et dans le courriel."),
    )  # fmt: skip


class NoteForm(forms.Form):
    """What was done about something."""

    note = forms.CharField(
        label=_("Ce qui a été fait"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Écrivez ce qui a été fait, par exemple « remboursé par virement le 26/11 ».")},
    )  # fmt: skip


class CloseForm(forms.Form):
    """Up to which day a ledger is closed."""

    until = forms.DateField(
        label=_("Arrêter au"), widget=DayInput, help_text=_("Le dernier jour de la période, hier au plus tard.")
    )

    def __init__(self, *args: Any, last: Closing | None, at: datetime, **options: Any) -> None:
        super().__init__(*args, **options)
        self._last, self._at = last, at

    def clean_until(self) -> date:
        """
        Refuse what the room would refuse.

        :raises ValidationError: at the field.
        """
        until: date = self.cleaned_data["until"]
        why_not = regies.reason_not_to_close(self._last, until=until, at=self._at)
        if why_not:
            raise ValidationError(why_not)
        return until


class SearchForm(forms.Form):
    """One box."""

    q = forms.CharField(required=False, max_length=200)


class TypeField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not subscriptable when it runs
    """A type de facture, with its régie for the agents who may know it."""

    shows_regies = False

    def label_from_instance(self, obj: InvoiceType) -> str:
        """Name the type, and where its money goes."""
        if not self.shows_regies:
            return obj.name
        return f"{obj.name} – {obj.regie.name}" if obj.regie else gettext("%(type)s – sans régie") % {"type": obj.name}


class ToInvoiceForm(forms.Form):
    """Which invoice to make of a dossier: its type and its period."""

    type = TypeField(
        label=_("Type de facture"), queryset=InvoiceType.objects.none(), empty_label=None,
        error_messages={"invalid_choice": _("Ce type de facture ne s’applique pas à ce dispositif : choisissez-en un autre.")},
    )  # fmt: skip
    period = forms.CharField(
        label=_("Période"), required=False, max_length=60, help_text=_("Imprimée sur la facture, par exemple novembre 2026.")
    )  # fmt: skip
    request_key = forms.CharField(max_length=40, widget=forms.HiddenInput)

    def offer(self, types: Any, *, regies: bool) -> None:
        """Offer these types, with their régies for who may know them."""
        chosen: TypeField = self.fields["type"]  # type: ignore[assignment]  # declared above
        chosen.shows_regies, chosen.queryset = regies, types


class GenerateForm(ToInvoiceForm):
    """And the quantities that are the agent's to give."""

    def __init__(self, *args: Any, types: Any, items: Iterable[Priced], regies: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        self.offer(types, regies=regies)
        for one in items:
            if billing.is_agents(one):
                self.fields[quantity_name(one)] = _quantity_field(one)

    @property
    def quantities(self) -> dict[int, Decimal]:
        """The quantities given, by product id; the wrong ones left out."""
        given = {name: self.cleaned_data.get(name) for name in self.fields if name.startswith("q_")}
        return {int(name[2:]): value for name, value in given.items() if value is not None}


class CitizenForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when it runs
    """A citizen's names and ways to be reached. It is only read: the room writes."""

    class Meta:
        model = Citizen
        fields = ("kind", "civility", "first_name", "last_name", "organisation", "email", "phone", "address")
        widgets = {"address": forms.Textarea(attrs={"rows": 3})}
        help_texts = {
            "email": _("Sans adresse, l’usager ne reçoit aucun courriel : remettez-lui la facture sur papier."),
            "organisation": _("Pour une association ou une entreprise."),
        }

    def clean(self) -> dict[str, Any]:
        """
        Ask an association or a company for its name.

        :raises ValidationError: at the field.
        """
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("kind") in (Citizen.Kind.ASSOCIATION, Citizen.Kind.COMPANY) and not cleaned.get("organisation"):
            raise ValidationError(
                {"organisation": _("Donnez la raison sociale, ou choisissez le profil « Particulier ».")}
            )
        return cleaned


def new_request_key() -> str:
    """Return a key that makes the same form, sent twice, one invoice."""
    return words.token()


def quantity_name(priced: Priced) -> str:
    """Name the field of a product's quantity."""
    return f"q_{priced.product.pk}"


def _quantity_field(priced: Priced) -> QuantityField:
    product = priced.product
    return QuantityField(
        label=product.name, decimals=product.decimals, minimum=product.minimum, maximum=product.maximum, unit=product.unit,
        initial=priced.quantity,
    )  # fmt: skip


def _shortened(field: forms.Field, longest: int) -> forms.Field:
    return forms.CharField(
        label=field.label,
        help_text=field.help_text,
        max_length=longest,
        widget=field.widget,
        error_messages=field.error_messages,
    )
