"""A draft whose amount a pricing makes: other answers, then it is issued."""

from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from obole.billing import operations as billing
from obole.billing import rules
from obole.billing.models import Invoice, InvoiceExplanation
from obole.catalogue import queries as catalogue
from obole.catalogue.forms.answering import start
from obole.catalogue.rules import Refused
from obole.crm import priced
from obole.crm.pages import render_page
from obole.crm.pricing_forms import PricedDraftForm
from obole.directory.access import AgentRequest
from obole.lib import days


def priced_draft(request: AgentRequest, one: Invoice, kept: InvoiceExplanation) -> HttpResponse:
    """Ask the questions again, price the answers by the pricing in force, and issue what was shown."""
    # A pricing that was published is never taken away: there is one in force.
    version = catalogue.current_pricing(kept.version.scheme) or kept.version
    pricing = catalogue.compiled(version).pricing
    if request.method == "POST":
        form = PricedDraftForm.sent(request.POST, pricings=[pricing])
    else:
        form = PricedDraftForm(initial=_begun(one, kept, start(pricing, kept.answers)), pricings=[pricing])
    if form.is_valid() and "recalculer" not in request.POST and form.require():
        try:
            return _save(request, one, form)
        except Refused as refusal:
            form.tell(refusal.problems)
        except billing.PricingChanged as refusal:
            form.add_error(None, str(refusal))
    besides = sum(each.result.total_cents for each in rules.read_carried(kept.carried))
    context = {
        "invoice": one, "form": form, "pricing_version": version, "carried_cents": besides, **priced.found(form, version)
    }  # fmt: skip
    context["shown_cents"] = context["priced"].total_cents + besides
    return render_page(request, "crm/priced_draft.html", context)


def part_draft(request: AgentRequest, one: Invoice) -> HttpResponse:
    """Issue the draft of a part of a price as it is: it is not priced again alone."""
    form = Form(request.POST or None)
    if form.is_valid() and "emettre" in request.POST:
        issued = billing.issue_invoice(invoice_id=one.pk, actor=request.actor, at=days.now())
        messages.success(request, _("la facture %(number)s est émise.") % {"number": issued.number})
        return redirect("crm:invoice", pk=one.pk)
    lines = one.lines.order_by("position")
    return render_page(request, "crm/part_draft.html", {"invoice": one, "form": form, "lines": lines})


def _begun(one: Invoice, kept: InvoiceExplanation, answers: dict[str, Any]) -> dict[str, Any]:
    return {"period": one.period, "on": kept.result["on"], **answers}


def _save(request: AgentRequest, one: Invoice, form: PricedDraftForm) -> HttpResponse:
    given, at = form.cleaned_data, days.now()
    answered = billing.Answered(version_id=given["version"], answers=form.answers, on=given["on"])
    saved = billing.correct_priced_draft(
        invoice_id=one.pk, answered=answered, period=given["period"], actor=request.actor, at=at
    )
    if "emettre" not in request.POST:
        messages.success(request, _("le brouillon est enregistré."))
        return redirect("crm:draft", pk=one.pk)
    if saved.total_cents != given["shown"]:
        messages.warning(request, _("Le montant n’est plus celui qui était affiché : vérifiez-le, puis émettez."))
        return redirect("crm:draft", pk=one.pk)
    issued = billing.issue_invoice(invoice_id=one.pk, actor=request.actor, at=at)
    messages.success(request, _("la facture %(number)s est émise.") % {"number": issued.number})
    return redirect("crm:invoice", pk=one.pk)
