"""Remises de service: their list, one of them with what is still to be signed, its procès-verbal."""

from typing import Any

import django_tables2 as tables
from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _, gettext_lazy
from django_tables2.utils import Accessor

from obole.books import operations as books, states
from obole.books.documents import handover as handover_documents
from obole.books.models import Handover
from obole.books.operations import CannotHandOver
from obole.books.queries import handovers as queries
from obole.books.states import HandoverState
from obole.crm.bookkeeping.handover_rows import situation_of
from obole.crm.shared import badges
from obole.crm.shared.columns import MAIN, STATUS, DayColumn
from obole.crm.shared.lists import sorted_table
from obole.crm.shared.pages import conflict_response, file_answer, regies_acted_on, render_page
from obole.directory.access import AgentRequest, after_reauthentication, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.lib.states import ForbiddenTransition
from obole.regies import access
from obole.regies.models import Regie


class HandoverTable(tables.Table):  # type: ignore[misc]  # untyped library
    """Remises de service of a régie."""

    day = DayColumn(
        verbose_name=gettext_lazy("Jour"),
        attrs=MAIN,
        linkify=("crm:handover", {"pk": Accessor("regie_id"), "handover_pk": Accessor("pk")}),
        order_by=("left_at", "pk"),
    )
    left_by = tables.Column(verbose_name=gettext_lazy("Sortant"), orderable=False)
    arriving = tables.Column(verbose_name=gettext_lazy("Entrant"), orderable=False)
    kind = tables.Column(verbose_name=gettext_lazy("Motif"), order_by=("kind", "pk"))
    state = tables.Column(verbose_name=gettext_lazy("Statut"), attrs=STATUS, order_by=("state", "pk"))

    caption = gettext_lazy("Remises de service")
    count_label = ""

    class Meta:
        template_name = "ui/table.html"
        empty_text = gettext_lazy("Aucune remise de service.")

    def render_state(self, record: Handover) -> SafeString:
        """Draw the state."""
        return badges.handover_badge(record)


class CountersignForm(forms.Form):
    """What who arrives has to say."""

    reservations = forms.CharField(
        label=gettext_lazy("Vos réserves"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Elles sont écrites au procès-verbal. Vide si vous n’en avez pas."),
    )


class GiveUpForm(forms.Form):
    """Why it is not signed."""

    reason = forms.CharField(
        label=gettext_lazy("Motif de l’abandon"),
        max_length=300,
        error_messages={"required": gettext_lazy("Écrivez pourquoi cette remise de service est abandonnée.")},
    )


@for_agents(Right.MONEY)
def handovers(request: AgentRequest, pk: int) -> HttpResponse:
    """List the remises de service of a régie."""
    regie = get_object_or_404(Regie.objects.seen_by(request.agent), pk=pk)
    context = {
        "regie": regie,
        "table": sorted_table(request, HandoverTable(queries.handovers_of(regie))),
        "signs": may_sign(request, pk),
    }
    return render_page(request, "crm/bookkeeping/handovers.html", context)


@for_agents(Right.MONEY)
@after_reauthentication()
def handover(request: AgentRequest, pk: int, handover_pk: int) -> HttpResponse:
    """Show a remise de service; who arrives signs it, and both may give it up."""
    one = _seen(request, pk, handover_pk)
    offered = _forms(request, one)
    form = offered.get(request.POST.get("action", "")) if request.method == "POST" else None
    if request.method == "POST" and form is None:
        return _refused(request, one)
    if form is not None and form.is_valid() and (done := _done(request, one, form)):
        return done
    context = {
        "regie": one.regie,
        "handover": one,
        "pill": badges.handover_badge(one),
        "forms": offered,
        "form": form,
        "situation": situation_of(one),
        "is_mine": request.actor.is_same_as(one.left_by),
        "sees_regie": Regie.objects.seen_by(request.agent).filter(pk=pk).exists(),
    }
    return render_page(request, "crm/bookkeeping/handover.html", context)


@for_agents(Right.MONEY)
def handover_pdf(request: AgentRequest, pk: int, handover_pk: int) -> HttpResponse:
    """Give the procès-verbal; it is made now if the worker has not made it yet."""
    one = _seen(request, pk, handover_pk)
    if one.state != HandoverState.DONE:
        raise Http404
    paper = handover_documents.ensure_handover_pdf(handover_id=one.pk, at=dates.now())
    name = f"remise-de-service-{one.regie.code.lower()}-{one.day.isoformat()}.pdf"
    return file_answer(handover_documents.read_pdf(paper), name=name, content_type="application/pdf")


def may_sign(request: AgentRequest, pk: int) -> bool:
    """Tell whether who asks signs for a régie today: its régisseur, or a suppléant."""
    mandates = request.agent.mandates.valid_today().filter(regie=pk, kind__in=access.SIGNATORIES)
    return bool(mandates.exists())


def _seen(request: AgentRequest, pk: int, handover_pk: int) -> Handover:
    rows = Handover.objects.seen_by(request.agent).select_related("regie")
    return get_object_or_404(rows, regie=pk, pk=handover_pk)


def _forms(request: AgentRequest, one: Handover) -> dict[str, forms.Form]:
    """Return the forms of what this agent may do now, by action; the one that was sent holds what was typed."""
    arrives = request.actor.is_same_as(one.arriving)
    action, made = request.POST.get("action", ""), dict[str, forms.Form]()
    if arrives and states.COUNTERSIGN.allows(one):
        made["sign"] = CountersignForm(request.POST if action == "sign" else None)
    if (arrives or one.regie_id in regies_acted_on(request)) and states.CANCEL.allows(one):
        made["give_up"] = GiveUpForm(request.POST if action == "give_up" else None)
    return made


def _refused(request: AgentRequest, one: Handover) -> HttpResponse:
    """
    Say that it has changed; nothing to who may not sign.

    :raises Http404: to them.
    """
    if not request.actor.is_same_as(one.arriving) and one.regie_id not in regies_acted_on(request):
        raise Http404
    return conflict_response(request, _("Cette remise de service a changé entre-temps."), request.path)


def _done(request: AgentRequest, one: Handover, form: forms.Form) -> HttpResponse | None:
    """Do what was sent; None if its form must be shown again."""
    here = reverse("crm:handover", args=[one.regie_id, one.pk])
    who: dict[str, Any] = {"handover_id": one.pk, "actor": request.actor, "at": dates.now()}
    try:
        if isinstance(form, GiveUpForm):
            books.cancel_handover(reason=form.cleaned_data["reason"], **who)
            messages.success(request, _("la remise de service est abandonnée."))
        elif books.countersign_handover(reservations=form.cleaned_data["reservations"], **who).arrived_at is None:
            sentence = _("Rien n’est remis : la situation a changé depuis la première signature. Recommencez.")
            return conflict_response(request, sentence, here)
        else:
            messages.success(request, _("la régie est remise : le procès-verbal est prêt."))
    except CannotHandOver as refusal:
        form.add_error(None, str(refusal))
        return None
    except ForbiddenTransition:
        return conflict_response(request, _("Cette remise de service a changé entre-temps."), here)
    return redirect(here)
