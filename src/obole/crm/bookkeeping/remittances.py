"""Bordereaux de versement: their list, the preview of the next one, its signature, and its transfer."""

from datetime import date, timedelta
from typing import Any

import django_tables2 as tables
from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _, gettext_lazy

from obole.bank_statements import operations as bank_statements, queries as bank
from obole.crm.bookkeeping.totals import Totals, totals_of
from obole.crm.shared import badges
from obole.crm.shared.columns import MAIN, STATUS, AmountColumn, DayColumn
from obole.crm.shared.lists import sorted_table
from obole.crm.shared.pages import conflict_response, regies_acted_on, render_page
from obole.directory.access import AgentRequest, after_reauthentication, for_agents
from obole.directory.rules import Right
from obole.lib import dates, texts
from obole.lib.states import ForbiddenTransition
from obole.payments.operations import AccountTooLow
from obole.regies import access, queries as regies
from obole.regies.models import Regie
from obole.remittances import operations, queries, states
from obole.remittances.models import Remittance
from obole.remittances.operations import NotRemittable
from obole.ui.forms import DayInput


class RemittanceTable(tables.Table):  # type: ignore[misc]  # untyped library
    """Bordereaux."""

    number = tables.Column(
        verbose_name=gettext_lazy("Numéro"),
        attrs=MAIN,
        linkify=lambda record: reverse("crm:remittance", args=[record.regie_id, record.pk]),
        order_by=("year", "sequence"),
    )
    until = DayColumn(verbose_name=gettext_lazy("Arrêté au"), order_by=("until", "pk"))
    signed_at = DayColumn(verbose_name=gettext_lazy("Signé le"), order_by=("signed_at", "pk"))
    signed_by = tables.Column(verbose_name=gettext_lazy("Par"), orderable=False)
    total_cents = AmountColumn(verbose_name=gettext_lazy("Montant €"), order_by=("revenue_cents", "pk"))
    state = tables.Column(verbose_name=gettext_lazy("Statut"), attrs=STATUS, order_by=("state", "pk"))

    caption = gettext_lazy("Bordereaux de versement")
    count_label = ""

    class Meta:
        template_name = "ui/table.html"
        empty_text = gettext_lazy("Aucun bordereau de versement.")

    def render_state(self, record: Remittance) -> SafeString:
        """Draw the state."""
        return badges.remittance_badge(record)


class UntilForm(forms.Form):
    """Up to which day is paid over."""

    until = forms.DateField(
        label=gettext_lazy("Recettes jusqu’au"),
        widget=DayInput,
        help_text=gettext_lazy("Le dernier jour compris, aujourd’hui au plus tard."),
    )


class TransferForm(forms.Form):
    """Which transfer left."""

    reference = forms.CharField(
        label=gettext_lazy("Référence du virement"),
        max_length=60,
        help_text=gettext_lazy("Celle de votre ordre de virement, ou du relevé du compte DFT."),
        error_messages={"required": gettext_lazy("Écrivez la référence du virement : elle prouve qu’il est parti.")},
    )


class UndoForm(forms.Form):
    """Why a transfer had not left."""

    reason = forms.CharField(
        label=gettext_lazy("Motif"),
        max_length=300,
        error_messages={"required": gettext_lazy("Écrivez pourquoi ce virement est annulé.")},
    )


@for_agents(Right.MONEY)
def remittances(request: AgentRequest, pk: int) -> HttpResponse:
    """List the bordereaux of a régie."""
    regie = get_object_or_404(Regie.objects.seen_by(request.agent), pk=pk)
    context = {
        "regie": regie,
        "table": sorted_table(request, RemittanceTable(queries.remittances_of(regie))),
        "acts": pk in regies_acted_on(request),
        "late": queries.late_since(regie, at=dates.now()),
        "held": queries.too_much_held(regie),
    }
    return render_page(request, "crm/bookkeeping/remittances.html", context)


@for_agents(Right.MONEY)
@after_reauthentication()
def remittance_new(request: AgentRequest, pk: int) -> HttpResponse:
    """Show what would be paid over up to a day, and sign it."""
    regie = get_object_or_404(Regie.objects.acted_on_by(request.agent), pk=pk)
    given = request.POST if request.method == "POST" else request.GET
    form = UntilForm(given if "until" in given else None, initial={"until": _month_end()})
    until = form.cleaned_data["until"] if form.is_valid() else None if form.is_bound else _month_end()
    refused = ""
    if request.method == "POST" and until is not None:
        try:
            return _signed(request, pk, until)
        except NotRemittable as refusal:
            refused = str(refusal)
    context = {
        "regie": regie,
        "form": form,
        "until": until,
        "refused": refused,
        "signs": _may_sign(request, pk),
        "request_key": texts.token(),
        **(_preview(regie, until) if until else {}),
    }
    return render_page(request, "crm/bookkeeping/remittance_new.html", context)


