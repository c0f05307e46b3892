"""What an agent decides about a dossier. Each decision that the citizen reads has its page, which can be left."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_POST

from obole.billing import queries as billing
from obole.crm.dossiers.complement import ComplementForm
from obole.crm.dossiers.dossier_detail import dossier_to_handle
from obole.crm.dossiers.progress import is_billed
from obole.crm.shared.pages import conflict_response, dossier_conflict, render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.dossiers import operations, states
from obole.dossiers.models import Dossier
from obole.lib import dates, money
from obole.lib.states import ForbiddenTransition, Transition


class ReasonForm(forms.Form):
    """Why: the citizen reads it."""

    reason = forms.CharField(label=gettext_lazy("Motif"), max_length=2000, widget=forms.Textarea(attrs={"rows": 5}))

    def __init__(self, *args: Any, label: str = "", hint: str = "", longest: int = 2000, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["reason"]
        field.label, field.help_text = label or field.label, hint
        field.error_messages["required"] = gettext_lazy("Écrivez un motif : sans lui, l’usager ne comprendrait pas.")
        self.fields["reason"] = _shortened(field, longest)


def _shortened(field: forms.Field, longest: int) -> forms.Field:
    return forms.CharField(
        label=field.label,
        help_text=field.help_text,
        max_length=longest,
        widget=field.widget,
        error_messages=field.error_messages,
    )


class MessageForm(forms.Form):
    """A word for the citizen, who may well be given none."""

    reason = forms.CharField(
        label=gettext_lazy("Un mot pour l’usager"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Il paraît dans son espace et dans le courriel."),
    )


Verb = Callable[..., Dossier]


@dataclass(frozen=True)
class Decision:
    """How a decision is asked for, made and announced."""

    move: Transition
    verb: Verb
    form: Form
    title: str
    effect: str
    button: str
    done: str
    danger: bool = False
    warnings: tuple[str, ...] = ()
    """What to know before."""


@for_agents(Right.REVIEW)
@require_POST
def dossier_take(request: AgentRequest, pk: int) -> HttpResponse:
    """Put a dossier in this agent's hands."""
    return _simple(
        request, dossier_to_handle(request, pk), operations.take, _("le dossier est à vous."), agent_id=request.agent.pk
    )


@for_agents(Right.REVIEW)
def dossier_close(request: AgentRequest, pk: int) -> HttpResponse:
    """Close an accepted dossier, after a page that says what of it is not billed."""
    dossier = dossier_to_handle(request, pk)
    decision = Decision(
        states.CLOSE,
        operations.close,
        forms.Form(_sent(request)),
        _("Clore le dossier"),
        _("Un dossier clos ne se facture plus. Vous pourrez le rouvrir."),
        _("Clore le dossier"),
        _("le dossier est clos."),
        warnings=tuple(not_billed(dossier)),
    )
    return _decide(request, dossier, decision)


@for_agents(Right.REVIEW)
def dossier_reopen(request: AgentRequest, pk: int) -> HttpResponse:
    """Undo a closing."""
    decision = Decision(
        states.REOPEN,
        operations.reopen,
        forms.Form(_sent(request)),
        _("Rouvrir le dossier"),
        _("Le dossier redevient accepté et peut être facturé, puis clos. L’usager ne reçoit pas de courriel."),
        _("Rouvrir le dossier"),
        _("le dossier est rouvert."),
    )
    return _decide(request, dossier_to_handle(request, pk), decision)


@for_agents(Right.REVIEW)
def dossier_reconsider(request: AgentRequest, pk: int) -> HttpResponse:
    """Undo a refusal, and say why."""
    decision = Decision(
        states.RECONSIDER,
        operations.reconsider,
        ReasonForm(_sent(request), label=_("Pourquoi revenir sur le refus"), hint=_("L’usager le lit tel quel.")),
        _("Revenir sur le refus"),
        _("Le dossier revient en instruction. L’usager reçoit un courriel qui le lui dit, avec ce motif."),
        _("Remettre en instruction"),
        _("le dossier est de nouveau en instruction, l’usager est prévenu."),
    )
    return _decide(request, dossier_to_handle(request, pk), decision)


