"""The citizen's invoices: the list in two parts, one of them, and their papers."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from obole.billing import papers, queries
from obole.billing.models import CreditNote, Document, Invoice
from obole.directory.access import CitizenRequest, for_citizens
from obole.lib import days
from obole.lib.pdf import DocumentNotRendered
from obole.payments import papers as receipt_papers
from obole.payments import queries as payments
from obole.payments import standing
from obole.portal import answers, baskets, outages, paying, summing, telling
from obole.portal.answers import see

PER_PAGE = 20


@for_citizens
@require_safe
def invoices(request: CitizenRequest) -> HttpResponse:
    """List what is to be paid, what was paid and what has ended, and draw the year."""
    now, citizen = days.now(), request.citizen
    today = days.day_of(now)
    waiting = standing.show_all(queries.waiting(citizen), today=today)
    settled = queries.settled(citizen).prefetch_related(payments.what_counts())
    context = {
        "sums": summing.up(waiting),
        "waiting": waiting,
        "together": baskets.offered(waiting),
        "outages": outages.among([bill.invoice for bill in waiting], at=now),
        "settled": Paginator(settled, PER_PAGE).get_page(request.GET.get("page")),
        "ended": standing.show_all(queries.ended(citizen), today=today),
        "plot": summing.last_months(citizen, today=today),
    }
    return render(request, "portal/invoices.html", context)


@for_citizens
@require_safe
def invoice(request: CitizenRequest, public_id: str) -> HttpResponse:
    """Show an invoice: what is left to pay, how, its lines, its papers and what happened."""
    invoice, now = find(request, public_id), days.now()
    shown = standing.show(invoice, today=days.day_of(now))
    attempt = paying.waiting_attempt(invoice)
    why = queries.explained(invoice)
    down = outages.among([invoice] if shown.can_be_paid else [], at=now)
    context = {
        "invoice": invoice,
        "shown": shown,
        "outages": down,
        "obstacle": telling.why_not_online(invoice, down) if shown.can_be_paid else "",
        "gateway_name": paying.gateway_name(invoice),
        "attempt": attempt,
        "may_reopen": paying.may_reopen(attempt, at=now),
        "misplaced_cents": paying.misplaced_cents(invoice),
        "explained": why,
        "lines": queries.lines_of(invoice, why),
        "document": Document.objects.filter(invoice=invoice).first(),
        "receipts": payments.receipts_of(invoice),
        "credit_note": getattr(invoice, "credit_note", None),
        "replacement": queries.replacement_of(invoice),
        "events": telling.story_of_invoice(invoice),
    }
    return render(request, "portal/invoice.html", context)


@for_citizens
@require_safe
def invoice_pdf(request: CitizenRequest, public_id: str) -> HttpResponse:
    """Hand over the document of an invoice."""
    invoice = find(request, public_id)
    try:
        document = papers.ensure_document(invoice_id=invoice.pk, at=days.now())
    except DocumentNotRendered:
        messages.error(request, _("Le document ne peut pas être produit pour le moment : réessayez plus tard."))
        return see("portal:invoice", invoice.public_id)
    name = f"facture-{invoice.number}.pdf"
    return answers.file(papers.content_of(document), name=name, content_type="application/pdf", inline=True)


@for_citizens
@require_safe
def receipt_pdf(request: CitizenRequest, public_id: str, receipt_public_id: str) -> HttpResponse:
    """Hand over the receipt of a payment."""
    invoice = find(request, public_id)
    receipt = get_object_or_404(payments.receipts_of(invoice), invoice__isnull=False, public_id=receipt_public_id)
    try:
        paper = receipt_papers.ensure_paper(receipt_id=receipt.pk, at=days.now())
    except DocumentNotRendered:
        messages.error(request, _("Le reçu ne peut pas être produit pour le moment : réessayez plus tard."))
        return see("portal:invoice", invoice.public_id)
    name = f"recu-{receipt.number}.pdf"
    return answers.file(receipt_papers.content_of(paper), name=name, content_type="application/pdf", inline=True)


@for_citizens
@require_safe
def credit_note_pdf(request: CitizenRequest, public_id: str) -> HttpResponse:
    """Hand over the avoir that cancelled an invoice."""
    note = get_object_or_404(CreditNote, invoice=find(request, public_id))
    try:
        paper = papers.ensure_credit_note(credit_note_id=note.pk, at=days.now())
    except DocumentNotRendered:
        messages.error(request, _("L’avoir ne peut pas être produit pour le moment : réessayez plus tard."))
        return see("portal:invoice", public_id)
    return answers.file(
        papers.content_of(paper), name=f"avoir-{note.number}.pdf", content_type="application/pdf", inline=True
    )


def find(request: CitizenRequest, public_id: str) -> Invoice:
    """Return one of the citizen's invoices; drafts are nobody's."""
    mine = Invoice.objects.of_payer(request.citizen).select_related("type", "regie", "dossier", "credit_note")
    return get_object_or_404(mine, public_id=public_id)
