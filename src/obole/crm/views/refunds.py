"""Refunds: one person asks, another approves, the comptable pays."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from obole.crm import looks, stories
from obole.crm.deciding import Offer
from obole.crm.forms_tasks import ApproveForm, GiveUpForm, MandateForm
from obole.crm.lists import configured, tab
from obole.crm.pages import moved_meanwhile, render_page
from obole.crm.tables import RefundTable, payer_of
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import days
from obole.lib.states import ForbiddenMove
from obole.payments import operations as payments
from obole.payments import queries
from obole.payments import refund_states as states
from obole.payments.models import Refund
from obole.payments.refund_states import RefundState


@for_agents(Right.MONEY)
def refunds(request: AgentRequest) -> HttpResponse:
    """List the refunds on the agent's régies."""
    rows, state = queries.refunds(request.agent), request.GET.get("state", "")
    table = configured(request, RefundTable(rows.filter(state=state) if state in RefundState.values else rows))
    tabs = [
        tab(request, _("Tous")),
        tab(request, _("À approuver"), state="requested"),
        tab(request, _("À payer par le comptable"), state="approved"),
        tab(request, _("Faits"), state="done"),
        tab(request, _("Abandonnés"), state="given_up"),
    ]
    return render_page(request, "crm/refunds.html", {"table": table, "tabs": tabs})


@for_agents(Right.MONEY)
def refund(request: AgentRequest, pk: int) -> HttpResponse:
    """Show a refund and its story, and do the step that is asked."""
    one = get_object_or_404(queries.refunds(request.agent), pk=pk)
    steps = _steps(one, request.actor, request.POST if request.method == "POST" else None)
    if request.method == "POST":
        done = _do(request, one, steps)
        if done is not None:
            return done
    context = {
        "refund": one, "receipt": one.receipt, "payer": payer_of(one) or _("payeur inconnu"), "steps": steps,
        "pill": looks.refund_pill(one), "events": stories.of_refund(one),
        "is_mine": states.APPROVE.allows(one) and one.requested_by == request.actor,
        "task": one.receipt.anomalies.order_by("id").first(),
    }  # fmt: skip
    return render_page(request, "crm/refund.html", context)


def _steps(one: Refund, actor: str, data: Mapping[str, Any] | None) -> list[Offer]:
    """Return the steps that are lawful now for this person, with their forms; ``data``: what was sent for one of them."""

    def options(action: str) -> dict[str, Any]:
        sent = data is not None and data.get("action") == action
        return {"data": data if sent else None, "auto_id": f"id_{action}_%s"}

    steps = []
    if states.APPROVE.allows(one) and one.requested_by != actor:
        text = _("Le comptable pourra alors le payer. Votre nom reste à côté de celui qui l’a demandé.")
        steps.append(Offer("approve", _("Approuver"), text, _("Approuver"), ApproveForm(**options("approve"))))
    if states.COMPLETE.allows(one):
        text, form = _("Quand le comptable a payé : la somme sort de la régie."), MandateForm(**options("complete"))
        steps.append(Offer("complete", _("Remboursement effectué"), text, _("Remboursement effectué"), form))
    if states.GIVE_UP.allows(one):
        text, give_up = _("La somme attend de nouveau en recettes à classer."), GiveUpForm(**options("give_up"))
        steps.append(Offer("give_up", _("Abandonner"), text, _("Abandonner le remboursement"), give_up))
    return steps


def _do(request: AgentRequest, one: Refund, steps: list[Offer]) -> HttpResponse | None:
    """Do what was sent; None if its form must be shown again."""
    action = request.POST.get("action")
    step = next((step for step in steps if step.action == action), None)
    if step is not None and not step.form.is_valid():
        return None
    try:
        said = _act(one, str(action), step.form.cleaned_data if step else {}, actor=request.actor)
    except payments.SamePerson:
        sentence = _("Vous avez demandé ce remboursement : une autre personne doit l’approuver.")
        return moved_meanwhile(request, sentence, request.path)
    except ForbiddenMove:
        sentence = _("Ce remboursement a changé entre-temps : rien n’a été enregistré. Regardez où il en est.")
        return moved_meanwhile(request, sentence, request.path)
    messages.success(request, said)
    return redirect("crm:refund", pk=one.pk)


def _act(one: Refund, action: str, given: Mapping[str, Any], *, actor: str) -> str:
    """
    Do a step, and say it. Approving is always asked of the room: it knows who may not.

    :raises obole.lib.states.ForbiddenMove: if the step is not lawful any more.
    """
    who: dict[str, Any] = {"refund_id": one.pk, "actor": actor, "at": days.now()}
    if action == "approve":
        payments.approve_refund(**who)
        return _("le remboursement est approuvé : le comptable peut le payer.")
    if action == "complete" and given:
        payments.complete_refund(mandate=given["mandate"], **who)
        return _("le remboursement est noté, et l’usager prévenu.")
    if action == "give_up" and given:
        payments.give_up_refund(reason=given["reason"], **who)
        return _("le remboursement est abandonné : la somme attend de nouveau.")
    raise ForbiddenMove(f"refund.{action}", one.state)
