"""A session at a drawer: opened with a count, shown and printed, closed with another, its difference settled."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _, gettext_lazy

from obole.cash_desk import operations, queries
from obole.cash_desk.models import CashSession
from obole.cash_desk.operations import OpeningObstacle
from obole.crm.bookkeeping.cash_desk import movement_rows
from obole.crm.bookkeeping.counts import CountForm, count_rows
from obole.crm.shared.cash_refusals import cash_not_there, no_open_drawer
from obole.crm.shared.ledger_entries import entry_rows
from obole.crm.shared.pages import conflict_response, regies_acted_on, render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates, money, texts
from obole.lib.states import ForbiddenTransition
from obole.regies.models import Entry, Regie
from obole.ui.forms import EurosField


class OpenForm(CountForm):
    """What is in the drawer when it is opened."""

    reason = forms.CharField(
        label=gettext_lazy("Pourquoi ce n’est pas ce que la dernière session a laissé"),
        required=False,
        max_length=300,
        help_text=gettext_lazy("Seulement si le fonds de caisse a changé, par exemple « avance portée à 150 € »."),
    )

    def __init__(self, *args: Any, last: CashSession | None, **options: Any) -> None:
        super().__init__(*args, **options)
        if last is None:
            del self.fields["reason"]


class CloseForm(CountForm):
    """What is in the drawer when it is closed, and why it is not what is expected."""

    expected = forms.IntegerField(widget=forms.HiddenInput, required=False)
    explanation = forms.CharField(
        label=gettext_lazy("Explication de la différence"),
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Le comptable la lit. Par exemple « 5 € rendus en trop à un usager »."),
    )


class SettleForm(forms.Form):
    """What becomes of a difference."""

    amount = EurosField(label=gettext_lazy("Montant"), minimum=1)
    reference = forms.CharField(
        label=gettext_lazy("Référence"),
        max_length=60,
        help_text=gettext_lazy("De l’ordre de reversement, de la quittance du comptable…"),
        error_messages={"required": gettext_lazy("Écrivez la référence de ce qui le justifie.")},
    )
    request_key = forms.CharField(max_length=40, widget=forms.HiddenInput, initial=texts.token)


@for_agents(Right.MONEY)
def session_open(request: AgentRequest, pk: int, drawer_pk: int) -> HttpResponse:
    """Count what is in a drawer, and open it."""
    regie = get_object_or_404(Regie.objects.acted_on_by(request.agent), pk=pk)
    drawer = get_object_or_404(queries.drawers(regie), pk=drawer_pk)
    last = queries.last_session(drawer)
    form = OpenForm(request.POST or None, last=last)
    if form.is_valid():
        try:
            _open(request, drawer_pk, form)
        except operations.CountUnexplained as refusal:
            form.add_error("reason", unexplained_opening(refusal))
        except operations.CannotOpen as refusal:
            return conflict_response(request, why_not_opened(refusal), _desk(pk))
        else:
            messages.success(request, _("la caisse « %(name)s » est ouverte.") % {"name": drawer})
            return redirect("crm:cash_desk", pk=pk)
    context = {"regie": regie, "drawer": drawer, "form": form, "last": last}
    return render_page(request, "crm/bookkeeping/cash_session_open.html", context)


@for_agents(Right.MONEY)
def session(request: AgentRequest, pk: int, session_pk: int) -> HttpResponse:
    """Show a session, ready to be printed and signed once it is closed."""
    regie = get_object_or_404(Regie.objects.seen_by(request.agent), pk=pk)
    one = get_object_or_404(queries.sessions(regie), pk=session_pk)
    moved = queries.movements(one).select_related("session__drawer")
    entries = Entry.objects.filter(cash_session=one) | Entry.objects.filter(cash_settlement__session=one)
    context = {
        "regie": regie,
        "session": one,
        "opening": count_rows(one.opening),
        "closing": count_rows(one.closing),
        "movements": movement_rows(moved, regie),
        "moved_cents": queries.moved_cents(one),
        "expected_cents": queries.expected_cents(one),
        "settlements": queries.settlements(one),
        "left_cents": queries.left_to_settle(one),
        "entries": entry_rows(entries.distinct().prefetch_related("lines").order_by("number")),
        "acts": pk in regies_acted_on(request),
    }
    return render_page(request, "crm/bookkeeping/cash_session.html", context)


@for_agents(Right.MONEY)
def session_close(request: AgentRequest, pk: int, session_pk: int) -> HttpResponse:
    """Count what is in a drawer, look at the difference, explain it, close."""
    regie, one = _acted_on(request, pk, session_pk)
    if not one.is_open:
        return conflict_response(request, _("Cette caisse est déjà arrêtée."), _desk(pk))
    form = CloseForm(request.POST or None)
    if not form.is_valid() or "again" in request.POST:
        return render_page(
            request, "crm/bookkeeping/cash_session_close.html", {"regie": regie, "session": one, "form": form}
        )
    if "confirm" in request.POST:
        try:
            _close(request, session_pk, form)
        except operations.CountUnexplained:
            form.add_error("explanation", _("Écrivez d’où vient la différence, ou comptez de nouveau."))
        except operations.ExpectedChanged:
            form.add_error(None, _("La caisse a bougé entre-temps : voici ce qu’elle doit contenir maintenant."))
        except ForbiddenTransition:
            return conflict_response(request, _("Cette caisse est déjà arrêtée."), _desk(pk))
        else:
            messages.success(request, _("la caisse est arrêtée. Imprimez cette page et signez-la."))
            return redirect("crm:cash_session", pk=pk, session_pk=session_pk)
    return _confirm(request, regie, one, form)


@for_agents(Right.MONEY)
def session_settle(request: AgentRequest, pk: int, session_pk: int) -> HttpResponse:
    """Write what became of a difference."""
    regie, one = _acted_on(request, pk, session_pk)
    left = queries.left_to_settle(one)
    if not left:
        return conflict_response(request, _("Il n’y a plus de différence à régulariser."), _desk(pk))
    form = SettleForm(request.POST or None, initial={"amount": left, "request_key": texts.token()})
    if form.is_valid():
        try:
            _settle(request, session_pk, form)
        except operations.NotSettled as refusal:
            most = money.euros(refusal.cents)
            form.add_error("amount", _("Il ne reste que %(most)s : écrivez ce montant au plus.") % {"most": most})
        except operations.NoOpenSession:
            form.add_error(None, no_open_drawer())
        except operations.NotEnoughCash as refusal:
            form.add_error("amount", cash_not_there(refusal))
        else:
            messages.success(request, _("la régularisation est écrite."))
            return redirect("crm:cash_session", pk=pk, session_pk=session_pk)
    context = {"regie": regie, "session": one, "form": form, "left_cents": left}
    return render_page(request, "crm/bookkeeping/cash_session_settle.html", context)


def unexplained_opening(refusal: operations.CountUnexplained) -> str:
    """Say that a drawer opens with something else than what it was left with."""
    said = _(
        "La dernière session a laissé %(left)s, vous comptez %(counted)s : mettez les recettes au coffre, comptez de"
        " nouveau, ou écrivez pourquoi."
    )
    return said % {"left": money.euros(refusal.expected), "counted": money.euros(refusal.counted)}


def why_not_opened(refusal: operations.CannotOpen) -> str:
    """Say why a drawer stays closed, and what to do."""
    return {
        OpeningObstacle.DISABLED: _("Cette caisse n’est plus en service."),
        OpeningObstacle.OPEN: _("Cette caisse est déjà ouverte : qui l’a ouverte doit d’abord l’arrêter."),
        OpeningObstacle.HAS_ANOTHER: _("Vous avez déjà une caisse ouverte dans cette régie : arrêtez-la d’abord."),
    }[refusal.why]


def _desk(pk: int) -> str:
    return redirect("crm:cash_desk", pk=pk).url


def _acted_on(request: AgentRequest, pk: int, session_pk: int) -> tuple[Regie, CashSession]:
    regie = get_object_or_404(Regie.objects.acted_on_by(request.agent), pk=pk)
    return regie, get_object_or_404(queries.sessions(regie), pk=session_pk)


def _open(request: AgentRequest, drawer_pk: int, form: OpenForm) -> CashSession:
    return operations.open_session(
        drawer_id=drawer_pk,
        count=form.count,
        reason=form.cleaned_data.get("reason", ""),
        actor=request.actor,
        at=dates.now(),
    )


def _close(request: AgentRequest, session_pk: int, form: CloseForm) -> CashSession:
    return operations.close_session(
        session_id=session_pk,
        count=form.count,
        expected_cents=form.cleaned_data["expected"] if form.cleaned_data["expected"] is not None else -1,
        explanation=form.cleaned_data["explanation"],
        actor=request.actor,
        at=dates.now(),
    )


def _settle(request: AgentRequest, session_pk: int, form: SettleForm) -> None:
    given = form.cleaned_data
    operations.settle_difference(
        session_id=session_pk,
        cents=given["amount"],
        reference=given["reference"],
        # A key belongs to its session: nobody can hand in another's.
        request_key=f"{session_pk}:{given['request_key']}",
        actor=request.actor,
        at=dates.now(),
    )


def _confirm(request: AgentRequest, regie: Regie, session: CashSession, form: CloseForm) -> HttpResponse:
    """Show what was counted beside what must be there, before it is confirmed."""
    expected = queries.expected_cents(session)
    context = {
        "regie": regie,
        "session": session,
        "form": form,
        "expected_cents": expected,
        "counted_cents": form.cents,
        "difference_cents": form.cents - expected,
        "rows": count_rows({str(value): number for value, number in form.count.items()}),
    }
    return render_page(request, "crm/bookkeeping/cash_session_confirm.html", context)