@for_agents(Right.MONEY)
@after_reauthentication()
def remittance(request: AgentRequest, pk: int, remittance_pk: int) -> HttpResponse:
    """Show a bordereau, and write that its transfer left."""
    regie = get_object_or_404(Regie.objects.seen_by(request.agent), pk=pk)
    one = get_object_or_404(queries.remittances_of(regie), pk=remittance_pk)
    acts = pk in regies_acted_on(request)
    if request.method == "POST" and not acts:
        raise Http404
    shown_by = bank.line_of(remittance=one)
    form, undo = _steps(request, one) if acts else (None, None)
    done = _done(request, one, form, undo) if request.method == "POST" else None
    if done is not None:
        return done
    lines = queries.vouchers_of(one)
    context = {
        "regie": regie,
        "remittance": one,
        "form": form if states.TRANSFER.allows(one) else None,
        "undo": undo if shown_by is None and states.UNDO_TRANSFER.allows(one) else None,
        "undone": one.undone_transfers.order_by("at", "id"),
        "shown_by": shown_by,
        "pill": badges.remittance_badge(one),
        "totals": totals_of(queries.shares(lines), reverse("crm:remittance_vouchers", args=[pk, one.pk])),
        "act": regies.act_of(pk),
    }
    return render_page(request, "crm/bookkeeping/remittance.html", context)


def _steps(request: AgentRequest, one: Remittance) -> tuple[TransferForm | None, UndoForm | None]:
    """Return the forms of what may be done, with what was sent for one of them."""
    undoes = request.POST.get("action") == "undo"
    sent = request.POST or None
    form = TransferForm(None if undoes else sent) if sent or states.TRANSFER.allows(one) else None
    return form, UndoForm(sent if undoes else None, auto_id="id_undo_%s")


def _done(
    request: AgentRequest, one: Remittance, form: TransferForm | None, undo: UndoForm | None
) -> HttpResponse | None:
    """Do what was sent; None if its form must be shown again."""
    if undo is not None and undo.is_bound:
        return _undone(request, one, undo) if undo.is_valid() else None
    return _transferred(request, one, form) if form is not None and form.is_valid() else None


def _undone(request: AgentRequest, one: Remittance, form: UndoForm) -> HttpResponse:
    here = reverse("crm:remittance", args=[one.regie_id, one.pk])
    try:
        bank_statements.undo_transfer(
            remittance_id=one.pk, reason=form.cleaned_data["reason"], actor=request.actor, at=dates.now()
        )
    except ForbiddenTransition:
        return conflict_response(request, _("Aucun virement n’est noté pour ce bordereau."), here)
    except bank_statements.NotUndone as refusal:
        return conflict_response(request, str(refusal), here)
    messages.success(request, _("le virement est annulé : la somme est de nouveau sur le compte DFT, à virer."))
    return redirect(here)


def _month_end() -> date:
    return dates.day_of(dates.now()).replace(day=1) - timedelta(days=1)


def _may_sign(request: AgentRequest, pk: int) -> bool:
    mandates = request.agent.mandates.valid_today().filter(regie=pk, kind__in=access.SIGNATORIES)
    return bool(mandates.exists())


def _preview(regie: Regie, until: date) -> dict[str, Any]:
    url = f"{reverse('crm:remittance_new_vouchers', args=[regie.pk])}?until={until.isoformat()}"
    entries = queries.entries_to_remit(regie, until=until)
    ready = _totals(queries.ready(entries, until=until), url)
    waits = _totals(queries.waiting(entries, until=until), f"{url}&instance=1")
    why_not = ""
    if ready.rows or ready.refunds:
        why_not = operations.reason_not_to_sign(
            regie, revenue_cents=ready.revenue_cents, refund_cents=ready.refund_cents
        )
    shown = {"totals": ready, "expected": str(ready.cents), "waits": waits, "why_not": why_not}
    return {**shown, "empty": not (ready.rows or ready.refunds)}


def _totals(entries: Any, url: str) -> Totals:
    return totals_of(queries.shares(queries.vouchers(entries)), url)


def _signed(request: AgentRequest, pk: int, until: date) -> HttpResponse:
    """
    Sign what was seen.

    :raises Http404: if the form is not ours, or who asks does not sign for this régie.
    """
    seen = request.POST.get("expected", "")
    if not _may_sign(request, pk) or not seen.lstrip("-").isdecimal() or len(seen) > 15:
        raise Http404
    one = operations.sign_remittance(
        regie_id=pk,
        until=until,
        expected_cents=int(seen),
        request_key=f"{pk}:{request.POST.get('request_key', '')}"[:64],
        actor=request.actor,
        at=dates.now(),
    )
    messages.success(request, _("le bordereau %(number)s est signé.") % {"number": one.number})
    return redirect("crm:remittance", pk=pk, remittance_pk=one.pk)


def _transferred(request: AgentRequest, one: Remittance, form: TransferForm) -> HttpResponse | None:
    """Record the transfer; None if the form must be shown again."""
    here = reverse("crm:remittance", args=[one.regie_id, one.pk])
    try:
        operations.record_transfer(
            remittance_id=one.pk, reference=form.cleaned_data["reference"], actor=request.actor, at=dates.now()
        )
    except AccountTooLow as refusal:
        form.add_error(None, str(refusal))
        return None
    except operations.TransferUnnamed:
        form.add_error("reference", form.fields["reference"].error_messages["required"])
        return None
    except ForbiddenTransition:
        return conflict_response(request, _("Le virement de ce bordereau est déjà noté."), here)
    messages.success(request, _("le virement est noté : la somme sort du compte DFT."))
    return redirect(here)
