"""« Annuler et refaire »: an avoir, then a draft of the same lines that is corrected and issued."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from obole.billing import operations as billing
from obole.billing import papers, states
from obole.billing import queries as invoices
from obole.billing.models import CreditNote, Invoice, InvoiceExplanation
from obole.billing.states import InvoiceState
from obole.crm.forms_money import CancelForm, DraftForm
from obole.crm.pages import file_answer, invoice_moved, moved_meanwhile, regies_seen, render_page
from obole.crm.views.priced_draft import part_draft, priced_draft
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import days
from obole.lib.states import ForbiddenMove
from obole.payments import operations as payments
from obole.payments import queries


@for_agents(Right.REVIEW)
def invoice_cancel(request: AgentRequest, pk: int) -> HttpResponse:
    """Cancel an invoice with an avoir, and prepare the one that replaces it if asked to."""
    one = get_object_or_404(invoices.to_list(), pk=pk)
    if not may_cancel(request, one) and request.method != "POST":
        return moved_meanwhile(request, invoice_moved(), reverse("crm:invoice", args=[pk]))
    form = CancelForm(request.POST or None)
    if form.is_valid() and not may_cancel(request, one):
        if "refaire" in request.POST and _being_redone(one):
            return redirect("crm:draft", pk=one.replacement.pk)
        form.add_error(None, invoice_moved())
    elif form.is_valid() and _cancel(request, one, form):
        said = _("l’avoir est émis ; corrigez le brouillon, puis émettez-le.")
        return _redo(request, pk, said) if "refaire" in request.POST else _cancelled(request, pk)
    context = {"invoice": one, "form": form, "attempt": queries.open_attempt_of(one)}
    return render_page(request, "crm/invoice_cancel.html", context)


@for_agents(Right.REVIEW)
@require_POST
def invoice_redo(request: AgentRequest, pk: int) -> HttpResponse:
    """Prepare the invoice that replaces a cancelled one."""
    get_object_or_404(invoices.to_list(), pk=pk, state=InvoiceState.CANCELLED)
    return _redo(request, pk, _("corrigez le brouillon, puis émettez-le."))


@for_agents(Right.REVIEW)
def credit_note_pdf(request: AgentRequest, pk: int) -> HttpResponse:
    """Give the avoir that the payer has."""
    note = get_object_or_404(CreditNote, invoice=pk)
    paper = papers.ensure_credit_note(credit_note_id=note.pk, at=days.now())
    return file_answer(papers.content_of(paper), name=f"avoir-{note.number}.pdf", content_type="application/pdf")


@for_agents(Right.REVIEW)
def draft(request: AgentRequest, pk: int) -> HttpResponse:
    """Correct a draft's quantities, or the answers that made them, then issue it."""
    one = _draft(pk)
    if one.state != InvoiceState.DRAFT:
        return _already_issued(request, one)
    kept = InvoiceExplanation.objects.filter(invoice=one).select_related("version__scheme").first()
    if kept is not None:
        return _corrected(request, one, kept)
    form = DraftForm(request.POST or None, lines=list(one.lines.order_by("position")), period=one.period)
    if form.is_valid():
        try:
            return _save(request, one, form)
        except (billing.NotADraft, ForbiddenMove):
            return _already_issued(request, _draft(pk))
        except billing.NotBillable as refusal:
            form.add_error(None, str(refusal))
    return render_page(request, "crm/draft.html", {"invoice": one, "form": form})


@for_agents(Right.REVIEW)
@require_POST
def draft_discard(request: AgentRequest, pk: int) -> HttpResponse:
    """Give up a draft; one that was issued meanwhile stays."""
    one = _draft(pk)
    old = one.replaces_id
    try:
        billing.discard_draft(invoice_id=pk, actor=request.actor, at=days.now())
    except billing.NotADraft:
        return _already_issued(request, _draft(pk))
    messages.success(request, _("le brouillon est abandonné."))
    return redirect("crm:invoice", pk=old) if old else redirect("crm:invoices")


def may_cancel(request: AgentRequest, invoice: Invoice) -> bool:
    """Tell whether the agent may cancel it: one that received money only who answers for its régie."""
    if invoice.received_cents and invoice.regie_id not in regies_seen(request):
        return False
    return states.CANCEL.allows(invoice) or invoice.state == InvoiceState.PAID


def can_redo(invoice: Invoice) -> bool:
    """Tell whether a cancelled invoice still has nothing that replaces it."""
    return invoice.state == InvoiceState.CANCELLED and not hasattr(invoice, "replacement")


def _being_redone(invoice: Invoice) -> bool:
    """Tell whether the same form, sent twice, has already made the draft that it asks for."""
    return invoice.state == InvoiceState.CANCELLED and Invoice.objects.filter(replaces=invoice, state="draft").exists()


def _cancel(request: AgentRequest, invoice: Invoice, form: CancelForm) -> bool:
    """Cancel, or say in the form why not."""
    given = form.cleaned_data
    # Money may come between the look and the lock: only who answers for the régie frees it, billing's own cancelling refuses it.
    cancel = payments.cancel_invoice if invoice.regie_id in regies_seen(request) else billing.cancel_invoice
    try:
        cancel(
            invoice_id=invoice.pk, code=given["code"], comment=given["comment"], actor=request.actor, at=days.now()
        )  # fmt: skip
    except billing.NotBillable as refusal:
        form.add_error("comment" if isinstance(refusal, billing.ReasonMissing) else None, str(refusal))
    except ForbiddenMove:
        form.add_error(None, invoice_moved())
    return form.is_valid()


def _cancelled(request: AgentRequest, pk: int) -> HttpResponse:
    messages.success(request, _("la facture est annulée par un avoir."))
    return redirect("crm:invoice", pk=pk)


def _redo(request: AgentRequest, pk: int, said: str) -> HttpResponse:
    one = billing.redo_invoice(invoice_id=pk, actor=request.actor, at=days.now())
    if one.state != InvoiceState.DRAFT:
        return redirect("crm:invoice", pk=one.pk)
    messages.success(request, said)
    return redirect("crm:draft", pk=one.pk)


def _corrected(request: AgentRequest, one: Invoice, kept: InvoiceExplanation) -> HttpResponse:
    try:
        return priced_draft(request, one, kept) if kept.part is None else part_draft(request, one)
    except (billing.NotADraft, ForbiddenMove):
        return _already_issued(request, _draft(one.pk))
    except billing.NotBillable as refusal:
        messages.error(request, str(refusal))
        return redirect("crm:draft", pk=one.pk)


def _save(request: AgentRequest, one: Invoice, form: DraftForm) -> HttpResponse:
    at = days.now()
    period = form.cleaned_data["period"]
    billing.correct_draft(invoice_id=one.pk, quantities=form.quantities, period=period, actor=request.actor, at=at)
    if "emettre" not in request.POST:
        messages.success(request, _("le brouillon est enregistré."))
        return redirect("crm:draft", pk=one.pk)
    issued = billing.issue_invoice(invoice_id=one.pk, actor=request.actor, at=at)
    messages.success(request, _("la facture %(number)s est émise.") % {"number": issued.number})
    return redirect("crm:invoice", pk=one.pk)


def _draft(pk: int) -> Invoice:
    """Return a draft, or the invoice that it has become."""
    return get_object_or_404(Invoice.objects.select_related("payer", "type", "regie", "replaces"), pk=pk)


def _already_issued(request: AgentRequest, one: Invoice) -> HttpResponse:
    said = _("Ce brouillon est déjà émis : c’est la facture %(number)s.") % {"number": one.number}
    return moved_meanwhile(request, said, reverse("crm:invoice", args=[one.pk]))
