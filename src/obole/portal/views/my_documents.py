"""« Mes documents »: what the citizen paid in each year, attested, and their account between two days."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from obole.billing.models import Invoice
from obole.directory.access import CitizenRequest, for_citizens
from obole.lib import dates
from obole.lib.pdf import DocumentNotRendered
from obole.limits import operations as limits
from obole.limits.rules import OWN_DOCUMENTS
from obole.payments import pdf_documents, wording
from obole.payments.queries import accounts, years
from obole.payments.queries.accounts import Movement
from obole.portal import responses
from obole.portal.responses import redirect_to
from obole.ui.days import DaysForm

FIRST_YEAR, LAST_YEAR = 2000, 2100
KINDS = {"paiement": False, "fiscale": True}
"""By the end of its address: whether an attestation is for the tax credit."""


@for_citizens
@require_safe
def documents(request: CitizenRequest) -> HttpResponse:
    """List the years in which something was paid, with what is attested of each."""
    found = years.years_paid(Invoice.objects.of_payer(request.citizen))
    return render(request, "portal/documents.html", {"years": found, "this_year": dates.day_of(dates.now()).year})


@for_citizens
@require_safe
def attestation(request: CitizenRequest, year: int, kind: str) -> HttpResponse:
    """
    Hand over what was paid in a year, attested.

    :raises Http404: if nothing was, or if there is no such document.
    """
    if kind not in KINDS or not FIRST_YEAR <= year <= LAST_YEAR:
        raise Http404
    limits.use(OWN_DOCUMENTS, request.citizen.pk, at=dates.now())
    mine = Invoice.objects.of_payer(request.citizen)
    try:
        content = pdf_documents.render_year(request.citizen, mine, year, childcare=KINDS[kind], at=dates.now())
    except pdf_documents.NothingPaid:
        return _nothing_attested(request, mine_paid=year in {one.year for one in years.years_paid(mine)})
    except DocumentNotRendered:
        return _not_made(request)
    name = f"attestation-{kind}-{year}.pdf"
    return responses.file_response(content, name=name, content_type="application/pdf", inline=True)


@for_citizens
@require_safe
def account(request: CitizenRequest) -> HttpResponse:
    """Show the account between two days, each movement with what is owed after it."""
    form = DaysForm(request.GET, today=dates.day_of(dates.now()))
    context: dict[str, Any] = {"form": form, "account": None}
    if form.is_valid():
        found = accounts.account_of(Invoice.objects.of_payer(request.citizen), *form.days)
        lines = [(one, wording.movement_title(one), _page_of(one), balance) for one, balance in found.lines]
        context |= {"account": found, "lines": lines}
    return render(request, "portal/account_statement.html", context)


@for_citizens
@require_safe
def account_pdf(request: CitizenRequest) -> HttpResponse:
    """Hand over the account as a document; days that cannot be are told on the page."""
    form = DaysForm(request.GET, today=dates.day_of(dates.now()))
    if not form.is_valid():
        return responses.SeeOtherResponse(f"{reverse('portal:account_statement')}?{request.GET.urlencode()}")
    limits.use(OWN_DOCUMENTS, request.citizen.pk, at=dates.now())
    mine = Invoice.objects.of_payer(request.citizen)
    try:
        content = pdf_documents.render_payer_account(request.citizen, mine, form.days, at=dates.now())
    except DocumentNotRendered:
        return _not_made(request)
    first, last = form.days
    name = f"releve-{first.isoformat()}-{last.isoformat()}.pdf"
    return responses.file_response(content, name=name, content_type="application/pdf", inline=True)


def _page_of(movement: Movement) -> str:
    return reverse("portal:invoice", args=[movement.invoice.public_id]) if movement.invoice else ""


def _nothing_attested(request: CitizenRequest, *, mine_paid: bool) -> HttpResponse:
    """
    Say that nothing of a year is for childcare.

    :raises Http404: if nothing was paid in it at all.
    """
    if not mine_paid:
        raise Http404
    messages.info(
        request, _("Rien de ce que vous avez payé cette année-là n’est pour la garde d’enfants de moins de six ans.")
    )
    return redirect_to("portal:documents")


def _not_made(request: CitizenRequest) -> HttpResponse:
    messages.error(request, _("Le document ne peut pas être produit pour le moment : réessayez plus tard."))
    return redirect_to("portal:documents")
