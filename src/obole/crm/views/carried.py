"""What was carried over to a payer's next invoice: why, where it stands, and giving it up."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from obole.billing import operations as billing
from obole.billing.models import Carried
from obole.catalogue.rules import parse_result, wording
from obole.crm.forms_parts import WhyForm
from obole.crm.pages import render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import days


@for_agents(Right.REVIEW)
def carried(request: AgentRequest, pk: int) -> HttpResponse:
    """Show what waits, and give it up with a reason."""
    one = get_object_or_404(Carried.objects.select_related("dossier", "type", "payer", "invoice"), pk=pk)
    form = WhyForm(request.POST or None)
    if form.is_valid():
        try:
            billing.give_up_carried(
                carried_id=pk, reason=form.cleaned_data["reason"], actor=request.actor, at=days.now()
            )
        except billing.NotBillable as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("le report est abandonné."))
            return redirect("crm:carried", pk=pk)
    back = f"{reverse('crm:dossier', args=[one.dossier_id])}?panneau=factures"
    context = {"carried": one, "form": form, "back": back, "why": wording.explain(parse_result(one.result))}
    return render_page(request, "crm/carried.html", context)
