"""The counter: money taken for an invoice, its quittance, and what takes it back."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from obole.billing import queries as invoices
from obole.billing.models import Invoice
from obole.billing.states import InvoiceState
from obole.crm.forms_money import ReverseForm, TakeForm
from obole.crm.ledgers import told_entries
from obole.crm.pages import invoice_moved, moved_meanwhile, regies_seen, render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import days, money
from obole.payments import operations as payments
from obole.payments import queries
from obole.payments.models import Receipt, Reversal


@for_agents(Right.MONEY)
def take_money(request: AgentRequest, pk: int) -> HttpResponse:
    """Take money at the counter for an invoice, and give its quittance."""
    invoice = _due_here(request, pk)
    if request.method != "POST" and invoice.state != InvoiceState.DUE:
        return moved_meanwhile(request, invoice_moved(), reverse("crm:invoice", args=[pk]))
    form = TakeForm(request.POST or None, invoice=invoice)
    if form.is_valid():
        try:
            receipt = _take(request, invoice, form)
        except payments.NotTaken as refusal:
            form.refuse(refusal)
        else:
            link = reverse("crm:receipt_pdf", args=[receipt.pk])
            words = _("{amount} encaissés. Remettez la quittance {number} : {link}.")
            named = format_html('<a href="{}">{}</a>', link, _("l’ouvrir (PDF)"))
            said = format_html(words, amount=money.euros(receipt.cents), number=receipt.number, link=named)
            messages.success(request, said)
            return redirect("crm:invoice", pk=pk)
    return render_page(
        request, "crm/take.html", {"invoice": invoice, "form": form, "attempt": queries.open_attempt_of(invoice)}
    )


@for_agents(Right.MONEY)
def receipt(request: AgentRequest, pk: int) -> HttpResponse:
    """Show a receipt: what it counts for, its entries, and what can take it back."""
    one = _seen(request, pk)
    context = {
        "receipt": one, "free": queries.free_cents(one), "entries": told_entries(queries.entries_of_receipt(one)),
        "allocations": one.allocations.select_related("invoice").order_by("at", "id"), "kinds": payments.ways_back(one),
        "refunds": one.refunds.order_by("id"), "reversal": getattr(one, "reversal", None),
    }  # fmt: skip
    return render_page(request, "crm/receipt.html", context)


@for_agents(Right.MONEY)
def receipt_reverse(request: AgentRequest, pk: int) -> HttpResponse:
    """Take a receipt back, after a page that says what will happen."""
    one = _seen(request, pk)
    kinds = payments.ways_back(one)
    if not kinds:
        return moved_meanwhile(
            request, _("Cet encaissement ne peut pas être repris."), reverse("crm:receipt", args=[pk])
        )
    form = ReverseForm(request.POST or None, kinds=kinds)
    if form.is_valid():
        try:
            _reverse(request, pk, form)
        except payments.NotReversible:
            form.add_error(None, _("Un remboursement de cet encaissement est demandé ou fait : abandonnez-le d’abord."))
        else:
            messages.success(request, _("l’encaissement est repris, ce qu’il payait est de nouveau à payer."))
            return redirect("crm:receipt", pk=pk)
    context = {"receipt": one, "form": form, "kinds": kinds, "mistake": kinds == [Reversal.Kind.MISTAKE]}
    return render_page(request, "crm/receipt_reverse.html", context)


def _take(request: AgentRequest, invoice: Invoice, form: TakeForm) -> Receipt:
    given = form.cleaned_data
    handed = payments.Money(
        cents=given["cents"], means=Receipt.Means(given["means"]), payer_name=given["payer_name"], reference=given["reference"]
    )  # fmt: skip
    # A key belongs to its invoice: nobody can hand in another's.
    key = f"{invoice.pk}:{given['request_key']}"
    return payments.take_money(invoice_id=invoice.pk, money=handed, request_key=key, actor=request.actor, at=days.now())


def _reverse(request: AgentRequest, pk: int, form: ReverseForm) -> None:
    given = form.cleaned_data
    code = Reversal.Code(given["code"]) if given.get("code") else None
    payments.reverse_receipt(
        receipt_id=pk, kind=Reversal.Kind(given["kind"]), code=code, reason=given["reason"], actor=request.actor, at=days.now()
    )  # fmt: skip


def _due_here(request: AgentRequest, pk: int) -> Invoice:
    """Return an invoice of a régie that the agent answers for."""
    return get_object_or_404(invoices.to_list().filter(regie__in=regies_seen(request)), pk=pk)


def _seen(request: AgentRequest, pk: int) -> Receipt:
    one = queries.receipts_to_list(request.agent).filter(pk=pk).first()
    if one is None:
        raise Http404
    return one
