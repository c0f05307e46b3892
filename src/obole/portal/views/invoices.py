"""The citizen's invoices: the list in two parts, one of them, and their papers."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from obole.billing import pdf_documents, queries
from obole.billing.models import CreditNote, Invoice, InvoicePdf
from obole.directory import queries as directory
from obole.directory.access import CitizenRequest, for_citizens
from obole.lib import dates
from obole.lib.pdf import DocumentNotRendered
from obole.payments import display_status, pdf_documents as receipt_papers, queries as payments
from obole.portal import baskets, outages, payment_flow, responses, status_labels, totals
from obole.portal.responses import redirect_to
from obole.recovery import queries as recovery

PER_PAGE = 20


@for_citizens
@require_safe
def invoices(request: CitizenRequest) -> HttpResponse:
    """List what is to be paid, what was paid and what has ended, and draw the year."""
    now, citizen = dates.now(), request.citizen
    today = dates.day_of(now)
    waiting = display_status.display_all(queries.unpaid_invoices(citizen), today=today)
    settled = queries.paid_invoices(citizen).prefetch_related(payments.counted_by_invoice())
    context = {
        "sums": totals.sum_invoices(waiting),
        "waiting": waiting,
        "agreements": recovery.agreements_of([bill.invoice for bill in waiting], today),
        "together": baskets.baskets_of(waiting),
        "outages": outages.outages_of([bill.invoice for bill in waiting], at=now),
        "settled": Paginator(settled, PER_PAGE).get_page(request.GET.get("page")),
        "ended": display_status.display_ended(queries.closed_invoices(citizen), today=today),
        "plot": totals.last_months(citizen, today=today),
    }
    return render(request, "portal/invoices.html", context)


@for_citizens
@require_safe
def invoice(request: CitizenRequest, public_id: str) -> HttpResponse:
    """Show an invoice: what is left to pay, how, its lines, its papers and what happened."""
    invoice, now = find(request, public_id), dates.now()
    shown = display_status.display(invoice, today=dates.day_of(now))
    attempt, why = payment_flow.waiting_attempt(invoice), queries.explanation_of(invoice)
    down = outages.outages_of([invoice] if shown.can_be_paid else [], at=now)
    context = {
        "invoice": invoice,
        "shown": shown,
        "outages": down,
        "obstacle": status_labels.why_not_online(invoice, down) if shown.can_be_paid else "",
        "gateway_name": payment_flow.gateway_name(invoice),
        "attempt": attempt,
        "may_reopen": payment_flow.may_reopen(attempt, at=now),
        "waiting_cents": payments.waiting_cents(invoice) if shown.money_waits else 0,
        "explained": why,
        "lines": queries.lines_of(invoice, why),
        "document": InvoicePdf.objects.filter(invoice=invoice).first(),
        "receipts": payments.receipts_of(invoice),
        **_what_replaced(invoice),
        "handover": recovery.handover_of(invoice),
        **_recovery_of(invoice),
        "treasury": directory.the_authority(),
        "events": status_labels.invoice_timeline(invoice),
    }
    return render(request, "portal/invoice.html", context)


def _recovery_of(invoice: Invoice) -> dict[str, Any]:
    """Return what was agreed with the payer, what they reported last, and whether anybody contests the invoice."""
    disputes = list(recovery.disputes_of(invoice))
    return {
        "standing": recovery.agreement_of(invoice, dates.day_of(dates.now())),
        "report": next((dispute for dispute in disputes if dispute.by_payer), None),
        "disputed": any(dispute.closed_at is None for dispute in disputes),
    }


def _what_replaced(invoice: Invoice) -> dict[str, Any]:
    """Return the avoir of an invoice that was cancelled, and the invoice that took its place."""
    return {"credit_note": getattr(invoice, "credit_note", None), "replacement": queries.replacement_of(invoice)}


@for_citizens
@require_safe
def invoice_pdf(request: CitizenRequest, public_id: str) -> HttpResponse:
    """Hand over the document of an invoice."""
    invoice = find(request, public_id)
    try:
        document = pdf_documents.ensure_invoice_pdf(invoice_id=invoice.pk, at=dates.now())
    except DocumentNotRendered:
        messages.error(request, _("Le document ne peut pas être produit pour le moment : réessayez plus tard."))
        return redirect_to("portal:invoice", invoice.public_id)
    name = f"facture-{invoice.number}.pdf"
    return responses.file_response(
        pdf_documents.read_pdf(document), name=name, content_type="application/pdf", inline=True
    )


@for_citizens
@require_safe
def receipt_pdf(request: CitizenRequest, public_id: str, receipt_public_id: str) -> HttpResponse:
    """Hand over the receipt of a payment."""
    invoice = find(request, public_id)
    receipt = get_object_or_404(payments.receipts_of(invoice), invoice__isnull=False, public_id=receipt_public_id)
    try:
        paper = receipt_papers.ensure_receipt_pdf(receipt_id=receipt.pk, at=dates.now())
    except DocumentNotRendered:
        messages.error(request, _("Le reçu ne peut pas être produit pour le moment : réessayez plus tard."))
        return redirect_to("portal:invoice", invoice.public_id)
    name = f"recu-{receipt.number}.pdf"
    return responses.file_response(
        receipt_papers.read_pdf(paper), name=name, content_type="application/pdf", inline=True
    )


@for_citizens
@require_safe
def credit_note_pdf(request: CitizenRequest, public_id: str) -> HttpResponse:
    """Hand over the avoir that cancelled an invoice."""
    note = get_object_or_404(CreditNote, invoice=find(request, public_id))
    try:
        paper = pdf_documents.ensure_credit_note_pdf(credit_note_id=note.pk, at=dates.now())
    except DocumentNotRendered:
        messages.error(request, _("L’avoir ne peut pas être produit pour le moment : réessayez plus tard."))
        return redirect_to("portal:invoice", public_id)
    return responses.file_response(
        pdf_documents.read_pdf(paper), name=f"avoir-{note.number}.pdf", content_type="application/pdf", inline=True
    )


def find(request: CitizenRequest, public_id: str) -> Invoice:
    """Return one of the citizen's invoices; drafts are nobody's."""
    mine = Invoice.objects.of_payer(request.citizen).select_related("type", "regie__act", "dossier", "credit_note")
    return get_object_or_404(mine, public_id=public_id)
