"""The counter: money taken for an invoice, its quittance, and what takes it back."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy

from obole.bank_statements import queries as bank_statements
from obole.billing import queries as invoices
from obole.billing.models import Invoice
from obole.billing.states import InvoiceState
from obole.cash_desk import operations as cash_desk, queries as drawers
from obole.crm.money.counter_forms import TakeForm, taken
from obole.crm.shared.cash_refusals import cash_not_there, no_open_drawer
from obole.crm.shared.ledger_entries import entry_rows
from obole.crm.shared.pages import conflict_response, invoice_conflict, regies_acted_on, render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.payments import operations as payments, queries
from obole.payments.models import Receipt, Reversal

KEPT = (payments.NotReversible, payments.AccountTooLow, cash_desk.NoOpenSession, cash_desk.NotEnoughCash)
"""Why a receipt is not taken back."""


class ReverseForm(forms.Form):
    """
    Why a receipt is taken back; a rejected direct debit has a coded reason, and words for what the codes do not say.
    """

    kind = forms.ChoiceField(
        label=gettext_lazy("Ce qui s’est passé"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choisissez ce qui s’est passé : les suites ne sont pas les mêmes.")},
    )
    code = forms.ChoiceField(
        label=gettext_lazy("Motif de la banque"),
        choices=Reversal.Code.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choisissez le motif que donne la banque : l’usager le lit.")},
    )
    reason = forms.CharField(
        label=gettext_lazy("Motif"),
        max_length=200,
        error_messages={"required": gettext_lazy("Écrivez le motif : l’usager le lit.")},
    )

    def __init__(self, *args: Any, kinds: list[Reversal.Kind], **options: Any) -> None:
        if len(kinds) == 1:
            options.setdefault("initial", {"kind": kinds[0]})
        super().__init__(*args, **options)
        self.fields["kind"].choices = [(kind.value, kind.label) for kind in kinds]  # type: ignore[attr-defined]
        if len(kinds) == 1:
            self.fields["kind"].widget = forms.HiddenInput()
        said = self.fields["reason"]
        if Reversal.Kind.REJECTED in kinds:
            said.label, said.required = _("Précision"), False
            said.help_text = _("L’usager la lit aussi. Nécessaire pour « Autre motif ».")
            return
        del self.fields["code"]
        said.help_text = _("L’usager le lit, par exemple « saisi sur la mauvaise facture ».")
        if Reversal.Kind.BOUNCED in kinds:
            said.help_text = _(
                "L’usager le lit, par exemple « chèque sans provision » ou « saisi sur la mauvaise facture »."
            )

    def clean(self) -> dict[str, Any]:
        """
        Ask « Autre motif » for a sentence.

        :raises ValidationError: at the field.
        """
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("code") == Reversal.Code.OTHER and not cleaned.get("reason"):
            raise ValidationError({"reason": _("Écrivez le motif que donne la banque : l’usager le lit.")})
        return cleaned


@for_agents(Right.MONEY)
def take_money(request: AgentRequest, pk: int) -> HttpResponse:
    """Take money at the counter for an invoice, and give its quittance."""
    invoice = _due_here(request, pk)
    if request.method != "POST" and invoice.state != InvoiceState.DUE:
        return conflict_response(request, invoice_conflict(), reverse("crm:invoice", args=[pk]))
    form = TakeForm(request.POST or None, invoice=invoice)
    if form.is_valid():
        try:
            receipt = _take(request, invoice, form)
        except payments.MoneyNotTaken as refusal:
            form.refuse(refusal)
        except cash_desk.NoOpenSession:
            form.add_error("means", no_open_drawer())
        else:
            messages.success(request, taken(receipt, change_cents=form.change_cents))
            return redirect("crm:invoice", pk=pk)
    return render_page(
        request,
        "crm/money/counter.html",
        {
            "invoice": invoice,
            "form": form,
            "attempt": queries.open_attempt_of(invoice),
            "must_open": drawers.must_open(request.agent, invoice.regie_id),
        },
    )


@for_agents(Right.MONEY)
def receipt(request: AgentRequest, pk: int) -> HttpResponse:
    """Show a receipt: what it counts for, its entries, and what can take it back."""
    one = _seen(request, pk)
    context = {
        "receipt": one,
        "free": queries.free_cents(one),
        "entries": entry_rows(queries.entries_of_receipt(one)),
        "allocations": one.allocations.select_related("invoice").order_by("at", "id"),
        "kinds": payments.reversal_reasons(one) if one.regie_id in regies_acted_on(request) else [],
        "refunds": one.refunds.order_by("id"),
        "under_way": not one.is_reversed and queries.pending_refunds(one).exists(),
        "reversal": getattr(one, "reversal", None),
        "movement": drawers.movement_of(one),
        "deposit": drawers.deposit_of(one),
        "bank_lines": bank_statements.lines_of_receipt(one),
    }
    return render_page(request, "crm/money/receipt.html", context)


@for_agents(Right.MONEY)
def receipt_reverse(request: AgentRequest, pk: int) -> HttpResponse:
    """Take a receipt back, after a page that says what will happen."""
    one = _seen(request, pk)
    if one.regie_id not in regies_acted_on(request):
        raise Http404
    kinds = payments.reversal_reasons(one)
    if not kinds:
        return conflict_response(request, _why_not_reversible(one), reverse("crm:receipt", args=[pk]))
    form = ReverseForm(request.POST or None, kinds=kinds)
    if form.is_valid():
        try:
            _reverse(request, pk, form)
        except KEPT as refusal:
            form.add_error(None, _why_kept(one, refusal))
        else:
            messages.success(request, _("l’encaissement est repris, ce qu’il payait est de nouveau à payer."))
            return redirect("crm:receipt", pk=pk)
    context = {
        "receipt": one,
        "form": form,
        "kinds": kinds,
        "mistake": kinds == [Reversal.Kind.MISTAKE],
        "refunded": queries.refunded_cents(one),
        "must_open": one.means == Receipt.Means.CASH and drawers.must_open(request.agent, one.regie_id),
    }
    return render_page(request, "crm/money/receipt_reverse.html", context)


def _why_kept(receipt: Receipt, refusal: Exception) -> str:
    if isinstance(refusal, cash_desk.NoOpenSession):
        return no_open_drawer()
    if isinstance(refusal, cash_desk.NotEnoughCash):
        return cash_not_there(refusal)
    return _why_not_reversible(receipt) if isinstance(refusal, payments.NotReversible) else str(refusal)


def _why_not_reversible(receipt: Receipt) -> str:
    if receipt.is_reversed or not queries.pending_refunds(receipt).exists():
        return _("Cet encaissement ne peut pas être repris.")
    return _("Un remboursement de cet encaissement est en cours : abandonnez-le, ou notez qu’il est fait, d’abord.")


def _take(request: AgentRequest, invoice: Invoice, form: TakeForm) -> Receipt:
    given = form.cleaned_data
    # A key belongs to its invoice: nobody can hand in another's.
    key = f"{invoice.pk}:{given['request_key']}"
    return cash_desk.take_money(
        invoice_id=invoice.pk,
        money=form.money,
        request_key=key,
        actor=request.actor,
        at=dates.now(),
        handed_cents=given["handed"],
    )


def _reverse(request: AgentRequest, pk: int, form: ReverseForm) -> None:
    given = form.cleaned_data
    code = Reversal.Code(given["code"]) if given.get("code") else None
    cash_desk.reverse_receipt(
        receipt_id=pk,
        kind=Reversal.Kind(given["kind"]),
        code=code,
        reason=given["reason"],
        actor=request.actor,
        at=dates.now(),
    )


def _due_here(request: AgentRequest, pk: int) -> Invoice:
    """Return an invoice of a régie that the agent answers for."""
    return get_object_or_404(invoices.invoices_to_list(request.agent).filter(regie__in=regies_acted_on(request)), pk=pk)


def _seen(request: AgentRequest, pk: int) -> Receipt:
    one = queries.receipts_to_list(request.agent).filter(pk=pk).first()
    if one is None:
        raise Http404
    return one
