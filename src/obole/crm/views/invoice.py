"""One invoice and everything that happened to it."""

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from obole.billing import papers
from obole.billing import queries as invoices
from obole.billing.models import Invoice
from obole.billing.states import InvoiceState
from obole.crm import looks, stories, waiting
from obole.crm.ledgers import told_entries
from obole.crm.pages import file_answer, regies_seen, render_page
from obole.crm.rail import sees_money
from obole.crm.tables import AttemptTable
from obole.crm.views.redo import can_redo, may_cancel
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import days
from obole.payments import history, queries, standing
from obole.payments import papers as receipt_papers
from obole.payments.models import Receipt

KNOWN_HERE = ("invoice", "payer", "regie")
"""What the page of an invoice says once, and not again beside each attempt."""


@for_agents(Right.REVIEW)
def invoice(request: AgentRequest, pk: int) -> HttpResponse:
    """Show an invoice: its lines, its payments, its entries for who answers for its régie, its story."""
    one = _seen(pk)
    seen_regies = regies_seen(request)
    money = one.regie_id in seen_regies
    shown, why = standing.show(one, today=days.day_of(days.now())), invoices.explained(one)
    context = {
        "invoice": one, "shown": shown, "pill": looks.invoice_pill(shown), "sees_money": sees_money(request.agent),
        "answers_for_regie": money, "explained": why, "lines": invoices.lines_of(one, why),
        "entries": told_entries(queries.entries_of(one)) if money else [],
        "attempts": AttemptTable(list(queries.attempts_of(one)), seen=seen_regies, exclude=KNOWN_HERE, orderable=False),
        "receipts": queries.receipts_of(one), "can_cancel": may_cancel(request, one),
        "can_take": money and one.state == InvoiceState.DUE, "credit_note": getattr(one, "credit_note", None),
        "replacement": getattr(one, "replacement", None), "can_redo": can_redo(one),
        "money_tasks": waiting.money_tasks(request.agent, one) if money else [],
        "events": stories.of_invoice(history.for_agents(one, with_bank=money)),
    }  # fmt: skip
    return render_page(request, "crm/invoice.html", context)


@for_agents(Right.REVIEW)
def invoice_pdf(request: AgentRequest, pk: int) -> HttpResponse:
    """Give the document that the payer has."""
    one = _seen(pk)
    document = papers.ensure_document(invoice_id=one.pk, at=days.now())
    return file_answer(papers.content_of(document), name=f"facture-{one.number}.pdf", content_type="application/pdf")


@for_agents(Right.REVIEW)
def receipt_pdf(request: AgentRequest, pk: int) -> HttpResponse:
    """Give the receipt that the payer has."""
    # Money that has no invoice yet is nobody's business but of who answers for its régie.
    unmatched = Q(attempt=None, regie__in=regies_seen(request))
    receipt = get_object_or_404(Receipt.objects.filter(Q(invoice__isnull=False) | unmatched), pk=pk)
    paper = receipt_papers.ensure_paper(receipt_id=receipt.pk, at=days.now())
    content = receipt_papers.content_of(paper)
    kind = "quittance" if receipt.is_quittance else "recu"
    return file_answer(content, name=f"{kind}-{receipt.number}.pdf", content_type="application/pdf")


def _seen(pk: int) -> Invoice:
    rows = invoices.to_list().select_related("dossier__scheme", "credit_note", "replacement", "replaces")
    return get_object_or_404(standing.with_progress(rows), pk=pk)
