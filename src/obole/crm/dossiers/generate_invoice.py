"""« Générer la facture »: from a dossier to an invoice that is in the payer's account."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from obole.billing import operations as billing, queries as invoices
from obole.billing.models import Invoice
from obole.catalogue import queries as catalogue
from obole.catalogue.models import PricingVersion
from obole.crm.dossiers.dossier_detail import dossier_to_handle, panel_page
from obole.crm.invoices import answers_in_force, priced_panel, schedules
from obole.crm.invoices.priced_forms import BillForm
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.dossiers.models import Dossier
from obole.lib import dates, money
from obole.mailing import queries as mailing
from obole.pricing.model.problems import Refused


@for_agents(Right.REVIEW)
@require_POST
def generate_invoice(request: AgentRequest, pk: int) -> HttpResponse:
    """Make the invoice, or show what it would come to, or what is to be corrected."""
    dossier = dossier_to_handle(request, pk)
    version = catalogue.current_pricing(dossier.scheme)
    if version is None or not invoices.types_for(dossier).exists():
        return panel_page(request, dossier, "factures")
    form = priced_panel.sent_form(request, dossier, version)
    wanted = form.is_valid() and not {"recalculer", "presences", answers_in_force.BUTTON} & set(request.POST)
    if wanted and form.require() and (_carries(request) or schedules.require(form, version)):
        try:
            return _carry(request, dossier, form) if _carries(request) else _bill(request, dossier, form, version)
        except Refused as refusal:
            form.tell(refusal.problems)
        except billing.BadDays as refusal:
            schedules.refuse(form, refusal)
        except billing.AlreadyBilled:
            said = _("C’est déjà facturé : cochez pour facturer une fois de plus, ou changez la période.")
            form.add_error("again", said)
        except billing.NotBillable as refusal:
            form.add_error(None, str(refusal))
    return panel_page(request, dossier, "factures", **priced_panel.panel_context(form, dossier, version))


def _carries(request: AgentRequest) -> bool:
    """Tell whether the agent carries the price over, instead of invoicing it."""
    return "reporter" in request.POST


def _bill(request: AgentRequest, dossier: Dossier, form: BillForm, version: PricingVersion) -> HttpResponse:
    later = schedules.later_days(form, version)
    return _done(request, billing.generate_invoice(later=later, **_given(request, dossier, form)))


def _carry(request: AgentRequest, dossier: Dossier, form: BillForm) -> HttpResponse:
    carried = billing.carry_price(**_given(request, dossier, form))
    said = _("%(amount)s sont reportés sur la prochaine facture de l’usager.") % {"amount": money.euros(carried.cents)}
    messages.success(request, said)
    return redirect(f"{reverse('crm:dossier', args=[dossier.pk])}?panneau=factures")


def _given(request: AgentRequest, dossier: Dossier, form: BillForm) -> dict[str, Any]:
    given = form.cleaned_data
    answered = billing.PricingAnswers(
        version_id=given["version"],
        answers=form.answers,
        on=form.day,
        since=answers_in_force.days_of(form, dossier),
        weeks=answers_in_force.weeks_of(form, dossier),
    )
    return {
        "dossier_id": dossier.pk,
        "type_id": given["type"].pk,
        "answered": answered,
        "period": given["period"],
        "confirmed": billing.Confirmed(cents=form.shown_cents, beside=given["beside"] or 0, again=given["again"]),
        "request_key": f"{dossier.pk}:{given['request_key']}",
        "actor": request.actor,
        "at": dates.now(),
    }


def _done(request: AgentRequest, invoice: Invoice) -> HttpResponse:
    link = '<a href="{}">{}</a>'
    number = format_html(link, reverse("crm:invoice", args=[invoice.pk]), invoice.number)
    to_pdf = reverse("crm:invoice_pdf", args=[invoice.pk])
    if mailing.is_usable(invoice.payer.email):
        said = _("la facture {number} est émise et déposée dans le compte de l’usager ; {pdf}.")
        pdf = format_html(link, to_pdf, _("ouvrir son PDF"))
    elif invoice.payer.address:
        said = _(
            "la facture {number} est émise. Aucun courriel n’arrive : elle attend dans « Courriers à poster » ; {pdf}."
        )
        pdf = format_html(link, to_pdf, _("l’imprimer (PDF)"))
    else:
        said = _(
            "la facture {number} est émise. Aucun courriel ne part, faute d’adresse : remettez-la sur papier, {pdf}."
        )
        pdf = format_html(link, to_pdf, _("l’imprimer (PDF)"))
    messages.success(request, format_html(said, number=number, pdf=pdf))
    return redirect(f"{reverse('crm:dossier', args=[invoice.dossier_id])}?panneau=factures")
