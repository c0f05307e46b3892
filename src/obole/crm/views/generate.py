"""« Générer la facture »: from a dossier to an invoice that is in the payer's account."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from obole.billing import operations as billing
from obole.billing.models import Invoice
from obole.catalogue.models import PricingVersion
from obole.catalogue.rules import Refused
from obole.crm import invoicing, priced, schedules
from obole.crm.forms import GenerateForm
from obole.crm.pricing_forms import BillForm
from obole.crm.views.dossier import panel_page, seen
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.dossiers.models import Dossier
from obole.dossiers.rules import BadQuantity
from obole.lib import days, money


@for_agents(Right.REVIEW)
@require_POST
def generate_invoice(request: AgentRequest, pk: int) -> HttpResponse:
    """Make the invoice, or show what it would come to, or what is to be corrected."""
    dossier = seen(pk)
    version = priced.version_for(dossier, request.POST.get("type", ""))
    if version is not None:
        return _generate_priced(request, dossier, version)
    form = invoicing.typed(request, dossier)
    if form.is_valid() and not invoicing.recalculates(request.POST):
        try:
            invoice = _generate(request, dossier, form)
        except billing.NotBillable as refusal:
            form.add_error(None, str(refusal))
        except BadQuantity as wrong:
            form.add_error(f"q_{wrong.product.pk}", _("Cette quantité n’est pas possible pour ce produit."))
        else:
            return _done(request, invoice)
    return panel_page(request, dossier, "factures", **invoicing.shown_again(form, dossier))


def _generate_priced(request: AgentRequest, dossier: Dossier, version: PricingVersion) -> HttpResponse:
    form = priced.typed(request, dossier, version)
    wanted = form.is_valid() and not invoicing.recalculates(request.POST)
    if wanted and form.require() and (_carries(request) or schedules.require(form, version)):
        try:
            return _carry(request, dossier, form) if _carries(request) else _bill(request, dossier, form, version)
        except Refused as refusal:
            form.tell(refusal.problems)
        except billing.BadDays as refusal:
            schedules.refuse(form, refusal)
        except billing.NotBillable as refusal:
            form.add_error(None, str(refusal))
    return panel_page(request, dossier, "factures", **priced.shown(form, dossier, version))


def _carries(request: AgentRequest) -> bool:
    """Tell whether the agent carries the price over, instead of invoicing it."""
    return "reporter" in request.POST


def _bill(request: AgentRequest, dossier: Dossier, form: BillForm, version: PricingVersion) -> HttpResponse:
    later = schedules.later(form, version)
    return _done(request, billing.generate_priced_invoice(later=later, **_given(request, dossier, form)))


def _carry(request: AgentRequest, dossier: Dossier, form: BillForm) -> HttpResponse:
    carried = billing.carry_price(**_given(request, dossier, form))
    said = _("%(amount)s sont reportés sur la prochaine facture de l’usager.") % {"amount": money.euros(carried.cents)}
    messages.success(request, said)
    return redirect(f"{reverse('crm:dossier', args=[dossier.pk])}?panneau=factures")


def _given(request: AgentRequest, dossier: Dossier, form: BillForm) -> dict[str, Any]:
    given = form.cleaned_data
    answered = billing.Answered(version_id=given["version"], answers=form.answers, on=given["on"])
    return {
        "dossier_id": dossier.pk, "type_id": given["type"].pk, "answered": answered, "period": given["period"],
        "request_key": f"{dossier.pk}:{given['request_key']}", "actor": request.actor, "at": days.now(),
    }  # fmt: skip


def _generate(request: AgentRequest, dossier: Dossier, form: GenerateForm) -> Invoice:
    given = form.cleaned_data
    return billing.generate_invoice(
        dossier_id=dossier.pk, type_id=given["type"].pk, quantities=form.quantities, period=given["period"],
        # A key belongs to its dossier: nobody can hand in another dossier's.
        request_key=f"{dossier.pk}:{given['request_key']}", actor=request.actor, at=days.now(),
    )  # fmt: skip


def _done(request: AgentRequest, invoice: Invoice) -> HttpResponse:
    messages.success(
        request,
        _("la facture %(number)s est émise et déposée dans le compte de l’usager.") % {"number": invoice.number},
    )
    return redirect(f"{reverse('crm:dossier', args=[invoice.dossier_id])}?panneau=factures")
