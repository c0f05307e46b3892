"""« Reporter l’échéance » of one invoice."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy

from obole.billing import operations as billing
from obole.billing.models import Invoice
from obole.billing.states import InvoiceState
from obole.crm.shared.pages import conflict_response, invoice_conflict, render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.ui.forms import DayInput


class DueDateForm(forms.Form):
    """Until when an invoice may be paid, and why that changes."""

    due_date = forms.DateField(
        label=gettext_lazy("Nouvelle échéance"),
        widget=DayInput,
        error_messages={"required": gettext_lazy("Choisissez le dernier jour pour payer.")},
    )
    comment = forms.CharField(
        label=gettext_lazy("Motif"),
        max_length=200,
        help_text=gettext_lazy("Pour vos collègues : l’usager ne le lit pas."),
        error_messages={"required": gettext_lazy("Écrivez le motif, par exemple « accord au guichet ».")},
    )


@for_agents(Right.REVIEW)
def invoice_due_date(request: AgentRequest, pk: int) -> HttpResponse:
    """Give an invoice another last day to pay."""
    rows = Invoice.objects.handled_by(request.agent).exclude(state=InvoiceState.DRAFT).select_related("payer")
    one, url = get_object_or_404(rows, pk=pk), reverse("crm:invoice", args=[pk])
    if one.state != InvoiceState.DUE:
        return conflict_response(request, invoice_conflict(), url)
    form = DueDateForm(request.POST or None)
    if form.is_valid() and _change(request, pk, form):
        messages.success(request, _("l’échéance est reportée."))
        return redirect(url)
    return render_page(request, "crm/invoices/invoice_due_date.html", {"invoice": one, "form": form})


def _change(request: AgentRequest, pk: int, form: DueDateForm) -> bool:
    """Change the day, or say in the form why not."""
    given: dict[str, Any] = form.cleaned_data
    try:
        billing.change_due_date(
            invoice_id=pk, due_date=given["due_date"], reason=given["comment"], actor=request.actor, at=dates.now()
        )
    except billing.NotBillable as refusal:
        form.add_error("due_date" if isinstance(refusal, billing.BadDays) else None, str(refusal))
    return form.is_valid()
