"""The acte constitutif of a régie, as its administrators write it down."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy

from obole.crm.shared.pages import render_page
from obole.crm.shared.setting_history import history
from obole.crm.shared.settings_forms import SettingsForm
from obole.crm.shared.settings_pages import find, save, sent_values
from obole.directory.access import AgentRequest, after_reauthentication, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.regies import operations, queries
from obole.regies.models import FoundingAct, Means, Regie
from obole.ui.fields import IbanField
from obole.ui.forms import DayInput, EurosField


class ActForm(SettingsForm):
    """What the acte constitutif says."""

    allowed_means = forms.MultipleChoiceField(
        label=gettext_lazy("Moyens de paiement autorisés"),
        choices=Means.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Les autres sont refusés, au guichet comme en ligne."),
        error_messages={"required": gettext_lazy("Cochez au moins un moyen : sinon la régie n’encaisse rien.")},
    )
    max_held_cents = EurosField(
        label=gettext_lazy("Montant maximum de l’encaisse"),
        minimum=1,
        help_text=gettext_lazy("Au-dessus, le régisseur est prévenu qu’il doit verser."),
    )
    float_cents = EurosField(label=gettext_lazy("Fonds de caisse"), minimum=0)
    guarantee_cents = EurosField(
        label=gettext_lazy("Cautionnement"), minimum=0, help_text=gettext_lazy("0,00 si l’acte n’en demande pas.")
    )
    iban = IbanField(
        label=gettext_lazy("IBAN du compte DFT"),
        required=False,
        help_text=gettext_lazy("Le compte de dépôts de fonds au Trésor, tel que son RIB l’écrit."),
    )

    class Meta:
        model = FoundingAct
        fields = (
            "reference",
            "signed_on",
            "allowed_means",
            "max_held_cents",
            "float_cents",
            "guarantee_cents",
            "iban",
            "pays_refunds",
        )
        widgets = {"signed_on": DayInput}


@for_agents(Right.CONFIGURE)
@after_reauthentication()
def regie_act(request: AgentRequest, pk: int) -> HttpResponse:
    """Write down what the acte constitutif of a régie says."""
    regie = find(Regie, pk)
    act = queries.act_of(pk)
    form = ActForm(**sent_values(request), instance=act)
    if request.method == "POST" and save(form, lambda: _configure(request, form, pk)):
        messages.success(request, _("l’acte constitutif est enregistré."))
        return redirect("crm:settings_regie_act", pk)
    context: dict[str, Any] = {
        "form": form,
        "title": _("Acte constitutif"),
        "regie": regie,
        "history": history(regie),
        "back": {"url": reverse("crm:settings_regie", args=[pk]), "label": str(regie)},
    }
    return render_page(request, "crm/settings/regie_act.html", context)


def _configure(request: AgentRequest, form: ActForm, pk: int) -> FoundingAct:
    return operations.configure_act(regie_id=pk, values=form.values, actor=request.actor, at=dates.now())
