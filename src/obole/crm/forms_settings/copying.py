"""The copy of a dispositif: its name, and whether it is billed as the one it was made of."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from obole.catalogue.models import Scheme
from obole.configuration.rules.years import next_name


class CopyForm(forms.Form):
    """Names a copy; next year's name is proposed."""

    name = forms.CharField(
        label=gettext_lazy("Nom"), max_length=120, widget=forms.TextInput({"autocomplete": "off"}),
        help_text=gettext_lazy("Tel que l’usager le lit, par exemple « Inscription cantine 2026-2027 »."),
    )  # fmt: skip
    with_types = forms.BooleanField(
        label=gettext_lazy("Facturer la copie par les mêmes types de factures"), required=False, initial=True,
        help_text=gettext_lazy("Sinon, choisissez-les ensuite sur la page de chaque type."),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, source: Scheme, has_types: bool) -> None:
        names = set(Scheme.objects.order_by("id").values_list("name", flat=True)) if data is None else set()
        super().__init__(data, initial={"name": next_name(source.name, names) if data is None else ""})
        if not has_types:
            del self.fields["with_types"]

    def clean_name(self) -> str:
        """
        Refuse a name that is taken.

        :raises ValidationError: if another dispositif has it.
        """
        name: str = self.cleaned_data["name"]
        if Scheme.objects.filter(name=name).exists():
            raise ValidationError(_("C’est déjà pris : choisissez une autre valeur."))
        return name
