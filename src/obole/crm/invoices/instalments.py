"""One instalment of a price: another day, its invoice at once, or abandoned."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy

from obole.billing import operations as billing, queries
from obole.billing.instalment_states import InstalmentState
from obole.billing.models import PlannedInstalment
from obole.crm.invoices import schedules
from obole.crm.shared.pages import conflict_response, render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.dossiers.models import Dossier
from obole.lib import dates
from obole.lib.states import ForbiddenTransition
from obole.ui.forms import DayInput


class DayForm(forms.Form):
    """Another day for a part."""

    issue_on = forms.DateField(
        label=gettext_lazy("À facturer le"),
        widget=DayInput,
        help_text=gettext_lazy("La facture part toute seule ce jour-là."),
    )

    def __init__(self, *args: Any, day: date, **options: Any) -> None:
        options.setdefault("initial", {"issue_on": day})
        super().__init__(*args, **options)


class GiveUpReasonForm(forms.Form):
    """Why something is not asked for any more: the citizen reads it."""

    reason = forms.CharField(
        label=gettext_lazy("Motif"),
        max_length=200,
        help_text=gettext_lazy("L’usager le lit dans son espace."),
        error_messages={"required": gettext_lazy("Écrivez le motif : sans lui, l’usager ne comprendrait pas.")},
    )


@for_agents(Right.REVIEW)
def instalment(request: AgentRequest, pk: int) -> HttpResponse:
    """Show a part that is planned, and do what the agent decides about it."""
    one = _seen(request, pk)
    back = f"{reverse('crm:dossier', args=[one.plan.dossier_id])}?panneau=factures"
    if one.state != InstalmentState.PLANNED:
        return conflict_response(request, _("Cette part n’est plus prévue : elle est facturée, ou abandonnée."), back)
    action = request.POST.get("action", "")
    day = DayForm(request.POST if action == "move" else None, day=one.issue_on)
    why = GiveUpReasonForm(request.POST if action == "abandon" else None)
    forms: dict[str, Form] = {"move": day, "abandon": why, "bill": Form(request.POST if action == "bill" else None)}
    chosen = forms.get(action)
    if chosen is not None and chosen.is_valid() and _done(request, one, action, chosen):
        return redirect(back)
    shown = queries.instalment_row(one)
    context = {
        "part": one,
        "shown": shown,
        "row": schedules.row(shown, {}, dates.day_of(dates.now())),
        "day": day,
        "why": why,
        "back": back,
        "form": chosen,
        "after": one.plan.parts.filter(rank__gt=one.rank, state=InstalmentState.PLANNED).count(),
        "in_the_way": queries.obstacle_to_instalment(one),
    }
    return render_page(request, "crm/invoices/instalment.html", context)


def _done(request: AgentRequest, instalment: PlannedInstalment, action: str, form: Form) -> bool:
    """Do it, or say in the form why not."""
    try:
        said = _ACTIONS[action](request, instalment, form)
    except billing.NotBillable as refusal:
        form.add_error(next(iter(form.fields), None), str(refusal))
    except ForbiddenTransition:
        form.add_error(None, _("Cette part n’est plus prévue : elle est facturée, ou abandonnée."))
    else:
        messages.success(request, said)
    return form.is_valid()


def _move(request: AgentRequest, instalment: PlannedInstalment, form: Form) -> str:
    day = form.cleaned_data["issue_on"]
    billing.reschedule_instalment(part_id=instalment.pk, issue_on=day, actor=request.actor, at=dates.now())
    return _("la part sera facturée le %(day)s.") % {"day": dates.format_short(day)}


def _bill(request: AgentRequest, instalment: PlannedInstalment, form: Form) -> str:
    invoice = billing.bill_instalment(part_id=instalment.pk, actor=request.actor, at=dates.now())
    return _("la facture %(number)s est émise et déposée dans le compte de l’usager.") % {"number": invoice.number}


def _abandon(request: AgentRequest, instalment: PlannedInstalment, form: Form) -> str:
    billing.abandon_instalments(
        part_id=instalment.pk, reason=form.cleaned_data["reason"], actor=request.actor, at=dates.now()
    )
    return _("ce qui restait prévu est abandonné.")


_ACTIONS: dict[str, Callable[[AgentRequest, PlannedInstalment, Form], str]] = {
    "move": _move,
    "bill": _bill,
    "abandon": _abandon,
}


def _seen(request: AgentRequest, pk: int) -> PlannedInstalment:
    handled = PlannedInstalment.objects.filter(plan__dossier__in=Dossier.objects.handled_by(request.agent))
    rows = handled.select_related("plan__type__regie", "plan__dossier__scheme", "plan__payer")
    return get_object_or_404(rows.prefetch_related("plan__parts"), pk=pk)
