"""The caisse of a régie: its drawers, what each must hold now, what moved today, and the sessions of before."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy

from obole.cash_desk import operations, queries
from obole.cash_desk.models import CashMovement, Drawer
from obole.crm.shared.pages import page_of, regies_acted_on, render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.regies.models import Regie
from obole.ui.forms import NameField


class DrawerForm(forms.Form):
    """A drawer: its name, and whether cash goes through it."""

    name = NameField(label=gettext_lazy("Nom"), max_length=60, help_text=gettext_lazy("Par exemple « Guichet »."))
    enabled = forms.BooleanField(
        label=gettext_lazy("En service"),
        required=False,
        initial=True,
        help_text=gettext_lazy(
            "Dès qu’une caisse est en service, les espèces de la régie ne se prennent et ne se rendent que caisse"
            " ouverte."
        ),
    )


@dataclass(frozen=True)
class MovementDisplay:
    """A movement in words, with the way to what caused it."""

    at: datetime
    drawer: str
    label: str
    url: str
    cents: int

    @property
    def out_cents(self) -> int:
        """What left, without its sign."""
        return -self.cents


def movement_rows(movements: Any, regie: Regie) -> list[MovementDisplay]:
    """Return movements (their causes joined) ready for a table."""
    return [MovementDisplay(one.at, one.session.drawer.name, *_cause(one, regie), one.cents) for one in movements]


def _cause(one: CashMovement, regie: Regie) -> tuple[str, str]:
    if one.receipt:
        return _("Encaissement %(number)s") % {"number": one.receipt}, reverse("crm:receipt", args=[one.receipt.pk])
    if one.reversal:
        taken_back = one.reversal.receipt
        return _("Reprise de %(number)s") % {"number": taken_back}, reverse("crm:receipt", args=[taken_back.pk])
    if one.deposit:
        return _("Remise %(number)s") % {"number": one.deposit}, reverse("crm:deposit", args=[regie.pk, one.deposit.pk])
    settled = one.settlement.session_id if one.settlement else 0
    return _("Différence régularisée"), reverse("crm:cash_session", args=[regie.pk, settled])


@for_agents(Right.MONEY)
def cash_desk(request: AgentRequest, pk: int) -> HttpResponse:
    """Show the drawers, what must be there, and what moved today."""
    regie = get_object_or_404(Regie.objects.seen_by(request.agent), pk=pk)
    today = dates.day_of(dates.now())
    mine = queries.open_session_of(request.agent, pk)
    context = {
        "regie": regie,
        "position": queries.cash_position(regie),
        "mine": mine,
        "acts": pk in regies_acted_on(request),
        "may_configure": request.agent.may(Right.CONFIGURE),
        "movements": movement_rows(queries.movements_on(regie, today), regie),
        "unsettled": queries.unsettled(regie),
        "page": page_of(request, queries.sessions(regie), per_page=20),
    }
    return render_page(request, "crm/bookkeeping/cash_desk.html", context)


@for_agents(Right.CONFIGURE)
def drawer(request: AgentRequest, pk: int, drawer_pk: int | None = None) -> HttpResponse:
    """Create a drawer, rename it, or put it out of service."""
    regie = get_object_or_404(Regie.objects.seen_by(request.agent), pk=pk)
    known = get_object_or_404(queries.drawers(regie), pk=drawer_pk) if drawer_pk else None
    form = DrawerForm(request.POST or None, initial=_initial(known))
    if form.is_valid():
        values = {**form.cleaned_data, "regie": regie}
        try:
            done = operations.configure_drawer(drawer_id=drawer_pk, values=values, actor=request.actor, at=dates.now())
        except ValidationError as refusal:
            _refuse(form, refusal)
        else:
            messages.success(request, _("la caisse « %(name)s » est enregistrée.") % {"name": done})
            return redirect("crm:cash_desk", pk=pk)
    return render_page(request, "crm/bookkeeping/drawer.html", {"regie": regie, "drawer": known, "form": form})


def _initial(known: Drawer | None) -> dict[str, Any]:
    return {"name": known.name, "enabled": known.enabled} if known else {"enabled": True}


def _refuse(form: DrawerForm, refusal: ValidationError) -> None:
    """Write at their fields what the room refused; the same name twice is said at the name."""
    for field, sentences in refusal.message_dict.items():
        for sentence in sentences:
            form.add_error(field if field in form.fields else "name", sentence)
