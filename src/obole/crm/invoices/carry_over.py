"""What was carried over to a payer's next invoice: why, where it stands, and giving it up."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from obole.billing import operations as billing
from obole.billing.models import CarryOver
from obole.crm.invoices.instalments import GiveUpReasonForm
from obole.crm.shared.pages import render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.dossiers.models import Dossier
from obole.lib import dates
from obole.pricing import wording
from obole.pricing.text.codec import parse_result


@for_agents(Right.REVIEW)
def carry_over(request: AgentRequest, pk: int) -> HttpResponse:
    """Show what waits, and give it up with a reason."""
    one = get_object_or_404(
        CarryOver.objects.filter(dossier__in=Dossier.objects.handled_by(request.agent)).select_related(
            "dossier", "type", "payer", "invoice"
        ),
        pk=pk,
    )
    form = GiveUpReasonForm(request.POST or None)
    if form.is_valid():
        try:
            billing.give_up_carry_over(
                carried_id=pk, reason=form.cleaned_data["reason"], actor=request.actor, at=dates.now()
            )
        except billing.NotBillable as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("le report est abandonné."))
            return redirect("crm:carried", pk=pk)
    back = f"{reverse('crm:dossier', args=[one.dossier_id])}?panneau=factures"
    context = {"carried": one, "form": form, "back": back, "why": wording.explain(parse_result(one.result))}
    return render_page(request, "crm/invoices/carry_over.html", context)
