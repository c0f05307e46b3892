"""« Échéancier » of an invoice: proposed in equal parts, changed at will, agreed; followed, and ended."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.forms.formsets import formset_factory
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
from obole.mailing import queries as mailing
from obole.recovery import operations as recovery, queries
from obole.recovery.models import Agreement
from obole.recovery.rules import instalments
from obole.ui.forms import DayInput, EurosField, UnitInput

USUAL_TIMES, USUAL_GRACE = 3, 10
FIRST_IN = timedelta(days=10)


class ShareForm(forms.Form):
    """Into how many payments, and from when on."""

    times = forms.IntegerField(
        label=gettext_lazy("En combien de fois"),
        min_value=2,
        max_value=instalments.MOST,
        widget=UnitInput(whole=True),
        error_messages={"required": gettext_lazy("Écrivez un nombre de paiements, par exemple 3.")},
    )
    first = forms.DateField(
        label=gettext_lazy("Premier paiement le"),
        widget=DayInput,
        error_messages={"required": gettext_lazy("Choisissez le jour du premier paiement.")},
    )

    def clean_first(self) -> date:
        """Keep to days on which something can be agreed."""
        first: date = self.cleaned_data["first"]
        today = dates.day_of(dates.now())
        if not today <= first <= today + instalments.LONGEST:
            raise forms.ValidationError(_("Le premier paiement est à venir, et le dernier d’ici deux ans."))
        return first


class InstalmentForm(forms.Form):
    """One payment of the agreement."""

    day = forms.DateField(
        label=gettext_lazy("Jour"),
        widget=DayInput,
        error_messages={"required": gettext_lazy("Choisissez le jour de ce paiement.")},
    )
    cents = EurosField(
        label=gettext_lazy("Montant"),
        minimum=instalments.SMALLEST_CENTS,
        error_messages={"required": gettext_lazy("Écrivez le montant de ce paiement.")},
    )


class GraceForm(forms.Form):
    """How late a payment may be."""

    grace_days = forms.IntegerField(
        label=gettext_lazy("Retard admis, en jours"),
        initial=USUAL_GRACE,
        min_value=0,
        max_value=instalments.LONGEST_GRACE,
        widget=UnitInput(whole=True),
        help_text=gettext_lazy("Passé ce délai, l’échéancier est rompu et les relances reprennent."),
        error_messages={"required": gettext_lazy("Écrivez un nombre de jours, par exemple 10.")},
    )


InstalmentFormSet = formset_factory(
    InstalmentForm, extra=0, min_num=2, max_num=instalments.MOST, absolute_max=instalments.MOST
)


@for_agents(Right.REVIEW)
def agreement(request: AgentRequest, pk: int) -> HttpResponse:
    """Agree on days and amounts with the payer of an invoice, or show how what was agreed goes on."""
    rows = Invoice.objects.handled_by(request.agent).exclude(state=InvoiceState.DRAFT).select_related("payer")
    one = get_object_or_404(rows, pk=pk)
    if one.state != InvoiceState.DUE:
        return conflict_response(request, invoice_conflict(), reverse("crm:invoice", args=[pk]))
    standing = queries.agreement_of(one, dates.day_of(dates.now()))
    if standing is not None and request.method != "POST":
        return render_page(request, "crm/bookkeeping/agreement.html", {"invoice": one, "standing": standing})
    return _propose(request, one)


@for_agents(Right.REVIEW)
@require_POST
def agreement_end(request: AgentRequest, pk: int, agreement_pk: int) -> HttpResponse:
    """End an agreement before its last day."""
    one = get_object_or_404(Invoice.objects.handled_by(request.agent), pk=pk)
    known = get_object_or_404(Agreement.objects.filter(invoice=one), pk=agreement_pk)
    recovery.end_agreement(agreement_id=known.pk, actor=request.actor, at=dates.now())
    messages.success(request, _("l’échéancier est arrêté : les relances reprennent, à leurs jours."))
    return redirect("crm:invoice", pk=pk)


def _propose(request: AgentRequest, one: Invoice) -> HttpResponse:
    share = ShareForm(request.GET if "times" in request.GET else None, initial=_usual())
    asked = share.cleaned_data if share.is_valid() else _usual()
    proposed = [
        {"day": day, "cents": cents}
        for day, cents in instalments.share_out(one.remaining_cents, times=asked["times"], first=asked["first"])
    ]
    sent = request.POST or None
    # A payment that was emptied is a mistake to be told, and not one payment less.
    parts = InstalmentFormSet(sent, initial=proposed, form_kwargs={"empty_permitted": False})
    grace = GraceForm(sent)
    if sent and parts.is_valid() and grace.is_valid() and _agree(request, one, parts, grace):
        return redirect("crm:invoice", pk=one.pk)
    context = {"invoice": one, "share": share, "parts": parts, "grace": grace}
    return render_page(request, "crm/bookkeeping/agreement_new.html", context)


def _usual() -> dict[str, Any]:
    return {"times": USUAL_TIMES, "first": dates.day_of(dates.now()) + FIRST_IN}


def _agree(request: AgentRequest, one: Invoice, parts: Any, grace: GraceForm) -> bool:
    """Make the agreement, or say in the form why not."""
    given: list[tuple[date, int]] = [(part["day"], part["cents"]) for part in parts.cleaned_data]
    asked = recovery.AgreementRequest(given, grace.cleaned_data["grace_days"])
    try:
        recovery.make_agreement(invoice_id=one.pk, asked=asked, actor=request.actor, at=dates.now())
    except recovery.CannotAgree as refusal:
        grace.add_error(None, str(refusal))
        return False
    messages.success(request, _how_it_is_told(one))
    return True


def _how_it_is_told(one: Invoice) -> str:
    if mailing.is_usable(one.payer.email):
        return _("l’échéancier est convenu, un courriel le confirme au payeur.")
    if one.payer.address:
        return _("l’échéancier est convenu, une lettre le confirme : elle attend dans « Courriers à poster ».")
    return _("l’échéancier est convenu. Sans adresse électronique ni postale, dites-le au payeur.")
