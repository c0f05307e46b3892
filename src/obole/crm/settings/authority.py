"""The town: what is printed at the top of pages, mails and documents."""

import re

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _, gettext_lazy

from obole.crm.shared.pages import render_page
from obole.crm.shared.setting_history import history
from obole.crm.shared.settings_forms import ColourField, SettingsForm
from obole.crm.shared.settings_pages import save, sent_values, settings_home
from obole.directory import operations as directory, queries
from obole.directory.access import AgentRequest, for_agents
from obole.directory.models import Authority
from obole.directory.rules import Right
from obole.lib import dates


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
        fields = (
            "name",
            "article",
            "address",
            "siret",
            "phone",
            "email",
            "hours",
            "treasury",
            "treasury_address",
            "treasury_phone",
            "court",
            "colour",
            "territory",
            "school_zone",
        )
        widgets = {"address": forms.Textarea({"rows": 3}), "treasury_address": forms.Textarea({"rows": 3})}
        help_texts = {
            "name": gettext_lazy("En haut de chaque page, de chaque courriel et de chaque facture."),
            "article": gettext_lazy("Pour « à la Ville de… », « du Département de… », « d’Annecy »."),
            "hours": gettext_lazy("Par exemple : du lundi au vendredi, 9 h – 17 h."),
            "treasury": gettext_lazy("Qui recouvre ce qui n’a pas été payé, par exemple « SGC de Valbourg »."),
            "treasury_address": gettext_lazy("Où l’usager dont la facture est transmise peut écrire ou se rendre."),
            "territory": gettext_lazy("Aucune relance ne part ces jours-là, pour les types qui les épargnent."),
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


@for_agents(Right.CONFIGURE)
def authority(request: AgentRequest) -> HttpResponse:
    """Describe the town."""
    town = queries.the_authority()
    form = AuthorityForm(**sent_values(request), instance=town)
    if request.method == "POST" and save(
        form, lambda: directory.configure_authority(values=form.values, actor=request.actor, at=dates.now())
    ):
        messages.success(request, _("la collectivité est enregistrée."))
        return redirect("crm:settings_authority")
    context = {"form": form, "title": _("Collectivité"), "back": settings_home(), "usage": None}
    return render_page(
        request, "crm/shared/settings_edit.html", {**context, "history": history(town if town.pk else None)}
    )
