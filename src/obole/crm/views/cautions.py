"""One caution: received, given back, kept in part or whole, or asked for no more."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from obole.billing import caution_states as states
from obole.billing import operations as billing
from obole.billing import queries
from obole.billing.models import Caution
from obole.crm import looks, stories
from obole.crm.forms_parts import KeepForm, ReceiveForm, TypeForm, WhyForm
from obole.crm.pages import regies_seen, render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import days
from obole.lib.states import ForbiddenMove


@for_agents(Right.REVIEW)
def caution(request: AgentRequest, pk: int) -> HttpResponse:
    """Show a caution, and do what the agent decides: only who answers for its régie holds it and gives it back."""
    one = get_object_or_404(Caution.objects.select_related("dossier__scheme", "regie", "payer", "invoice"), pk=pk)
    action = request.POST.get("action", "")
    forms = _forms(request, one, action)
    chosen = forms.get(action)
    if chosen is not None and chosen.is_valid():
        answer = _done(request, one, action, chosen)
        if answer is not None:
            return answer
    context = {
        "caution": one, "pill": looks.caution_pill(one), "forms": forms, "form": chosen, "holds": one.regie_id in regies_seen(request),
        "back": f"{reverse('crm:dossier', args=[one.dossier_id])}?panneau=factures", "events": stories.of_caution(one),
        "stale": bool(action) and chosen is None,
    }  # fmt: skip
    return render_page(request, "crm/caution.html", context)


def _forms(request: AgentRequest, one: Caution, action: str) -> dict[str, Form]:
    """Return the forms of what this agent may do now, by action; the one that was sent holds what was typed."""
    types, holds = queries.types_for(one.dossier), one.regie_id in regies_seen(request)
    made: dict[str, Callable[[Any], Form]] = {}
    if states.DROP.allows(one):
        made["drop"] = WhyForm
    if holds and states.RECEIVE.allows(one):
        made["receive"] = ReceiveForm
    if holds and states.KEEP.allows(one):
        made |= {"give_back": Form, "keep": lambda data: KeepForm(data, types=types, caution=one)}
    if one.state == states.S.KEPT and one.invoice_id is None:
        made["bill"] = lambda data: TypeForm(data, types=types)
    return {name: make(request.POST if name == action else None) for name, make in made.items()}


def _done(request: AgentRequest, one: Caution, action: str, form: Form) -> HttpResponse | None:
    """Do it, or say in the form why not."""
    try:
        return _ACTIONS[action](request, one, form)
    except billing.ReasonMissing as refusal:
        form.add_error("reason", str(refusal))
    except billing.NotBillable as refusal:
        form.add_error(None, str(refusal))
    except ForbiddenMove:
        form.add_error(None, _("Cette caution a changé entre-temps : rien n’a été enregistré."))
    return None


def _receive(request: AgentRequest, one: Caution, form: Form) -> HttpResponse:
    given = form.cleaned_data
    billing.receive_caution(
        caution_id=one.pk, means=given["means"], reference=given["reference"], actor=request.actor, at=days.now()
    )
    return _said(request, one, _("la caution est reçue : elle n’entre pas dans les comptes."))


def _give_back(request: AgentRequest, one: Caution, _form: Form) -> HttpResponse:
    billing.give_back_caution(caution_id=one.pk, actor=request.actor, at=days.now())
    return _said(request, one, _("la caution est restituée."))


def _keep(request: AgentRequest, one: Caution, form: Form) -> HttpResponse:
    given = form.cleaned_data
    draft = billing.keep_caution(
        caution_id=one.pk, cents=given["cents"], reason=given["reason"], type_id=given["type"].pk, actor=request.actor, at=days.now()
    )  # fmt: skip
    messages.success(request, _("la caution est retenue ; vérifiez le brouillon, puis émettez-le."))
    return redirect("crm:draft", pk=draft.pk)


def _bill(request: AgentRequest, one: Caution, form: Form) -> HttpResponse:
    type_id = form.cleaned_data["type"].pk
    draft = billing.bill_kept_caution(caution_id=one.pk, type_id=type_id, actor=request.actor, at=days.now())
    return redirect("crm:draft", pk=draft.pk)


def _drop(request: AgentRequest, one: Caution, form: Form) -> HttpResponse:
    billing.drop_caution(caution_id=one.pk, reason=form.cleaned_data["reason"], actor=request.actor, at=days.now())
    return _said(request, one, _("la caution n’est plus demandée."))


_ACTIONS: dict[str, Callable[[AgentRequest, Caution, Form], HttpResponse]] = {
    "receive": _receive, "give_back": _give_back, "keep": _keep, "bill": _bill, "drop": _drop,
}  # fmt: skip


def _said(request: AgentRequest, one: Caution, sentence: str) -> HttpResponse:
    messages.success(request, sentence)
    return redirect("crm:caution", pk=one.pk)
