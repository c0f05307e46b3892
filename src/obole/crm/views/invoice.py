"""One invoice and everything that happened to it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from obole.billing import operations as billing
from obole.billing import papers, states
from obole.billing import queries as invoices
from obole.billing.models import Invoice
from obole.crm import looks, stories, waiting
from obole.crm.forms import ReasonForm
from obole.crm.ledgers import told_entries
from obole.crm.pages import file_answer, invoice_moved, moved_meanwhile, regies_seen, render_page
from obole.crm.rail import sees_money
from obole.crm.tables import AttemptTable
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import days
from obole.lib.states import ForbiddenMove
from obole.payments import history, queries, standing
from obole.payments import operations as payments
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
    shown = standing.show(one, today=days.day_of(days.now()))
    context = {
        "invoice": one, "shown": shown, "pill": looks.invoice_pill(shown), "sees_money": sees_money(request.agent),
        "answers_for_regie": money, "lines": one.lines.order_by("position"),
        "entries": told_entries(queries.entries_of(one)) if money else [],
        "attempts": AttemptTable(list(queries.attempts_of(one)), seen=seen_regies, exclude=KNOWN_HERE, orderable=False),
        "receipts": queries.receipts_of(one), "can_cancel": states.CANCEL.allows(one) and not one.received_cents,
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
    receipt = get_object_or_404(Receipt, pk=pk, invoice__isnull=False)
    paper = receipt_papers.ensure_paper(receipt_id=receipt.pk, at=days.now())
    content = receipt_papers.content_of(paper)
    return file_answer(content, name=f"recu-{receipt.number}.pdf", content_type="application/pdf")


@for_agents(Right.REVIEW)
def invoice_cancel(request: AgentRequest, pk: int) -> HttpResponse:
    """Cancel what is still due, after a page that says what will happen."""
    one = _seen(pk)
    form = ReasonForm(request.POST or None, label=_("Motif de l’annulation"), hint=_("L’usager le lit."), longest=300)
    url = reverse("crm:invoice", args=[pk])
    if request.method != "POST" and not states.CANCEL.allows(one):
        return moved_meanwhile(request, invoice_moved(), url)
    if request.method == "POST" and form.is_valid():
        try:
            payments.cancel_invoice(
                invoice_id=pk, code="other", comment=form.cleaned_data["reason"], actor=request.actor, at=days.now()
            )
        except ForbiddenMove:
            form.add_error(None, invoice_moved())
        except billing.NotBillable as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("la facture est annulée."))
            return redirect(url)
    context = {"invoice": one, "form": form, "attempt": queries.open_attempt_of(one)}
    return render_page(request, "crm/invoice_cancel.html", context)


def _seen(pk: int) -> Invoice:
    rows = invoices.to_list().select_related("dossier__scheme")
    return get_object_or_404(standing.with_progress(rows), pk=pk)
