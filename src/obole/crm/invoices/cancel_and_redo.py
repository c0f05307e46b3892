"""« Annuler et refaire »: an avoir, then a draft of the same lines that is corrected and issued."""

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_POST

from obole.billing import operations as billing, pdf_documents, queries as invoices, states
from obole.billing.models import CreditNote, Invoice, InvoiceExplanation
from obole.billing.states import InvoiceState
from obole.catalogue import queries as catalogue
from obole.crm.invoices.priced_draft import draft_as_it_is, priced_draft
from obole.crm.shared.pages import conflict_response, file_answer, invoice_conflict, regies_acted_on, render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.lib.states import ForbiddenTransition
from obole.payments import operations as payments, queries


class CancelForm(forms.Form):
    """Why an invoice is cancelled: the payer reads it on the avoir."""

    code = forms.ChoiceField(
        label=gettext_lazy("Motif"),
        choices=CreditNote.Reason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choisissez un motif : l’usager le lit sur l’avoir.")},
    )
    comment = forms.CharField(
        label=gettext_lazy("Précision"),
        max_length=250,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("L’usager la lit aussi. Nécessaire pour « Autre motif »."),
    )


@for_agents(Right.REVIEW)
def invoice_cancel(request: AgentRequest, pk: int) -> HttpResponse:
    """Cancel an invoice with an avoir, and prepare the one that replaces it if asked to."""
    one = get_object_or_404(_handled(request), pk=pk)
    if not may_cancel(request, one) and request.method != "POST":
        return conflict_response(request, invoice_conflict(), reverse("crm:invoice", args=[pk]))
    form = CancelForm(request.POST or None)
    if form.is_valid() and not may_cancel(request, one):
        if "refaire" in request.POST and _being_redone(one):
            return redirect("crm:draft", pk=one.replacement.pk)
        form.add_error(None, invoice_conflict())
    elif form.is_valid() and _cancel(request, one, form):
        said = _("l’avoir est émis ; corrigez le brouillon, puis émettez-le.")
        return _redo(request, pk, said) if "refaire" in request.POST else _cancelled(request, pk)
    context = {"invoice": one, "form": form, "attempt": queries.open_attempt_of(one)}
    return render_page(request, "crm/invoices/invoice_cancel.html", context)


@for_agents(Right.REVIEW)
@require_POST
def invoice_redo(request: AgentRequest, pk: int) -> HttpResponse:
    """Prepare the invoice that replaces a cancelled one."""
    get_object_or_404(_handled(request), pk=pk, state=InvoiceState.CANCELLED)
    return _redo(request, pk, _("corrigez le brouillon, puis émettez-le."))


@for_agents(Right.READ)
def credit_note_pdf(request: AgentRequest, pk: int) -> HttpResponse:
    """Give the avoir that the payer has."""
    note = get_object_or_404(CreditNote, invoice__in=Invoice.objects.seen_by(request.agent).filter(pk=pk))
    paper = pdf_documents.ensure_credit_note_pdf(credit_note_id=note.pk, at=dates.now())
    return file_answer(pdf_documents.read_pdf(paper), name=f"avoir-{note.number}.pdf", content_type="application/pdf")


@for_agents(Right.REVIEW)
def draft(request: AgentRequest, pk: int) -> HttpResponse:
    """Correct the answers that make a draft's lines, or take them as they are, then issue it."""
    one = _draft(request, pk)
    if one.state != InvoiceState.DRAFT:
        return _already_issued(request, one)
    kept, scheme = InvoiceExplanation.objects.filter(invoice=one).first(), invoices.scheme_pricing(one)
    version = catalogue.current_pricing(scheme) if scheme and (kept is None or kept.part is None) else None
    try:
        if version is not None and (kept is not None or "reponses" in request.GET):
            return priced_draft(request, one, kept, version)
        return draft_as_it_is(request, one, kept, version)
    except (billing.NotADraft, ForbiddenTransition):
        return _already_issued(request, _draft(request, pk))
    except billing.NotBillable as refusal:
        messages.error(request, str(refusal))
        return redirect("crm:draft", pk=pk)


