"""« Suspendre les relances » of an invoice, or of all those of its payer, until a day; and « Reprendre »."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_POST

from obole.billing.models import Invoice
from obole.billing.states import InvoiceState
from obole.crm.shared.pages import conflict_response, invoice_conflict, render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.recovery import operations as recovery, queries
from obole.recovery.models import Hold
from obole.ui.forms import DayInput

ONE, ALL = "one", "all"


class UntilForm(forms.Form):
    """Until when reminders wait, and why."""

    until = forms.DateField(
        label=gettext_lazy("Jusqu’au"),
        widget=DayInput,
        help_text=gettext_lazy("Ce jour compris. Ensuite, les relances reprennent d’elles-mêmes."),
        error_messages={"required": gettext_lazy("Choisissez le dernier jour sans relance.")},
    )
    reason = forms.ChoiceField(
        label=gettext_lazy("Motif"),
        choices=Hold.Reason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choisissez un motif.")},
    )
    comment = forms.CharField(
        label=gettext_lazy("Précision"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Pour vos collègues : l’usager ne la lit pas. Nécessaire pour « Autre motif »."),
    )


class HoldForm(UntilForm):
    """Until when, of what, and why."""

    scope = forms.ChoiceField(
        label=gettext_lazy("Pour"),
        choices=[(ONE, gettext_lazy("cette facture")), (ALL, gettext_lazy("toutes les factures de ce payeur"))],
        initial=ONE,
        widget=forms.RadioSelect,
    )

    field_order = ("until", "scope", "reason", "comment")


@for_agents(Right.REVIEW)
def hold(request: AgentRequest, pk: int) -> HttpResponse:
    """Hold the reminders of an invoice back, or change until when."""
    rows = Invoice.objects.handled_by(request.agent).exclude(state=InvoiceState.DRAFT).select_related("payer")
    one, url = get_object_or_404(rows, pk=pk), reverse("crm:invoice", args=[pk])
    if one.state != InvoiceState.DUE:
        return conflict_response(request, invoice_conflict(), url)
    known = queries.hold_of(one, dates.day_of(dates.now()))
    form = HoldForm(request.POST or None, initial=_initial(known))
    if form.is_valid() and _place(request, pk, form):
        said = _("les relances sont suspendues jusqu’au %(day)s.")
        messages.success(request, said % {"day": dates.format_short(form.cleaned_data["until"])})
        return redirect(url)
    return render_page(request, "crm/bookkeeping/hold.html", {"invoice": one, "form": form, "hold": known})


@for_agents(Right.REVIEW)
@require_POST
def hold_lift(request: AgentRequest, pk: int, hold_pk: int) -> HttpResponse:
    """Take the reminders up again before the day that was said."""
    one = get_object_or_404(Invoice.objects.handled_by(request.agent), pk=pk)
    known = get_object_or_404(Hold.objects.filter(payer=one.payer_id), pk=hold_pk)
    recovery.lift_hold(hold_id=known.pk, actor=request.actor, at=dates.now())
    messages.success(request, _("les relances reprennent, à leurs jours."))
    return redirect("crm:invoice", pk=pk)


def _initial(known: Hold | None) -> dict[str, Any]:
    if known is None:
        return {}
    scope = ALL if known.of_payer else ONE
    return {"until": known.until, "scope": scope, "reason": known.reason, "comment": known.comment}


def _place(request: AgentRequest, pk: int, form: HoldForm) -> bool:
    """Place the hold, or say in the form why not."""
    given: dict[str, Any] = form.cleaned_data
    asked = recovery.HoldRequest(given["until"], given["reason"], given["comment"], given["scope"] == ALL)
    try:
        recovery.place_hold(invoice_id=pk, asked=asked, actor=request.actor, at=dates.now())
    except recovery.CannotHold as refusal:
        form.add_error("comment" if refusal.of_comment else "until", str(refusal))
        return False
    return True
