"""One invoice and everything that happened to it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from obole.billing import pdf_documents, queries as invoices
from obole.billing.models import Invoice
from obole.billing.states import InvoiceState
from obole.crm.invoices import notices
from obole.crm.invoices.around import list_around
from obole.crm.invoices.cancel_and_redo import can_redo, may_cancel
from obole.crm.money import anomaly_list
from obole.crm.money.attempts import AttemptTable
from obole.crm.shared import badges, receipt_places, timelines
from obole.crm.shared.ledger_entries import entry_rows
from obole.crm.shared.pages import file_answer, regies_acted_on, regies_seen, render_page
from obole.crm.shared.sidebar import sees_money
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.payments import display_status, pdf_documents as receipt_papers, queries, timeline
from obole.payments.models import Receipt
from obole.recovery import queries as recovery
from obole.reminders import queries as reminders

KNOWN_HERE = ("invoice", "payer", "regie")
"""What the page of an invoice says once, and not again beside each attempt."""


@for_agents(Right.READ)
def invoice(request: AgentRequest, pk: int) -> HttpResponse:
    """Show an invoice: its lines, its payments, its entries for who answers for its régie, its story."""
    one = _seen(request, pk)
    seen_regies = regies_seen(request)
    money, acts = one.regie_id in seen_regies, one.regie_id in regies_acted_on(request)
    shown, why = display_status.display(one, today=dates.day_of(dates.now())), invoices.explanation_of(one)
    tasks = anomaly_list.money_tasks(request.agent, one) if money else []
    context = {
        "invoice": one,
        "shown": shown,
        "pill": badges.invoice_badge(shown),
        "sees_money": sees_money(request.agent),
        "answers_for_regie": money,
        "explained": why,
        "lines": invoices.lines_of(one, why),
        "entries": entry_rows(queries.entries_of(one)) if money else [],
        "can_cancel": may_cancel(request, one),
        "can_take": acts and one.state == InvoiceState.DUE,
        **{name: getattr(one, name, None) for name in ("credit_note", "replacement")},
        "can_redo": can_redo(request, one),
        "money_tasks": tasks,
        **_unusual(request, shown, tasks, money=money),
        **_story(request, one, money=money),
        **list_around(request, one),
    }
    return render_page(request, "crm/invoices/invoice.html", context)


def _story(request: AgentRequest, one: Invoice, *, money: bool) -> dict[str, Any]:
    """Return what happened to an invoice, or the part of it that the address asks for."""
    part = request.GET.get("histoire", "")
    events = timelines.of_invoice(timeline.agent_timeline(one, with_bank=money), part=part)
    return {"events": events, "parts_of_story": timelines.parts_of_story(part)}


@for_agents(Right.READ)
def invoice_pdf(request: AgentRequest, pk: int) -> HttpResponse:
    """Give the document that the payer has."""
    one = _seen(request, pk)
    document = pdf_documents.ensure_invoice_pdf(invoice_id=one.pk, at=dates.now())
    return file_answer(
        pdf_documents.read_pdf(document), name=f"facture-{one.number}.pdf", content_type="application/pdf"
    )


@for_agents(Right.READ)
def receipt_pdf(request: AgentRequest, pk: int) -> HttpResponse:
    """Give the receipt that the payer has."""
    # Money that has no invoice yet is nobody's business but of who answers for its régie.
    unmatched = Q(attempt=None, regie__in=regies_seen(request))
    receipt = get_object_or_404(
        Receipt.objects.filter(Q(invoice__in=Invoice.objects.seen_by(request.agent)) | unmatched), pk=pk
    )
    paper = receipt_papers.ensure_receipt_pdf(receipt_id=receipt.pk, at=dates.now())
    content = receipt_papers.read_pdf(paper)
    kind = "quittance" if receipt.is_quittance else "recu"
    return file_answer(content, name=f"{kind}-{receipt.number}.pdf", content_type="application/pdf")


def _unusual(
    request: AgentRequest, shown: display_status.InvoiceDisplay, tasks: Sequence[anomaly_list.Task], *, money: bool
) -> dict[str, Any]:
    """Return the payments of an invoice, where the comptable and who contests it stand, and what is unusual."""
    one, at = shown.invoice, dates.now()
    attempts, receipts = list(queries.attempts_of(one)), list(queries.receipts_of(one))
    where = queries.whereabouts_of(receipts)
    facts = notices.InvoiceFacts(
        shown=shown,
        free_cents=sum(place.free_cents for place in where.values()),
        tasks=tasks,
        attempts=attempts,
        **_recovery_of(one, at=at),
        sees_money=money,
        handles=_handles(request, one),
        at=at,
    )
    return {
        "attempts": AttemptTable(attempts, exclude=KNOWN_HERE, orderable=False),
        "receipts": [(receipt, receipt_places.in_words(where[receipt.pk], money=money)) for receipt in receipts],
        **{name: getattr(facts, name) for name in ("handover", "dispute", "agreement")},
        "can_act": facts.handles and one.state == InvoiceState.DUE,
        "can_remind": facts.handles and _may_be_reminded(one, today=dates.day_of(facts.at)),
        "notices": notices.notices_of(facts),
    }


def _recovery_of(one: Invoice, *, at: datetime) -> dict[str, Any]:
    """Return where an invoice stands with the comptable, with who contests it, and how it is paid in several times."""
    return {
        "handover": recovery.handover_of(one),
        "dispute": recovery.open_dispute_of(one),
        "agreement": recovery.agreement_of(one, dates.day_of(at)),
    }


def _may_be_reminded(one: Invoice, *, today: date) -> bool:
    # Nothing more is asked about the many that are not late.
    return one.is_late(today) and not reminders.refusals([one.pk], today=today)


def _handles(request: AgentRequest, one: Invoice) -> bool:
    return request.agent.may(Right.REVIEW) and Invoice.objects.handled_by(request.agent).filter(pk=one.pk).exists()


def _seen(request: AgentRequest, pk: int) -> Invoice:
    rows = invoices.invoices_to_list(request.agent).select_related(
        "dossier__scheme", "credit_note", "replacement", "replaces"
    )
    return get_object_or_404(display_status.with_progress(rows), pk=pk)