@for_agents(Right.REVIEW)
def dossier_complement(request: AgentRequest, pk: int) -> HttpResponse:
    """Ask the citizen for what is missing, in the whole or in one answer."""
    dossier = dossier_to_handle(request, pk)
    form = ComplementForm(_sent(request), dossier=dossier)
    decision = Decision(
        states.ASK_COMPLEMENT,
        operations.ask_complement,
        form,
        _("Demander un complément"),
        _("L’usager reçoit un courriel et peut modifier sa demande. Le dossier vous reviendra quand il aura répondu."),
        _("Envoyer la demande de complément"),
        _("le complément est demandé à l’usager."),
    )
    return _decide(request, dossier, decision, template="crm/dossiers/complement.html")


@for_agents(Right.REVIEW)
def dossier_accept(request: AgentRequest, pk: int) -> HttpResponse:
    """Accept the dossier, with a word if there is one."""
    decision = Decision(
        states.ACCEPT,
        operations.accept,
        MessageForm(_sent(request)),
        _("Accepter la demande"),
        _("L’usager reçoit un courriel. Le dossier pourra être facturé, puis clos."),
        _("Accepter la demande"),
        _("la demande est acceptée, l’usager est prévenu."),
    )
    return _decide(request, dossier_to_handle(request, pk), decision)


@for_agents(Right.REVIEW)
def dossier_reject(request: AgentRequest, pk: int) -> HttpResponse:
    """Refuse the dossier, and say why."""
    form = ReasonForm(_sent(request), label=_("Motif du refus"), hint=_("L’usager le lit tel quel."))
    decision = Decision(
        states.REJECT,
        operations.reject,
        form,
        _("Refuser la demande"),
        _("L’usager reçoit un courriel avec ce motif. Vous pourrez revenir sur ce refus."),
        _("Refuser la demande"),
        _("la demande est refusée, l’usager est prévenu."),
        danger=True,
    )
    return _decide(request, dossier_to_handle(request, pk), decision)


def not_billed(dossier: Dossier) -> Iterator[str]:
    """Say what of a dossier is not billed yet, if it may be."""
    if billing.drafts_of(dossier).exists():
        yield _("Un brouillon de facture attend d’être émis ou abandonné.")
    if not billing.types_for(dossier).exists() or is_billed(dossier):
        return
    quoted = billing.quoted_estimate(dossier)
    cents = quoted.estimate.total_cents if quoted else None
    if cents:
        yield _("Accepté, rien n’est facturé : estimé %(amount)s.") % {"amount": money.euros(cents)}
    elif cents is None:
        yield _("Accepté, rien n’est facturé.")


def _sent(request: AgentRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _simple(request: AgentRequest, dossier: Dossier, verb: Verb, done: str, **more: Any) -> HttpResponse:
    url = reverse("crm:dossier", args=[dossier.pk])
    try:
        verb(dossier_id=dossier.pk, actor=request.actor, at=dates.now(), **more)
    except ForbiddenTransition:
        return conflict_response(request, dossier_conflict(), url)
    messages.success(request, done)
    return redirect(url)


def _decide(
    request: AgentRequest, dossier: Dossier, decision: Decision, *, template: str = "crm/dossiers/decision.html"
) -> HttpResponse:
    url = reverse("crm:dossier", args=[dossier.pk])
    form = decision.form
    if request.method != "POST" and not decision.move.allows(dossier):
        return conflict_response(request, dossier_conflict(), url)
    if request.method == "POST" and form.is_valid():
        try:
            decision.verb(dossier_id=dossier.pk, **form.cleaned_data, actor=request.actor, at=dates.now())
        except ForbiddenTransition:
            # What was typed stays on the page, to be copied or sent again.
            form.add_error(None, dossier_conflict())
        else:
            messages.success(request, decision.done)
            return redirect(url)
    return render_page(request, template, {"dossier": dossier, "decision": decision, "form": form})
