"""How a régie's transmissions are written in PES V2, as its administrators set it with the comptable."""

import re
from typing import Any

from django import forms
from django.contrib import messages
from django.core.validators import RegexValidator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy

from obole.billing.rules import TAX_NATURE
from obole.crm.shared.pages import render_page
from obole.crm.shared.setting_history import history
from obole.crm.shared.settings_forms import SettingsForm
from obole.crm.shared.settings_pages import find, save, sent_values
from obole.directory import queries as directory
from obole.directory.access import AgentRequest, after_reauthentication, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.recovery import operations
from obole.recovery.documents import pes_files
from obole.recovery.models import PesSettings
from obole.recovery.rules.pes.checking import RULES
from obole.regies.models import Regie

PRODUCT = "product-"
"""What the field of an imputation's code is called before the imputation."""


class PesForm(SettingsForm):
    """The codes of the comptable, and one for each imputation of the régie."""

    class Meta:
        model = PesSettings
        fields = (
            "post",
            "siret",
            "collectivity",
            "budget",
            "first_bordereau",
            "debt_prefix",
            "period",
            "edition",
            "organisations",
        )

    def __init__(self, *args: Any, regie: Regie, instance: PesSettings | None = None, **options: Any) -> None:
        super().__init__(*args, instance=instance, **options)
        if instance is None:
            self.initial["siret"] = directory.the_authority().siret
        known: dict[str, str] = instance.products if instance else {}
        for nature in ["", *sorted({*pes_files.natures_of(regie), *known} - {""})]:
            self.fields[PRODUCT + nature] = _product_field(nature)
            self.initial[PRODUCT + nature] = known.get(nature, "")

    @property
    def code_fields(self) -> list[forms.BoundField]:
        """The fields of the comptable's codes."""
        return [self[name] for name in self._meta.fields or ()]

    @property
    def product_fields(self) -> list[forms.BoundField]:
        """The fields of the imputations' codes."""
        return [self[name] for name in self.fields if name.startswith(PRODUCT)]

    @property
    def values(self) -> dict[str, Any]:
        """The values for the operation, with the codes that were given."""
        said = {field.name.removeprefix(PRODUCT): self.cleaned_data[field.name] for field in self.product_fields}
        return {**super().values, "products": {nature: code for nature, code in said.items() if code}}


def _product_field(nature: str) -> forms.CharField:
    label = _("Imputation %(nature)s") % {"nature": nature} if nature else _("Lignes sans imputation")
    if nature == TAX_NATURE:
        label = _("Imputation %(nature)s (TVA ajoutée au total)") % {"nature": nature}
    sentence = gettext_lazy("De une à quatre lettres sans accent ou chiffres.")
    return forms.CharField(
        label=label,
        max_length=4,
        required=False,
        validators=[RegexValidator(rf"\A(?:{RULES['CodProdLoc'][0]})\Z", sentence, flags=re.ASCII)],
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )


@for_agents(Right.CONFIGURE)
@after_reauthentication()
def regie_pes(request: AgentRequest, pk: int) -> HttpResponse:
    """Set how a régie's transmissions are written in PES V2."""
    regie: Any = find(Regie, pk)
    known = pes_files.settings_of(regie)
    form = PesForm(**sent_values(request), regie=regie, instance=known)
    if request.method == "POST" and save(form, lambda: _configure(request, form, pk)):
        messages.success(request, _("les codes PES V2 sont enregistrés."))
        return redirect("crm:settings_regie_pes", pk)
    context: dict[str, Any] = {
        "form": form,
        "title": _("Fichier PES V2"),
        "regie": regie,
        "history": history(regie, known),
        "back": {"url": reverse("crm:settings_regie", args=[pk]), "label": str(regie)},
    }
    return render_page(request, "crm/settings/regie_pes.html", context)


def _configure(request: AgentRequest, form: PesForm, pk: int) -> PesSettings:
    return operations.configure_pes(regie_id=pk, values=form.values, actor=request.actor, at=dates.now())
