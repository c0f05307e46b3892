"""Refunds: one person asks, another approves, the comptable pays."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _, gettext_lazy

from obole.audit_log.models import Access
from obole.crm.money.anomaly_actions import AnomalyAction
from obole.crm.money.anomaly_forms import _reason
from obole.crm.money.refund_list import payer_of
from obole.crm.shared import badges, journal, timelines
from obole.crm.shared.pages import conflict_response, regies_acted_on, render_page
from obole.directory.access import AgentRequest, after_reauthentication, for_agents
from obole.directory.rules import Right
from obole.lib import dates, iban
from obole.lib.actors import Actor
from obole.lib.states import ForbiddenTransition
from obole.payments import operations as payments, queries, refund_states as states
from obole.payments.models import Refund
from obole.regies import queries as regies


class MandateForm(forms.Form):
    """How the comptable paid."""

    mandate = forms.CharField(
        label=gettext_lazy("Référence du mandat ou du virement"),
        max_length=60,
        error_messages={
            "required": gettext_lazy(
                "Écrivez la référence du mandat ou du virement : elle prouve que la somme est rendue."
            )
        },
    )


class GiveUpForm(forms.Form):
    """Why a refund is not made."""

    reason = _reason(
        gettext_lazy("Motif de l’abandon"), gettext_lazy("Écrivez pourquoi ce remboursement est abandonné.")
    )


class ApproveForm(forms.Form):
    """A second person says yes: nothing is typed."""


@for_agents(Right.MONEY)
@after_reauthentication()
def refund(request: AgentRequest, pk: int) -> HttpResponse:
    """Show a refund and its story, and do the step that is asked."""
    one = get_object_or_404(queries.refunds(request.agent), pk=pk)
    acts = one.regie_id in regies_acted_on(request)
    steps = _steps(one, request.actor, request.POST if request.method == "POST" else None) if acts else []
    if request.method == "POST":
        if not acts:
            raise Http404
        done = _do(request, one, steps)
        if done is not None:
            return done
    context = {
        "refund": one,
        "receipt": one.receipt,
        "payer": payer_of(one) or _("payeur inconnu"),
        "steps": steps,
        "pill": badges.refund_badge(one),
        "iban": iban.masked(one.iban),
        "may_read_account": acts and states.COMPLETE.allows(one) and bool(one.iban),
        "events": timelines.of_refund(one),
        "is_mine": states.APPROVE.allows(one) and request.actor.is_same_as(one.requested_by),
        "task": one.receipt.anomalies.order_by("id").first(),
    }
    return render_page(request, "crm/money/refund.html", context)


@for_agents(Right.MONEY)
@after_reauthentication(reading=True)
def refund_account(request: AgentRequest, pk: int) -> HttpResponse:
    """Show the payee's account, whole, to who is about to pay; that they looked is kept."""
    one = get_object_or_404(queries.refunds(request.agent), pk=pk)
    if one.regie_id not in regies_acted_on(request) or not states.COMPLETE.allows(one) or not one.iban:
        raise Http404
    journal.keep(request, Access.Verb.SENSITIVE, one, account=iban.masked(one.iban))
    return render_page(request, "crm/money/refund_account.html", {"refund": one, "iban": iban.grouped(one.iban)})


def pays_itself(refund: Refund) -> bool:
    """Tell whether the régie's acte constitutif lets it pay a refund from its own account."""
    act = regies.act_of(refund.regie_id)
    return act is not None and act.pays_refunds


def _steps(refund: Refund, actor: Actor, data: Mapping[str, Any] | None) -> list[AnomalyAction]:
    """
    Return the steps that are lawful now for this person, with their forms; ``data``: what was sent for one of them.
    """

    def options(action: str) -> dict[str, Any]:
        sent = data is not None and data.get("action") == action
        return {"data": data if sent else None, "auto_id": f"id_{action}_%s"}

    steps = []
    if states.APPROVE.allows(refund) and not actor.is_same_as(refund.requested_by):
        text = _("Le comptable pourra alors le payer. Votre nom reste à côté de celui qui l’a demandé.")
        steps.append(AnomalyAction("approve", _("Approuver"), text, _("Approuver"), ApproveForm(**options("approve"))))
    if states.COMPLETE.allows(refund):
        steps.append(_complete(refund, MandateForm(**options("complete"))))
    if states.GIVE_UP.allows(refund):
        text, give_up = _("La somme attend de nouveau en recettes à classer."), GiveUpForm(**options("give_up"))
        steps.append(AnomalyAction("give_up", _("Abandonner"), text, _("Abandonner le remboursement"), give_up))
    return steps


def _complete(refund: Refund, form: MandateForm) -> AnomalyAction:
    if refund.payee == Refund.Payee.TREASURY:
        text, title = _("Quand le virement au comptable est parti du compte DFT."), _("Reversement effectué")
        return AnomalyAction("complete", title, text, title, form)
    text = _("Quand le comptable a payé : la régie le lui doit, et le lui rend avec le prochain versement.")
    if pays_itself(refund):
        text = _("Quand la régie a fait le virement : la somme sort de son compte DFT.")
    title = _("Remboursement effectué")
    return AnomalyAction("complete", title, text, title, form)


def _do(request: AgentRequest, refund: Refund, steps: list[AnomalyAction]) -> HttpResponse | None:
    """Do what was sent; None if its form must be shown again."""
    action = request.POST.get("action")
    step = next((step for step in steps if step.action == action), None)
    if step is not None and not step.form.is_valid():
        return None
    try:
        said = _act(refund, str(action), step.form.cleaned_data if step else {}, actor=request.actor)
    except payments.SamePerson:
        sentence = _("Vous avez demandé ce remboursement : une autre personne doit l’approuver.")
        return conflict_response(request, sentence, request.path)
    except payments.AccountTooLow as refusal:
        return conflict_response(request, str(refusal), request.path)
    except ForbiddenTransition:
        sentence = _("Ce remboursement a changé entre-temps : rien n’a été enregistré. Regardez où il en est.")
        return conflict_response(request, sentence, request.path)
    messages.success(request, said)
    return redirect("crm:refund", pk=refund.pk)


def _act(refund: Refund, action: str, given: Mapping[str, Any], *, actor: Actor) -> str:
    """
    Do a step, and say it. Approving is always asked of the room: it knows who may not.

    :raises obole.lib.states.ForbiddenTransition: if the step is not lawful any more.
    """
    who: dict[str, Any] = {"refund_id": refund.pk, "actor": actor, "at": dates.now()}
    if action == "approve":
        payments.approve_refund(**who)
        return _("le remboursement est approuvé : le comptable peut le payer.")
    if action == "complete" and given:
        payments.complete_refund(mandate=given["mandate"], **who)
        return _("le remboursement est noté, et l’usager prévenu.")
    if action == "give_up" and given:
        payments.give_up_refund(reason=given["reason"], **who)
        return _("le remboursement est abandonné : la somme attend de nouveau.")
    raise ForbiddenTransition(f"refund.{action}", refund.state)
