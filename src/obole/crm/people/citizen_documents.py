"""
What an agent hands to somebody who paid: a year attested, an account between two days.

Only of the invoices that the agent sees. Who does not see all of a town never knows whether there are others: their
documents name the types that they are about, whether there are or not.
"""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from obole.audit_log.models import Access
from obole.billing.models import Invoice, InvoiceQuerySet
from obole.crm.shared import journal, scopes
from obole.crm.shared.pages import file_answer, render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.models import Citizen
from obole.directory.rules import Right
from obole.lib import dates
from obole.lib.pdf import DocumentNotRendered
from obole.limits import operations as limits
from obole.limits.rules import EXPORTS
from obole.payments import pdf_documents, wording
from obole.payments.queries import accounts, years
from obole.payments.queries.accounts import Movement
from obole.ui.days import DaysForm

FIRST_YEAR, LAST_YEAR = 2000, 2100
KINDS = {"paiement": False, "fiscale": True}
"""By the end of its address: whether an attestation is for the tax credit."""


@for_agents(Right.READ)
def citizen_documents(request: AgentRequest, pk: int) -> HttpResponse:
    """Show what can be attested to a payer, year by year, and their account between two days."""
    payer, invoices = _seen(request, pk)
    form = DaysForm(request.GET, today=dates.day_of(dates.now()))
    context = {
        "citizen": payer,
        "years": years.years_paid(invoices),
        "form": form,
        "account": None,
        "partial": not request.agent.all_services,
    }
    if form.is_valid():
        found = accounts.account_of(invoices, *form.days)
        lines = [(one, wording.movement_title(one), _page_of(one), balance) for one, balance in found.lines]
        context |= {"account": found, "lines": lines}
    return render_page(request, "crm/people/citizen_documents.html", context)


@for_agents(Right.READ)
def citizen_attestation(request: AgentRequest, pk: int, year: int, kind: str) -> HttpResponse:
    """
    Give what a payer paid in a year, attested, and keep that it was made.

    :raises Http404: if there is no such document.
    """
    if kind not in KINDS or not FIRST_YEAR <= year <= LAST_YEAR:
        raise Http404
    payer, invoices = _seen(request, pk)
    limits.use(EXPORTS, request.agent.pk, at=dates.now())
    options = {"childcare": KINDS[kind], "partial": not request.agent.all_services}
    try:
        content = pdf_documents.render_year(payer, invoices, year, at=dates.now(), **options)
    except pdf_documents.NothingPaid:
        messages.info(request, _("rien de payé cette année-là n’est à attester ainsi."))
        return redirect("crm:citizen_documents", pk=pk)
    except DocumentNotRendered:
        return _not_made(request, pk)
    journal.keep(request, Access.Verb.EXPORT, payer, what="attestation", year=year, kind=kind)
    return file_answer(content, name=f"attestation-{kind}-{year}-{pk}.pdf", content_type="application/pdf")


@for_agents(Right.READ)
def citizen_account_pdf(request: AgentRequest, pk: int) -> HttpResponse:
    """Give the account of a payer between two days; days that cannot be are told on the page."""
    payer, invoices = _seen(request, pk)
    form = DaysForm(request.GET, today=dates.day_of(dates.now()))
    if not form.is_valid():
        return redirect(f"{reverse('crm:citizen_documents', args=[pk])}?{request.GET.urlencode()}")
    limits.use(EXPORTS, request.agent.pk, at=dates.now())
    try:
        content = pdf_documents.render_payer_account(
            payer, invoices, form.days, partial=not request.agent.all_services, at=dates.now()
        )
    except DocumentNotRendered:
        return _not_made(request, pk)
    journal.keep(request, Access.Verb.EXPORT, payer, what="account")
    return file_answer(content, name=f"releve-{pk}-{form.days[1].isoformat()}.pdf", content_type="application/pdf")


def _seen(request: AgentRequest, pk: int) -> tuple[Citizen, InvoiceQuerySet]:
    """Return somebody whom the agent knows, and those of their invoices that the agent sees."""
    payer = get_object_or_404(scopes.citizens_seen_by(request.agent, Citizen.objects.all()), pk=pk)
    return payer, Invoice.objects.of_payer(payer).seen_by(request.agent)


def _page_of(movement: Movement) -> str:
    return reverse("crm:invoice", args=[movement.invoice.pk]) if movement.invoice else ""


def _not_made(request: AgentRequest, pk: int) -> HttpResponse:
    messages.error(request, _("Le document ne peut pas être produit pour le moment : réessayez plus tard."))
    return redirect("crm:citizen_documents", pk=pk)
