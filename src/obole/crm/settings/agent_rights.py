"""What an agent sees and does: in which prestations, and for which régies."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _, gettext_lazy

from obole.catalogue import operations as catalogue
from obole.catalogue.models import Service, ServiceAccess
from obole.crm.shared.filters import TICKS
from obole.crm.shared.pages import render_page
from obole.crm.shared.setting_history import history
from obole.crm.shared.settings_pages import back_to, save, sent_values
from obole.directory import operations as directory
from obole.directory.access import AgentRequest, for_agents
from obole.directory.models import Agent
from obole.directory.rules import Right
from obole.lib import dates
from obole.regies import operations as regies
from obole.regies.models import Mandate, Regie
from obole.ui.forms import DayInput

NO_MANDATE = ("", gettext_lazy("aucun mandat"))


class RightsForm(forms.Form):
    """An agent's prestations, and a mandate for each régie."""

    all_services = forms.BooleanField(
        label=gettext_lazy("Toutes les prestations"),
        required=False,
        help_text=gettext_lazy("Celles d’aujourd’hui et celles qui s’ajouteront : ce qui suit ne compte plus."),
    )
    handled = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Prestations instruites"), queryset=Service.objects.all(), required=False, widget=TICKS
    )
    read = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Prestations consultées seulement"),
        queryset=Service.objects.all(),
        required=False,
        widget=TICKS,
    )
    sees_sensitive = forms.BooleanField(
        label=gettext_lazy("Lit les réponses sensibles"),
        required=False,
        help_text=gettext_lazy("Santé, IBAN… : ce que les formulaires marquent ainsi, dans ses prestations seulement."),
    )

    def __init__(self, data: Any = None, files: Any = None, *, agent: Agent) -> None:
        super().__init__(data, initial=_known(agent))
        self.agent, self.regies = agent, list(Regie.objects.order_by("name", "id"))
        for regie in self.regies:
            self.fields[f"kind_{regie.pk}"] = forms.ChoiceField(
                label=regie.name, choices=[NO_MANDATE, *Mandate.Kind.choices], required=False
            )
            self.fields[f"from_{regie.pk}"] = forms.DateField(label=_("À partir du"), required=False, widget=DayInput)
            self.fields[f"to_{regie.pk}"] = forms.DateField(label=_("Jusqu’au"), required=False, widget=DayInput)

    @property
    def scope_fields(self) -> list[forms.BoundField]:
        """The fields about prestations."""
        return [self[name] for name in ("all_services", "handled", "read", "sees_sensitive")]

    @property
    def mandate_fields(self) -> list[tuple[Regie, list[forms.BoundField]]]:
        """The fields of each régie."""
        return [(regie, [self[f"{name}_{regie.pk}"] for name in ("kind", "from", "to")]) for regie in self.regies]

    def clean(self) -> dict[str, Any]:
        """Refuse a mandate that ends before it starts, at its field."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for regie in self.regies:
            first, last = cleaned.get(f"from_{regie.pk}"), cleaned.get(f"to_{regie.pk}")
            if first and last and last < first:
                self.add_error(f"to_{regie.pk}", _("Ce mandat finirait avant de commencer : corrigez l’un des jours."))
        return cleaned

    @property
    def terms(self) -> dict[int, regies.MandateTerms]:
        """The mandates that were chosen, by régie."""
        given = self.cleaned_data
        return {
            regie.pk: regies.MandateTerms(given[f"kind_{regie.pk}"], given[f"from_{regie.pk}"], given[f"to_{regie.pk}"])
            for regie in self.regies
            if given[f"kind_{regie.pk}"]
        }


@for_agents(Right.CONFIGURE)
def agent_rights(request: AgentRequest, pk: int) -> HttpResponse:
    """Choose what an agent sees and does."""
    known = get_object_or_404(Agent.objects.select_related("user"), pk=pk)
    form = RightsForm(**sent_values(request), agent=known)
    if request.method == "POST" and save(form, lambda: _configure(request, form)):
        messages.success(request, _("les droits de %(name)s sont enregistrés.") % {"name": known.name})
        return redirect("crm:settings_agents")
    context = {"form": form, "title": _("Droits de %(name)s") % {"name": known.name}, "agent": known}
    back = back_to("settings_agent", known.name, pk)
    return render_page(request, "crm/settings/agent_rights.html", {**context, "back": back, "history": history(known)})


def _configure(request: AgentRequest, form: RightsForm) -> Agent:
    """Save all of it, or nothing."""
    given = form.cleaned_data
    who: dict[str, Any] = {"agent_id": form.agent.pk, "actor": request.actor, "at": dates.now()}
    values = {name: given[name] for name in ("all_services", "sees_sensitive")}
    handled, read = ({service.pk for service in given[name]} for name in ("handled", "read"))
    with transaction.atomic():
        directory.configure_agent(values=values, active=form.agent.user.is_active, **who)
        catalogue.give_service_access(handled=handled, read=read, **who)
        regies.configure_mandates(terms=form.terms, **who)
    return form.agent


def _known(agent: Agent) -> dict[str, Any]:
    accesses = ServiceAccess.objects.filter(agent=agent)
    mandates = Mandate.objects.filter(agent=agent)
    return {
        "all_services": agent.all_services,
        "sees_sensitive": agent.sees_sensitive,
        "handled": list(accesses.filter(handles=True).values_list("service", flat=True)),
        "read": list(accesses.filter(handles=False).values_list("service", flat=True)),
        **{f"kind_{item.regie_id}": item.kind for item in mandates},
        **{f"from_{item.regie_id}": item.starts_on for item in mandates},
        **{f"to_{item.regie_id}": item.ends_on for item in mandates},
    }
