"""« Nouvelle campagne »: the type first, then what it bills and for which period."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Max
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _, gettext_lazy

from obole.billing.models import InvoiceType
from obole.billing.rules import periods
from obole.campaigns import operations
from obole.campaigns.queries import perimeter
from obole.catalogue.models import Scheme, Service
from obole.crm.shared.forms import new_request_key
from obole.crm.shared.pages import render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.models import Agent
from obole.directory.rules import Right
from obole.lib import dates
from obole.lib.dates import MONTHS


class CampaignForm(forms.Form):
    """What is billed, of whom, for which days."""

    period = forms.CharField(
        label=gettext_lazy("Période"),
        max_length=60,
        help_text=gettext_lazy("Imprimée sur chaque facture : octobre 2026, T4 2026, 2026-2027."),
        error_messages={"required": gettext_lazy("Écrivez la période, par exemple octobre 2026.")},
    )
    schemes = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Dispositifs"),
        queryset=Scheme.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Cochez un dispositif au moins.")},
    )
    sorter = forms.ChoiceField(
        label=gettext_lazy("Seulement"),
        required=False,
        help_text=gettext_lazy("Une école, une classe : les dossiers qui ont donné cette réponse."),
    )
    checked_by = forms.ChoiceField(
        label=gettext_lazy("Vérifier les présences par"),
        required=False,
        help_text=gettext_lazy("Les jours où rien n’est compté sont cherchés dans chacune de ces réponses."),
    )
    request_key = forms.CharField(max_length=40, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, schemes: Any, **options: Any) -> None:
        super().__init__(data, **options)
        self.fields["schemes"].queryset = schemes  # type: ignore[attr-defined]  # declared above
        sorters = perimeter.sorters(schemes)
        answers = [(one.label, [(f"{one.key}:{choice}", choice) for choice in one.choices]) for one in sorters]
        self.fields["sorter"].choices = [("", _("Tous les dossiers")), *answers]  # type: ignore[attr-defined]
        keys = [(one.key, one.label) for one in sorters]
        self.fields["checked_by"].choices = [("", _("Le dispositif entier")), *keys]  # type: ignore[attr-defined]

    def clean_period(self) -> str:
        """Refuse a period that says no days: what was counted in it could not be known."""
        period = " ".join(str(self.cleaned_data["period"]).split())
        if periods.days_of(period) is None:
            raise ValidationError(_("Écrivez une période qui dit ses jours, par exemple octobre 2026 ou T4 2026."))
        return period

    def asked(self, invoice_type: InvoiceType) -> operations.CampaignRequest:
        """Return what is asked for."""
        given = self.cleaned_data
        key, _colon, value = str(given["sorter"]).partition(":")
        return operations.CampaignRequest(
            type_id=invoice_type.pk,
            scheme_ids=[scheme.pk for scheme in given["schemes"]],
            period=given["period"],
            only_field=key or given["checked_by"],
            only_value=value,
        )


@for_agents(Right.REVIEW)
def campaign_new(request: AgentRequest) -> HttpResponse:
    """Choose a type, then what it bills; open the campaign, or say what is in the way."""
    types = _types(request.agent)
    sent = request.POST if request.method == "POST" else None
    wanted = (sent or request.GET).get("type", "")
    chosen = next((one for one in types if str(one.pk) == wanted), types[0] if types else None)
    if chosen is None:
        return render_page(request, "crm/campaigns/campaign_new.html", {"types": types, "chosen": None})
    schemes = chosen.schemes.filter(service__in=Service.objects.handled_by(request.agent)).order_by("name", "id")
    form = CampaignForm(sent, schemes=schemes, initial=_begun(schemes, dates.day_of(dates.now())))
    if form.is_valid():
        try:
            made = operations.open_campaign(
                asked=form.asked(chosen),
                request_key=form.cleaned_data["request_key"],
                actor=request.actor,
                at=dates.now(),
            )
        except operations.CannotOpen as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        else:
            return redirect("crm:campaign", made.pk)
    return render_page(
        request, "crm/campaigns/campaign_new.html", {"types": types, "chosen": chosen, "form": form, "sent": sent}
    )


def _types(agent: Agent) -> list[InvoiceType]:
    """Return the types that bill something of what an agent handles, that of the last campaign first."""
    handled = Service.objects.handled_by(agent)
    rows = InvoiceType.objects.filter(enabled=True, regie__enabled=True, schemes__service__in=handled)
    rows = rows.annotate(last=Coalesce(Max("campaigns"), 0))
    return list(rows.order_by("-last", "name", "id"))


def _begun(schemes: Any, today: date) -> dict[str, Any]:
    last = today.replace(day=1) - timedelta(days=1)
    first_sorter = next(iter(perimeter.sorters(schemes)), None)
    return {
        "period": f"{MONTHS[last.month - 1]} {last.year}",
        "schemes": [scheme.pk for scheme in schemes],
        "checked_by": first_sorter.key if first_sorter else "",
        "request_key": new_request_key(),
    }
