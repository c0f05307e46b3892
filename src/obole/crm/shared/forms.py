"""The forms that several families of screens use."""

from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy

from obole.billing.models import InvoiceType
from obole.lib import texts


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
    """Which invoice to make of a dossier: of which type."""

    type = TypeField(
        label=gettext_lazy("Type de facture"),
        queryset=InvoiceType.objects.none(),
        empty_label=None,
        error_messages={
            "invalid_choice": gettext_lazy(
                "Ce type de facture ne s’applique pas à ce dispositif : choisissez-en un autre."
            )
        },
    )
    request_key = forms.CharField(max_length=40, widget=forms.HiddenInput)

    def offer(self, types: Any, *, regies: bool) -> None:
        """Offer these types, with their régies for who may know them."""
        chosen: TypeField = self.fields["type"]  # type: ignore[assignment]  # declared above
        chosen.shows_regies, chosen.queryset = regies, types


def new_request_key() -> str:
    """Return a key that makes the same form, sent twice, one invoice."""
    return texts.token()
