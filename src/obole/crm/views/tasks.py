"""« À traiter »: money that a person must look at, and mails that did not leave."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from obole.crm import deciding, waiting
from obole.crm.forms_tasks import UnmatchedForm
from obole.crm.pages import page_of, render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import days
from obole.payments import operations as payments
from obole.payments import queries
from obole.payments.models import Allocation, Anomaly, Receipt, Refund
from obole.regies import queries as regies
from obole.regies.models import Regie

LAST_CLOSED = 10


@for_agents(Right.MONEY)
def tasks(request: AgentRequest) -> HttpResponse:
    """Show what waits on the agent's régies, oldest first, and what was dealt with last."""
    waits = queries.open_anomalies(request.agent)
    kind = request.GET.get("kind", "")
    page = page_of(request, waits.filter(kind=kind) if kind in Anomaly.Kind.values else waits, per_page=20)
    closed = queries.anomalies(request.agent).exclude(closed_at=None).order_by("-closed_at", "-id")
    context = {
        "page": page,
        "tasks": waiting.tasks_of(page),
        "tabs": waiting.kind_tabs(request, waits),
        "closed": waiting.tasks_of(closed[:LAST_CLOSED]),
    }
    return render_page(request, "crm/tasks.html", context)


@for_agents(Right.MONEY)
def task(request: AgentRequest, pk: int) -> HttpResponse:
    """Show what waits, the outcomes that are lawful now, and do the one that is asked."""
    anomaly = get_object_or_404(queries.anomalies(request.agent), pk=pk)
    one = waiting.tasks_of([anomaly])[0]
    looked = _looked(request)
    offers = deciding.offers(one, looked=looked, data=request.POST if request.method == "POST" else None)
    if request.method == "POST":
        done = _decide(request, one, offers)
        if done is not None:
            return done
    context = {
        "task": one, "anomaly": anomaly, "offers": offers, "search": looked.search, "receipt": one.receipt,
        "searches": bool(offers) and one.receipt is not None and queries.payer_id_of(one.receipt) is None,
        "allocations": Allocation.objects.filter(receipt=one.receipt).select_related("invoice") if one.receipt else [],
        "refunds": Refund.objects.filter(receipt=one.receipt) if one.receipt else [],
    }  # fmt: skip
    return render_page(request, "crm/task.html", context)


@for_agents(Right.MONEY)
def unmatched_new(request: AgentRequest, pk: int) -> HttpResponse:
    """Take money whose invoice nobody knows; only who answers for the régie does."""
    regie = get_object_or_404(regies.regies_answered_for(request.agent), pk=pk)
    form = UnmatchedForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            receipt = _take(request, regie, form.cleaned_data)
        except payments.NotTaken:
            form.add_error(None, _("Cette régie est fermée : rouvrez-la dans le paramétrage, puis validez de nouveau."))
        else:
            messages.success(request, _("l’encaissement est noté, en recettes à classer."))
            return redirect("crm:task", pk=receipt.anomalies.earliest("id").pk)
    return render_page(request, "crm/unmatched_new.html", {"regie": regie, "form": form})


def _looked(request: AgentRequest) -> deciding.Looked:
    search, invoice = request.GET.get("q", "")[:200].replace("\x00", ""), request.GET.get("facture", "")
    is_id = invoice.isascii() and invoice.isdigit() and len(invoice) < 18
    return deciding.Looked(search=search, invoice=int(invoice) if is_id else None)


def _take(request: AgentRequest, regie: Regie, given: dict[str, Any]) -> Receipt:
    money = payments.Money(
        cents=given["amount"], means=Receipt.Means(given["means"]), payer_name=given["payer_name"], reference=given["reference"]
    )  # fmt: skip
    return payments.take_unmatched(
        regie_id=regie.pk, money=money, request_key=given["request_key"], actor=request.actor, at=days.now()
    )


def _decide(request: AgentRequest, one: waiting.Task, offers: list[deciding.Offer]) -> HttpResponse | None:
    """Do what was sent; None if its form must be shown again."""
    offer = next((offer for offer in offers if offer.action == request.POST.get("action")), None)
    if offer is None:
        return _too_late(request, one.anomaly)
    if not offer.form.is_valid():
        return None
    try:
        said = deciding.decide(one, offer, actor=request.actor, at=days.now())
    except deciding.REFUSALS as refusal:
        deciding.refuse(offer.form, refusal)
        return None
    messages.success(request, said)
    one.anomaly.refresh_from_db(fields=["closed_at"])
    return redirect("crm:tasks") if one.anomaly.closed_at else redirect("crm:task", pk=one.anomaly.pk)


def _too_late(request: AgentRequest, anomaly: Anomaly) -> HttpResponse:
    if anomaly.closed_at is None:
        messages.warning(request, _("cela n’est plus possible : la situation a changé entre-temps."))
        return redirect("crm:task", pk=anomaly.pk)
    messages.warning(request, _("%(who)s l’avait déjà traité.") % {"who": anomaly.closed_by})
    return redirect("crm:tasks")
