"""What the comptable owes of money that was taken back after it was paid over, and that they give back."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _, gettext_lazy

from obole.crm.shared.pages import regies_acted_on, render_page
from obole.directory.access import AgentRequest, after_reauthentication, for_agents
from obole.directory.rules import Right
from obole.lib import dates, money
from obole.payments import operations as payments, queries
from obole.payments.models import Receipt, Regularisation
from obole.regies.models import Regie

MOST = 200
LAST = 20


class RegulariseForm(forms.Form):
    """Of which receipts, and what says so."""

    receipts = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Ce que le comptable a rendu"),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": gettext_lazy("Cochez ce que le comptable a rendu."),
            "invalid_choice": gettext_lazy("Une de ces sommes vient d’être régularisée : vérifiez, puis recommencez."),
        },
    )
    reference = forms.CharField(
        label=gettext_lazy("Référence du virement ou du mandat"),
        max_length=60,
        error_messages={"required": gettext_lazy("Écrivez la référence : elle prouve que la somme est rendue.")},
    )

    def __init__(self, *args: Any, owed: list[tuple[Receipt, int]], **options: Any) -> None:
        super().__init__(*args, **options)
        choices = [(receipt.pk, f"{receipt.number}, {money.euros(cents)}") for receipt, cents in owed]
        self.fields["receipts"].choices = choices  # type: ignore[attr-defined]  # declared above


@for_agents(Right.MONEY)
@after_reauthentication()
def regularisations(request: AgentRequest, pk: int) -> HttpResponse:
    """Show what the comptable owes of a régie, and write that they gave some back."""
    regie = get_object_or_404(Regie.objects.seen_by(request.agent), pk=pk)
    acts = pk in regies_acted_on(request)
    if request.method == "POST" and not acts:
        raise Http404
    owed = _owed(pk)
    form = RegulariseForm(request.POST or None, owed=owed[:MOST]) if acts and (owed or request.POST) else None
    if form is not None and form.is_valid() and _done(request, pk, form):
        return redirect("crm:regularisations", pk=pk)
    context = {
        "regie": regie,
        "owed": owed[:MOST],
        "cents": sum(cents for _receipt, cents in owed),
        "more": max(0, len(owed) - MOST),
        "form": form,
        "given": Regularisation.objects.filter(regie=regie).select_related("receipt").order_by("-at", "-id")[:LAST],
    }
    return render_page(request, "crm/bookkeeping/regularisations.html", context)


def _owed(pk: int) -> list[tuple[Receipt, int]]:
    cents = queries.owed_by_receipt(pk)
    receipts = Receipt.objects.select_related("reversal").in_bulk(cents)
    return [(receipts[key], cents[key]) for key in sorted(cents)]


def _done(request: AgentRequest, pk: int, form: RegulariseForm) -> bool:
    given = form.cleaned_data
    try:
        payments.regularise_receipts(
            regie_id=pk,
            receipt_ids=given["receipts"],
            reference=given["reference"],
            actor=request.actor,
            at=dates.now(),
        )
    except payments.NothingOwed:
        form.add_error("receipts", form.fields["receipts"].error_messages["invalid_choice"])
        return False
    except payments.ReferenceMissing:
        form.add_error("reference", form.fields["reference"].error_messages["required"])
        return False
    messages.success(request, _("c’est noté : la somme est de nouveau sur le compte DFT."))
    return True