@for_agents(Right.REVIEW)
@require_POST
def draft_discard(request: AgentRequest, pk: int) -> HttpResponse:
    """Give up a draft; one that was issued meanwhile stays."""
    one = _draft(request, pk)
    old = one.replaces_id
    try:
        billing.discard_draft(invoice_id=pk, actor=request.actor, at=dates.now())
    except billing.NotADraft:
        return _already_issued(request, _draft(request, pk))
    messages.success(request, _("le brouillon est abandonné."))
    return redirect("crm:invoice", pk=old) if old else redirect("crm:invoices")


def may_cancel(request: AgentRequest, invoice: Invoice) -> bool:
    """Tell whether the agent may cancel it: one that received money only who answers for its régie."""
    if not Invoice.objects.handled_by(request.agent).filter(pk=invoice.pk).exists():
        return False
    if invoice.received_cents and invoice.regie_id not in regies_acted_on(request):
        return False
    return states.CANCEL.allows(invoice) or invoice.state == InvoiceState.PAID


def can_redo(request: AgentRequest, invoice: Invoice) -> bool:
    """Tell whether a cancelled invoice still has nothing that replaces it, and the agent may make it."""
    open_to_it = invoice.state == InvoiceState.CANCELLED and not hasattr(invoice, "replacement")
    return open_to_it and Invoice.objects.handled_by(request.agent).filter(pk=invoice.pk).exists()


def _handled(request: AgentRequest) -> QuerySet[Invoice]:
    return invoices.invoices_to_list(request.agent).filter(pk__in=Invoice.objects.handled_by(request.agent))


def _being_redone(invoice: Invoice) -> bool:
    """Tell whether the same form, sent twice, has already made the draft that it asks for."""
    return invoice.state == InvoiceState.CANCELLED and Invoice.objects.filter(replaces=invoice, state="draft").exists()


def _cancel(request: AgentRequest, invoice: Invoice, form: CancelForm) -> bool:
    """Cancel, or say in the form why not."""
    given = form.cleaned_data
    # Money may come between the look and the lock: only who answers for the régie frees it, billing's own cancelling
    # refuses it.
    cancel = payments.cancel_invoice if invoice.regie_id in regies_acted_on(request) else billing.cancel_invoice
    try:
        cancel(invoice_id=invoice.pk, code=given["code"], comment=given["comment"], actor=request.actor, at=dates.now())
    except billing.NotBillable as refusal:
        form.add_error("comment" if isinstance(refusal, billing.ReasonMissing) else None, str(refusal))
    except ForbiddenTransition:
        form.add_error(None, invoice_conflict())
    return form.is_valid()


def _cancelled(request: AgentRequest, pk: int) -> HttpResponse:
    messages.success(request, _("la facture est annulée par un avoir."))
    return redirect("crm:invoice", pk=pk)


def _redo(request: AgentRequest, pk: int, said: str) -> HttpResponse:
    one = billing.redo_invoice(invoice_id=pk, actor=request.actor, at=dates.now())
    if one.state != InvoiceState.DRAFT:
        return redirect("crm:invoice", pk=one.pk)
    messages.success(request, said)
    return redirect("crm:draft", pk=one.pk)


def _draft(request: AgentRequest, pk: int) -> Invoice:
    """Return a draft, or the invoice that it has become."""
    rows = Invoice.objects.handled_by(request.agent).select_related(
        "payer", "type", "regie", "replaces", "dossier__scheme", "dossier__form"
    )
    return get_object_or_404(rows, pk=pk)


def _already_issued(request: AgentRequest, invoice: Invoice) -> HttpResponse:
    said = _("Ce brouillon est déjà émis : c’est la facture %(number)s.") % {"number": invoice.number}
    return conflict_response(request, said, reverse("crm:invoice", args=[invoice.pk]))
