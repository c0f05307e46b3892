"""The town: what is printed at the top of pages, mails and documents."""

import re

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from obole.crm.forms_settings.base import ColourField, SettingsForm
from obole.directory.models import Authority


class AuthorityForm(SettingsForm):
    """Describes the town."""

    siret = forms.CharField(
        label=gettext_lazy("SIRET"), required=False, help_text=gettext_lazy("14 chiffres ; les espaces sont acceptées.")
    )
    colour = ColourField(
        label=gettext_lazy("Couleur"),
        help_text=gettext_lazy(
            "Celle des boutons et des liens du portail, par exemple #1f4a8a. Elle doit se lire sur du blanc."
        ),
    )

    class Meta:
        model = Authority
        fields = ("name", "address", "siret", "phone", "email", "hours", "treasury", "court", "colour")
        widgets = {"address": forms.Textarea({"rows": 3})}
        help_texts = {
            "name": gettext_lazy("En haut de chaque page, de chaque courriel et de chaque facture."),
            "hours": gettext_lazy("Par exemple : du lundi au vendredi, 9 h – 17 h."),
            "treasury": gettext_lazy("Qui recouvre ce qui n’a pas été payé, par exemple « SGC de Valbourg »."),
            "court": gettext_lazy("Pour les voies de recours, par exemple « tribunal administratif de Lyon »."),
        }

    def clean_siret(self) -> str:
        """
        Read a SIRET with or without spaces.

        :raises ValidationError: if it has not fourteen digits.
        """
        digits = re.sub(r"\s", "", self.cleaned_data["siret"])
        if digits and not re.fullmatch(r"[0-9]{14}", digits):
            raise ValidationError(_("Un SIRET a 14 chiffres, par exemple 219 900 015 00013."))
        return digits
