"""What a payer contests: written by who handles the invoice, then answered."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy

from obole.billing.models import Invoice
from obole.billing.states import InvoiceState
from obole.crm.shared.pages import conflict_response, invoice_conflict, render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.recovery import operations as recovery, queries
from obole.recovery.models import Dispute


class DisputeForm(forms.Form):
    """What the payer says."""

    said = forms.CharField(
        label=gettext_lazy("Ce que dit le payeur"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": gettext_lazy("Écrivez ce que le payeur conteste.")},
    )


class AnswerForm(forms.Form):
    """What was answered."""

    said = forms.CharField(
        label=gettext_lazy("Suite donnée"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={
            "required": gettext_lazy("Écrivez ce qui a été répondu, par exemple « absence non prévenue ».")
        },
    )


class ReplyForm(forms.Form):
    """What is answered to a payer who reported an error themselves."""

    said = forms.CharField(
        label=gettext_lazy("Votre réponse au payeur"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Il la lit par courriel et dans son espace."),
        error_messages={"required": gettext_lazy("Écrivez ce que vous répondez au payeur.")},
    )


@for_agents(Right.REVIEW)
def dispute(request: AgentRequest, pk: int) -> HttpResponse:
    """Write that an invoice is contested, or what was answered."""
    one = get_object_or_404(Invoice.objects.handled_by(request.agent).exclude(state=InvoiceState.DRAFT), pk=pk)
    known = queries.open_dispute_of(one)
    if known is None and one.state != InvoiceState.DUE:
        return conflict_response(request, invoice_conflict(), reverse("crm:invoice", args=[pk]))
    form = _form_for(known)(request.POST or None)
    if form.is_valid():
        return _write(request, one, known, form.cleaned_data["said"])
    past = Dispute.objects.filter(invoice=one, closed_at__isnull=False).order_by("-closed_at", "-id")
    context = {"invoice": one, "dispute": known, "form": form, "past": past}
    return render_page(request, "crm/bookkeeping/dispute.html", context)


def _form_for(known: Dispute | None) -> type[forms.Form]:
    if known is None:
        return DisputeForm
    return ReplyForm if known.by_payer else AnswerForm


def _write(request: AgentRequest, one: Invoice, known: Dispute | None, said: str) -> HttpResponse:
    who: dict[str, Any] = {"actor": request.actor, "at": dates.now()}
    try:
        if known is not None:
            recovery.close_dispute(dispute_id=known.pk, answer=said, **who)
            messages.success(request, _("la réponse est notée : relances et transmission reprennent leur cours."))
        else:
            recovery.open_dispute(invoice_id=one.pk, reason=said, **who)
            messages.success(request, _("la contestation est notée : ni relance ni transmission d’ici la réponse."))
    except recovery.AlreadyDisputed:
        return conflict_response(request, invoice_conflict(), reverse("crm:dispute", args=[one.pk]))
    return redirect("crm:invoice", pk=one.pk)
