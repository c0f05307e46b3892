"""One part of a price: another day, its invoice at once, or abandoned."""

from collections.abc import Callable

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from obole.billing import operations as billing
from obole.billing import queries
from obole.billing.models import PlanPart
from obole.billing.part_states import PartState
from obole.crm import schedules
from obole.crm.forms_parts import DayForm, WhyForm
from obole.crm.pages import moved_meanwhile, render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import days
from obole.lib.states import ForbiddenMove


@for_agents(Right.REVIEW)
def part(request: AgentRequest, pk: int) -> HttpResponse:
    """Show a part that is planned, and do what the agent decides about it."""
    one = _seen(pk)
    back = f"{reverse('crm:dossier', args=[one.plan.dossier_id])}?panneau=factures"
    if one.state != PartState.PLANNED:
        return moved_meanwhile(request, _("Cette part n’est plus prévue : elle est facturée, ou abandonnée."), back)
    action = request.POST.get("action", "")
    day = DayForm(request.POST if action == "move" else None, day=one.issue_on)
    why = WhyForm(request.POST if action == "abandon" else None)
    forms: dict[str, Form] = {"move": day, "abandon": why, "bill": Form(request.POST if action == "bill" else None)}
    chosen = forms.get(action)
    if chosen is not None and chosen.is_valid() and _done(request, one, action, chosen):
        return redirect(back)
    shown = queries.scheduled(one)
    context = {
        "part": one, "shown": shown, "row": schedules.row(shown, {}, days.day_of(days.now())), "day": day, "why": why, "back": back,
        "form": chosen, "after": one.plan.parts.filter(rank__gt=one.rank, state=PartState.PLANNED).count(),
        "in_the_way": queries.in_the_way(one),
    }  # fmt: skip
    return render_page(request, "crm/part.html", context)


def _done(request: AgentRequest, one: PlanPart, action: str, form: Form) -> bool:
    """Do it, or say in the form why not."""
    try:
        said = _ACTIONS[action](request, one, form)
    except billing.NotBillable as refusal:
        form.add_error(next(iter(form.fields), None), str(refusal))
    except ForbiddenMove:
        form.add_error(None, _("Cette part n’est plus prévue : elle est facturée, ou abandonnée."))
    else:
        messages.success(request, said)
    return form.is_valid()


def _move(request: AgentRequest, one: PlanPart, form: Form) -> str:
    day = form.cleaned_data["issue_on"]
    billing.move_part(part_id=one.pk, issue_on=day, actor=request.actor, at=days.now())
    return _("la part sera facturée le %(day)s.") % {"day": days.short(day)}


def _bill(request: AgentRequest, one: PlanPart, form: Form) -> str:
    invoice = billing.bill_part(part_id=one.pk, actor=request.actor, at=days.now())
    return _("la facture %(number)s est émise et déposée dans le compte de l’usager.") % {"number": invoice.number}


def _abandon(request: AgentRequest, one: PlanPart, form: Form) -> str:
    billing.abandon_parts(part_id=one.pk, reason=form.cleaned_data["reason"], actor=request.actor, at=days.now())
    return _("ce qui restait prévu est abandonné.")


_ACTIONS: dict[str, Callable[[AgentRequest, PlanPart, Form], str]] = {"move": _move, "bill": _bill, "abandon": _abandon}


def _seen(pk: int) -> PlanPart:
    rows = PlanPart.objects.select_related("plan__type__regie", "plan__dossier__scheme", "plan__payer")
    return get_object_or_404(rows.prefetch_related("plan__parts"), pk=pk)
