"""One caution: received, given back, kept in part or whole, or asked for no more."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy

from obole.billing import operations as billing, queries, security_deposit_states as states
from obole.billing.models import InvoiceType, SecurityDeposit
from obole.crm.invoices.instalments import GiveUpReasonForm
from obole.crm.shared import badges, timelines
from obole.crm.shared.forms import TypeField
from obole.crm.shared.pages import regies_acted_on, render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.dossiers.models import Dossier
from obole.lib import dates, money
from obole.lib.states import ForbiddenTransition
from obole.regies.models import Regie
from obole.ui.forms import EurosField


class ReceiveForm(forms.Form):
    """How a caution was handed over."""

    means = forms.ChoiceField(
        label=gettext_lazy("Moyen"),
        choices=SecurityDeposit.Means.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choisissez comment la caution a été remise.")},
    )
    reference = forms.CharField(
        label=gettext_lazy("Référence"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("Numéro du chèque, du virement ou du reçu remis."),
    )


class TypeForm(forms.Form):
    """Which type of invoice what was kept is billed with."""

    type = TypeField(
        label=gettext_lazy("Type de facture"),
        queryset=InvoiceType.objects.none(),
        empty_label=None,
        error_messages={
            "invalid_choice": gettext_lazy(
                "Ce type de facture ne s’applique pas à ce dispositif : choisissez-en un autre."
            )
        },
    )

    def __init__(self, *args: Any, types: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["type"].queryset = types  # type: ignore[attr-defined]


class KeepForm(TypeForm):
    """What is kept of a caution, and why: the payer reads it on the invoice."""

    cents = EurosField(label=gettext_lazy("Montant retenu"), minimum=1)
    reason = forms.CharField(
        label=gettext_lazy("Motif"),
        max_length=200,
        help_text=gettext_lazy("L’usager le lit sur la facture."),
        error_messages={"required": gettext_lazy("Écrivez le motif : sans lui, l’usager ne comprendrait pas.")},
    )
    field_order = ("cents", "reason", "type")

    def __init__(self, *args: Any, caution: SecurityDeposit, **options: Any) -> None:
        super().__init__(*args, **options)
        field: EurosField = self.fields["cents"]  # type: ignore[assignment]  # declared above
        field.maximum = caution.cents
        field.help_text = _("Au plus %(most)s ; le reste est rendu.") % {"most": money.euros(caution.cents)}


@for_agents(Right.REVIEW)
def security_deposit(request: AgentRequest, pk: int) -> HttpResponse:
    """Show a caution, and do what the agent decides: only who answers for its régie holds it and gives it back."""
    one = get_object_or_404(
        may_be_opened(request).select_related("dossier__scheme", "regie", "payer", "invoice"), pk=pk
    )
    action = request.POST.get("action", "")
    forms = _forms(request, one, action)
    chosen = forms.get(action)
    if chosen is not None and chosen.is_valid():
        answer = _done(request, one, action, chosen)
        if answer is not None:
            return answer
    context = {
        "caution": one,
        "pill": badges.deposit_badge(one),
        "forms": forms,
        "form": chosen,
        "holds": one.regie_id in regies_acted_on(request),
        "back": f"{reverse('crm:dossier', args=[one.dossier_id])}?panneau=factures",
        "events": timelines.of_caution(one),
        "stale": bool(action) and chosen is None,
    }
    return render_page(request, "crm/invoices/security_deposit.html", context)


def may_be_opened(request: AgentRequest) -> QuerySet[SecurityDeposit]:
    """Return the cautions of the dossiers that the agent handles, and of the régies that they answer for."""
    handled = Q(dossier__in=Dossier.objects.handled_by(request.agent))
    return SecurityDeposit.objects.filter(handled | Q(regie__in=Regie.objects.acted_on_by(request.agent)))


def _forms(request: AgentRequest, deposit: SecurityDeposit, action: str) -> dict[str, Form]:
    """Return the forms of what this agent may do now, by action; the one that was sent holds what was typed."""
    types, holds = queries.types_for(deposit.dossier), deposit.regie_id in regies_acted_on(request)
    made: dict[str, Callable[[Any], Form]] = {}
    if states.DROP.allows(deposit):
        made["drop"] = GiveUpReasonForm
    if holds and states.RECEIVE.allows(deposit):
        made["receive"] = ReceiveForm
    if holds and states.KEEP.allows(deposit):
        made |= {"give_back": Form, "keep": lambda data: KeepForm(data, types=types, caution=deposit)}
    if deposit.state == states.S.KEPT and deposit.invoice_id is None:
        made["bill"] = lambda data: TypeForm(data, types=types)
    return {name: make(request.POST if name == action else None) for name, make in made.items()}


def _done(request: AgentRequest, deposit: SecurityDeposit, action: str, form: Form) -> HttpResponse | None:
    """Do it, or say in the form why not."""
    try:
        return _ACTIONS[action](request, deposit, form)
    except billing.ReasonMissing as refusal:
        form.add_error("reason", str(refusal))
    except billing.NotBillable as refusal:
        form.add_error(None, str(refusal))
    except ForbiddenTransition:
        form.add_error(None, _("Cette caution a changé entre-temps : rien n’a été enregistré."))
    return None


def _receive(request: AgentRequest, deposit: SecurityDeposit, form: Form) -> HttpResponse:
    given = form.cleaned_data
    billing.receive_security_deposit(
        caution_id=deposit.pk, means=given["means"], reference=given["reference"], actor=request.actor, at=dates.now()
    )
    return _said(request, deposit, _("la caution est reçue : elle n’entre pas dans les comptes."))


def _give_back(request: AgentRequest, deposit: SecurityDeposit, _form: Form) -> HttpResponse:
    billing.return_security_deposit(caution_id=deposit.pk, actor=request.actor, at=dates.now())
    return _said(request, deposit, _("la caution est restituée."))


def _keep(request: AgentRequest, deposit: SecurityDeposit, form: Form) -> HttpResponse:
    given = form.cleaned_data
    draft = billing.keep_security_deposit(
        caution_id=deposit.pk,
        cents=given["cents"],
        reason=given["reason"],
        type_id=given["type"].pk,
        actor=request.actor,
        at=dates.now(),
    )
    messages.success(request, _("la caution est retenue ; vérifiez le brouillon, puis émettez-le."))
    return redirect("crm:draft", pk=draft.pk)


def _bill(request: AgentRequest, deposit: SecurityDeposit, form: Form) -> HttpResponse:
    type_id = form.cleaned_data["type"].pk
    draft = billing.bill_kept_security_deposit(
        caution_id=deposit.pk, type_id=type_id, actor=request.actor, at=dates.now()
    )
    return redirect("crm:draft", pk=draft.pk)


def _drop(request: AgentRequest, deposit: SecurityDeposit, form: Form) -> HttpResponse:
    billing.cancel_security_deposit(
        caution_id=deposit.pk, reason=form.cleaned_data["reason"], actor=request.actor, at=dates.now()
    )
    return _said(request, deposit, _("la caution n’est plus demandée."))


_ACTIONS: dict[str, Callable[[AgentRequest, SecurityDeposit, Form], HttpResponse]] = {
    "receive": _receive,
    "give_back": _give_back,
    "keep": _keep,
    "bill": _bill,
    "drop": _drop,
}


def _said(request: AgentRequest, deposit: SecurityDeposit, sentence: str) -> HttpResponse:
    messages.success(request, sentence)
    return redirect("crm:caution", pk=deposit.pk)
