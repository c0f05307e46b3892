"""Remises to the bank: their list, preparing one, and one of them with its bordereau."""

from collections.abc import Mapping
from typing import Any

import django_tables2 as tables
from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _, gettext_lazy
from django_tables2.utils import Accessor

from obole.bank_statements import operations as bank_statements, queries as bank
from obole.cash_desk import deposit_states as states, operations, pdf_documents, queries
from obole.cash_desk.deposit_states import DepositState
from obole.cash_desk.models import Deposit
from obole.crm.bookkeeping.counts import CountForm, count_rows
from obole.crm.shared.cash_refusals import cash_not_there
from obole.crm.shared.columns import MAIN, STATUS, AmountColumn, DayColumn
from obole.crm.shared.ledger_entries import entry_rows
from obole.crm.shared.lists import sorted_table, tab
from obole.crm.shared.pages import conflict_response, file_answer, regies_acted_on, render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates, texts
from obole.lib.actors import Actor
from obole.lib.states import ForbiddenTransition
from obole.regies.models import Entry, Regie
from obole.ui.templatetags.ui import pill

MOST_SHOWN = 500
"""Cheques on one bordereau: a bank's own hold fewer."""
BADGES = {
    DepositState.PREPARED: ("in_progress", "clock"),
    DepositState.CREDITED: ("done", "check"),
    DepositState.CANCELLED: ("ended", "ban"),
}


