"""A draft whose amount a pricing makes: other answers, then it is issued."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from obole.billing import operations as billing, rules
from obole.billing.models import Invoice, InvoiceExplanation
from obole.billing.rules import periods
from obole.catalogue import queries as catalogue
from obole.catalogue.forms.pricing_questions import initial_answers
from obole.catalogue.models import PricingVersion
from obole.crm.invoices import answers_in_force, priced_panel
from obole.crm.invoices.priced_forms import IssueForm, PricedDraftForm
from obole.crm.shared.pages import render_page
from obole.directory.access import AgentRequest
from obole.lib import dates
from obole.pricing.model.parts import Pricing
from obole.pricing.model.problems import Refused


def priced_draft(
    request: AgentRequest, invoice: Invoice, kept: InvoiceExplanation | None, version: PricingVersion
) -> HttpResponse:
    """Ask the questions again, price the answers by the pricing in force, and issue what was shown."""
    form = _form(request, invoice, kept, version)
    looks = {"recalculer", answers_in_force.BUTTON} & set(request.POST)
    if form.is_valid() and not looks and form.require():
        try:
            return _save(request, invoice, form)
        except Refused as refusal:
            form.tell(refusal.problems)
        except billing.PricingChanged as refusal:
            form.add_error(None, str(refusal))
    besides = sum(each.result.total_cents for each in rules.parse_carry_overs(kept.carried if kept else []))
    context = {
        "invoice": invoice,
        "form": form,
        "pricing_version": version,
        "carried_cents": besides,
        "otherwise": answers_in_force.others_than(form, invoice.dossier, version),
        **priced_panel.find_result(form, version),
    }
    context["shown_cents"] = context["priced"].total_cents + besides
    return render_page(request, "crm/invoices/priced_draft.html", context)


def _form(
    request: AgentRequest, invoice: Invoice, kept: InvoiceExplanation | None, version: PricingVersion
) -> PricedDraftForm:
    pricing = catalogue.compiled_pricing_of(version).pricing
    if request.method != "POST":
        return PricedDraftForm(initial=_begun(invoice, kept, pricing), pricings=[pricing])
    form = PricedDraftForm.sent(request.POST, pricings=[pricing])
    if answers_in_force.BUTTON not in request.POST or invoice.dossier is None:
        return form
    data = answers_in_force.taken(request.POST, form, invoice.dossier, version)
    return PricedDraftForm.sent(data, pricings=[pricing])


def draft_as_it_is(
    request: AgentRequest, invoice: Invoice, kept: InvoiceExplanation | None, version: PricingVersion | None
) -> HttpResponse:
    """
    Issue a draft as it is: a part of a price, or lines that no pricing made. These may be priced anew by ``version``.
    """
    form = IssueForm(request.POST or None)
    if form.is_valid() and "emettre" in request.POST:
        issued = billing.issue_invoice(
            invoice_id=invoice.pk, shown_cents=form.shown_cents, actor=request.actor, at=dates.now()
        )
        messages.success(request, _("la facture %(number)s est émise.") % {"number": issued.number})
        return redirect("crm:invoice", pk=invoice.pk)
    context = {
        "invoice": invoice,
        "form": form,
        "lines": invoice.lines.order_by("position"),
        "kept": kept,
        "version": version,
    }
    return render_page(request, "crm/invoices/draft.html", context)


def _begun(invoice: Invoice, kept: InvoiceExplanation | None, pricing: Pricing) -> dict[str, Any]:
    if kept is not None:
        on = date.fromisoformat(kept.result["on"])
        days = periods.days_of(invoice.period)
        asked = {"on": on, "other_day": days is not None and on not in days}
        return {"period": invoice.period, **asked, **initial_answers(pricing, kept.answers)}
    days, dossier = periods.days_of(invoice.period), invoice.dossier
    on = days.last if days else dates.day_of(dates.now())
    answers = answers_in_force.engine_answers(pricing, dossier, on) if dossier else {}
    return {"period": invoice.period, **initial_answers(pricing, answers)}


def _save(request: AgentRequest, invoice: Invoice, form: PricedDraftForm) -> HttpResponse:
    given, at = form.cleaned_data, dates.now()
    since = answers_in_force.days_of(form, invoice.dossier)
    weeks = answers_in_force.weeks_of(form, invoice.dossier)
    answered = billing.PricingAnswers(
        version_id=given["version"], answers=form.answers, on=form.day, since=since, weeks=weeks
    )
    saved = billing.correct_draft(
        invoice_id=invoice.pk, answered=answered, period=given["period"], actor=request.actor, at=at
    )
    if "emettre" not in request.POST:
        messages.success(request, _("le brouillon est enregistré."))
        return redirect("crm:draft", pk=invoice.pk)
    if saved.total_cents != given["shown"]:
        messages.warning(request, _("Le montant n’est plus celui qui était affiché : vérifiez-le, puis émettez."))
        return redirect("crm:draft", pk=invoice.pk)
    issued = billing.issue_invoice(invoice_id=invoice.pk, shown_cents=saved.total_cents, actor=request.actor, at=at)
    messages.success(request, _("la facture %(number)s est émise.") % {"number": issued.number})
    return redirect("crm:invoice", pk=invoice.pk)