class CashForm(CountForm):
    """Cash that is set aside for the bank."""

    source = forms.ChoiceField(
        label=gettext_lazy("D’où vient l’argent"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choisissez d’où vient l’argent.")},
    )
    request_key = forms.CharField(max_length=40, widget=forms.HiddenInput, initial=texts.token)

    def __init__(self, *args: Any, drawer: str, **options: Any) -> None:
        super().__init__(*args, **options)
        safe = ("safe", _("Du coffre (recettes des caisses arrêtées)"))
        mine = ("drawer", _("De ma caisse ouverte, « %(name)s »") % {"name": drawer})
        self.fields["source"].choices = [mine, safe] if drawer else [safe]  # type: ignore[attr-defined]
        self.initial.setdefault("source", "drawer" if drawer else "safe")


class PiecesForm(forms.Form):
    """The cheques or CESU that are handed in."""

    receipts = forms.TypedMultipleChoiceField(
        coerce=int,
        label=gettext_lazy("Ce qui est remis"),
        error_messages={
            "required": gettext_lazy("Cochez au moins un titre à remettre."),
            "invalid_choice": gettext_lazy("L’un d’eux a été repris ou remis entre-temps : vérifiez la liste."),
        },
    )
    request_key = forms.CharField(max_length=40, widget=forms.HiddenInput, initial=texts.token)

    def __init__(self, *args: Any, receipts: list[Any], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["receipts"].choices = [(item.pk, item.number) for item in receipts]  # type: ignore[attr-defined]


class CreditForm(forms.Form):
    """What the bank's statement says."""

    reference = forms.CharField(
        label=gettext_lazy("Référence sur le relevé"),
        max_length=60,
        error_messages={"required": gettext_lazy("Écrivez la référence de la ligne du relevé qui crédite la remise.")},
    )


class CancelForm(forms.Form):
    """Why a remise does not go."""

    reason = forms.CharField(
        label=gettext_lazy("Motif de l’annulation"),
        max_length=300,
        error_messages={"required": gettext_lazy("Écrivez pourquoi cette remise est annulée.")},
    )


class UndoForm(forms.Form):
    """Why a remise was not credited."""

    reason = forms.CharField(
        label=gettext_lazy("Motif"),
        max_length=300,
        error_messages={"required": gettext_lazy("Écrivez pourquoi ce crédit est annulé.")},
    )


class DepositTable(tables.Table):  # type: ignore[misc]  # untyped library
    """Remises of a régie."""

    number = tables.Column(
        verbose_name=gettext_lazy("Remise"),
        attrs=MAIN,
        linkify=("crm:deposit", {"pk": Accessor("regie_id"), "deposit_pk": Accessor("pk")}),
        order_by=("year", "sequence"),
    )
    kind = tables.Column(verbose_name=gettext_lazy("Nature"), order_by=("kind", "pk"))
    prepared_at = DayColumn(verbose_name=gettext_lazy("Préparée"), order_by=("prepared_at", "pk"))
    prepared_by = tables.Column(verbose_name=gettext_lazy("Par"), orderable=False)
    pieces = tables.Column(verbose_name=gettext_lazy("Titres"), attrs={"td": {"class": "num"}, "th": {"class": "num"}})
    cents = AmountColumn(verbose_name=gettext_lazy("Montant €"), order_by=("cents", "pk"))
    reference = tables.Column(verbose_name=gettext_lazy("Référence"), orderable=False)
    state = tables.Column(verbose_name=gettext_lazy("Statut"), attrs=STATUS, order_by=("state", "-prepared_at", "pk"))

    caption = gettext_lazy("Remises à la banque")
    count_label = ""

    class Meta:
        template_name = "ui/table.html"
        empty_text = gettext_lazy("Aucune remise.")

    def render_kind(self, record: Deposit) -> str:
        """Name what is handed in."""
        return record.get_kind_display()

    def render_pieces(self, record: Deposit) -> str:
        """Write how many; cash has none."""
        return str(record.pieces) if record.pieces else ""

    def render_state(self, record: Deposit) -> SafeString:
        """Draw the state."""
        return deposit_badge(record)


def deposit_badge(deposit: Deposit) -> SafeString:
    """Draw the state of a remise."""
    tone, icon = BADGES[DepositState(deposit.state)]
    return pill(tone, deposit.get_state_display(), icon)


@for_agents(Right.MONEY)
def deposits(request: AgentRequest, pk: int) -> HttpResponse:
    """List the remises of a régie, and what waits to be handed in."""
    regie = get_object_or_404(Regie.objects.seen_by(request.agent), pk=pk)
    rows, state = queries.deposits(regie), request.GET.get("state", "")
    table = sorted_table(request, DepositTable(rows.filter(state=state) if state in DepositState.values else rows))
    by_state = [tab(request, str(label), state=value) for value, label in DepositState.choices]
    waiting = {kind: queries.summed(queries.depositable(pk, Deposit.Kind(kind))) for kind in ("cheque", "cesu")}
    context = {
        "regie": regie,
        "table": table,
        "tabs": [tab(request, _("Toutes")), *by_state],
        "acts": pk in regies_acted_on(request),
        "position": queries.cash_position(regie),
        "cheques": waiting["cheque"],
        "cesu": waiting["cesu"],
    }
    return render_page(request, "crm/bookkeeping/deposits.html", context)


@for_agents(Right.MONEY)
def deposit_new(request: AgentRequest, pk: int) -> HttpResponse:
    """Prepare a remise: of cash by its count, of cheques or CESU by a list."""
    regie = get_object_or_404(Regie.objects.acted_on_by(request.agent), pk=pk)
    wanted = request.GET.get("nature", "")
    if wanted not in Deposit.Kind.values:
        raise Http404
    return (_new_cash if wanted == Deposit.Kind.CASH else _new_pieces)(request, regie, Deposit.Kind(wanted))


@for_agents(Right.MONEY)
def deposit(request: AgentRequest, pk: int, deposit_pk: int) -> HttpResponse:
    """Show a remise, and credit or cancel it."""
    regie = get_object_or_404(Regie.objects.seen_by(request.agent), pk=pk)
    one = get_object_or_404(queries.deposits(regie), pk=deposit_pk)
    acts = pk in regies_acted_on(request)
    if request.method == "POST" and not acts:
        raise Http404
    sent = request.POST if request.method == "POST" else None
    steps = _steps(one, sent) if acts else {}
    done = _do(request, one, steps) if sent is not None else None
    if done is not None:
        return done
    undone = Q(undone_credit__deposit=one) | Q(credit_undone__deposit=one)
    entries = Entry.objects.filter(Q(deposit=one) | Q(clearings__receipt__deposit_lines__deposit=one) | undone)
    context = {
        "regie": regie,
        "deposit": one,
        "shown_by": bank.line_of(deposit=one),
        "undone": one.undone_credits.order_by("at", "id"),
        "pill": deposit_badge(one),
        "rows": count_rows(one.count),
        "lines": [(line, pdf_documents.payer_of(line.receipt)) for line in queries.lines(one)],
        "entries": entry_rows(entries.distinct().prefetch_related("lines").order_by("number")),
        **steps,
    }
    return render_page(request, "crm/bookkeeping/deposit.html", context)


@for_agents(Right.MONEY)
def deposit_pdf(request: AgentRequest, pk: int, deposit_pk: int) -> HttpResponse:
    """Give the bordereau."""
    regie = get_object_or_404(Regie.objects.seen_by(request.agent), pk=pk)
    one = get_object_or_404(queries.deposits(regie), pk=deposit_pk)
    paper = pdf_documents.ensure_deposit_pdf(deposit_id=one.pk, at=dates.now())
    return file_answer(pdf_documents.read_pdf(paper), name=f"{one.number}.pdf", content_type="application/pdf")


def _new_cash(request: AgentRequest, regie: Regie, kind: Deposit.Kind) -> HttpResponse:
    mine = queries.open_session_of(request.agent, regie.pk)
    form = CashForm(request.POST or None, drawer=mine.drawer.name if mine else "")
    if form.is_valid():
        try:
            done = operations.prepare_cash_deposit(
                regie_id=regie.pk,
                count=form.count,
                from_drawer=form.cleaned_data["source"] == "drawer",
                **_who(request, regie, form),
            )
        except operations.NothingToDeposit:
            form.add_error(None, _("Comptez ce qui est remis : il n’y a rien."))
        except operations.NotEnoughCash as refusal:
            form.add_error(None, f"{cash_not_there(refusal)} {_('Le fonds de caisse ne se remet pas.')}")
        except operations.NoOpenSession:
            form.add_error("source", _("Votre caisse n’est plus ouverte : choisissez le coffre."))
        else:
            return _prepared(request, done)
    context = {"regie": regie, "form": form, "mine": mine, "position": queries.cash_position(regie)}
    return render_page(request, "crm/bookkeeping/deposit_cash.html", context)


def _new_pieces(request: AgentRequest, regie: Regie, kind: Deposit.Kind) -> HttpResponse:
    waiting = queries.depositable(regie.pk, kind).select_related("invoice__payer")
    receipts = list(waiting[:MOST_SHOWN])
    form = PiecesForm(request.POST or None, receipts=receipts)
    if form.is_valid():
        try:
            done = operations.prepare_deposit(
                regie_id=regie.pk, kind=kind, receipt_ids=form.cleaned_data["receipts"], **_who(request, regie, form)
            )
        except operations.NothingToDeposit:
            form.add_error("receipts", form.fields["receipts"].error_messages["invalid_choice"])
        else:
            return _prepared(request, done)
    chosen = set(request.POST.getlist("receipts")) if form.is_bound else {str(item.pk) for item in receipts}
    context = {
        "regie": regie,
        "form": form,
        "title": _("Remise de chèques") if kind == Deposit.Kind.CHEQUE else _("Remise de CESU"),
        "rows": [(item, pdf_documents.payer_of(item), str(item.pk) in chosen) for item in receipts],
        "total_cents": queries.total_cents(receipts),
        "more": len(receipts) == MOST_SHOWN,
    }
    return render_page(request, "crm/bookkeeping/deposit_pieces.html", context)


def _who(request: AgentRequest, regie: Regie, form: forms.Form) -> dict[str, Any]:
    # A key belongs to its régie: nobody can hand in another's.
    key = f"{regie.pk}:{form.cleaned_data['request_key']}"
    return {"request_key": key, "actor": request.actor, "at": dates.now()}


def _prepared(request: AgentRequest, done: Deposit) -> HttpResponse:
    messages.success(request, _("la remise %(number)s est préparée : imprimez son bordereau.") % {"number": done})
    return redirect("crm:deposit", pk=done.regie_id, deposit_pk=done.pk)


def _steps(deposit: Deposit, data: Mapping[str, Any] | None) -> dict[str, forms.Form]:
    """Return the forms of the steps that are lawful now; ``data``: what was sent for one of them."""

    def options(action: str) -> dict[str, Any]:
        sent = data is not None and data.get("action") == action
        return {"data": data if sent else None, "auto_id": f"id_{action}_%s"}

    steps: dict[str, forms.Form] = {}
    if states.CREDIT.allows(deposit):
        steps["credit_form"] = CreditForm(**options("credit"))
    if states.UNDO_CREDIT.allows(deposit) and bank.line_of(deposit=deposit) is None:
        steps["undo_form"] = UndoForm(**options("undo"))
    if states.CANCEL.allows(deposit):
        steps["cancel_form"] = CancelForm(**options("cancel"))
    return steps


def _do(request: AgentRequest, deposit: Deposit, steps: Mapping[str, forms.Form]) -> HttpResponse | None:
    """Do what was sent; None if its form must be shown again."""
    action, here = request.POST.get("action"), reverse("crm:deposit", args=[deposit.regie_id, deposit.pk])
    form = steps.get(f"{action}_form")
    if form is not None and not form.is_valid():
        return None
    try:
        if form is None:
            raise ForbiddenTransition(f"deposit.{action}", deposit.state)
        messages.success(request, _act(deposit.pk, str(action), form.cleaned_data, actor=request.actor))
    except ForbiddenTransition:
        return conflict_response(request, _("Cette remise a changé entre-temps : rien n’a été enregistré."), here)
    except (bank_statements.NotUndone, bank_statements.AccountTooLow) as refusal:
        return conflict_response(request, str(refusal), here)
    except operations.ReceiptsChanged as refusal:
        sentence = _("%(numbers)s : repris ou crédité depuis. Annulez cette remise et préparez-en une autre.")
        return conflict_response(request, sentence % {"numbers": refusal}, here)
    return redirect(here)


def _act(deposit_id: int, action: str, given: Mapping[str, str], *, actor: Actor) -> str:
    """Do a step, and say what was done."""
    who: dict[str, Any] = {"deposit_id": deposit_id, "actor": actor, "at": dates.now()}
    if action == "credit":
        operations.credit_deposit(reference=given["reference"], **who)
        return _("la remise est créditée : l’argent est sur le compte DFT.")
    if action == "cancel":
        operations.cancel_deposit(reason=given["reason"], **who)
        return _("la remise est annulée : ce qu’elle contenait peut être remis de nouveau.")
    bank_statements.undo_credit(reason=given["reason"], **who)
    return _("le crédit est annulé : la remise attend de nouveau la banque.")
