"""« À traiter »: money that a person must look at, and mails that did not leave."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from obole.cash_desk import operations as cash_desk, queries as drawers
from obole.crm.bulk.selection import selection_of
from obole.crm.money import anomaly_actions, anomaly_list, anomaly_table
from obole.crm.money.counter_forms import UnmatchedForm
from obole.crm.money.task_selection import SOURCE, narrowed_by
from obole.crm.shared.cash_refusals import no_open_drawer
from obole.crm.shared.lists import keyset_table, list_page
from obole.crm.shared.pages import regies_acted_on, render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.payments import operations as payments, queries
from obole.payments.models import Allocation, Anomaly, Receipt, Refund
from obole.regies.models import Regie

LAST_CLOSED = 10


@for_agents(Right.MONEY)
def tasks(request: AgentRequest) -> HttpResponse:
    """List what waits on the agent's régies, oldest first, and what was dealt with last."""
    waits, selection = queries.open_anomalies(request.agent), selection_of(request, SOURCE)
    narrowed = narrowed_by(request, request.GET)
    options = selection.with_boxes({"sequence": ["..."]})
    table = keyset_table(request, anomaly_table.AnomalyTable(narrowed.qs, at=dates.now(), **options))
    table.know(anomaly_list.tasks_of(row.record for row in table.page.object_list))
    closed = queries.anomalies(request.agent).exclude(closed_at=None).order_by("-closed_at", "-id")
    context = {
        **list_page(request, table, narrowed, anomaly_list.kind_tabs(request, anomaly_list.count_by_kind(waits))),
        "selection": selection,
        "nothing_waits": not (table.paginated_rows or narrowed.active or narrowed.form.errors),
        "closed": anomaly_list.tasks_of(closed[:LAST_CLOSED]),
    }
    return render_page(request, "crm/money/anomalies.html", context)


@for_agents(Right.MONEY)
def task(request: AgentRequest, pk: int) -> HttpResponse:
    """Show what waits, the outcomes that are lawful now, and do the one that is asked."""
    anomaly = get_object_or_404(queries.anomalies(request.agent), pk=pk)
    one = anomaly_list.tasks_of([anomaly])[0]
    looked = _looked(request)
    acts = anomaly.regie_id is None or anomaly.regie_id in regies_acted_on(request)
    sent = request.POST if request.method == "POST" else None
    offers = anomaly_actions.actions_for(one, looked=looked, data=sent) if acts else []
    if request.method == "POST" and not acts:
        raise Http404
    if request.method == "POST":
        done = _decide(request, one, offers)
        if done is not None:
            return done
    context = {
        "task": one,
        "anomaly": anomaly,
        "offers": offers,
        "search": looked.search,
        "receipt": one.receipt,
        "searches": bool(offers) and one.receipt is not None and queries.payer_id_of(one.receipt) is None,
        "allocations": Allocation.objects.filter(receipt=one.receipt).select_related("invoice") if one.receipt else [],
        "refunds": Refund.objects.filter(receipt=one.receipt) if one.receipt else [],
    }
    return render_page(request, "crm/money/anomaly.html", context)


@for_agents(Right.MONEY)
def unmatched_new(request: AgentRequest, pk: int) -> HttpResponse:
    """Take money whose invoice nobody knows; only who answers for the régie does."""
    regie = get_object_or_404(Regie.objects.acted_on_by(request.agent), pk=pk)
    form = UnmatchedForm(request.POST or None, regie=regie)
    if request.method == "POST" and form.is_valid():
        try:
            receipt = _take(request, regie, form)
        except payments.MoneyNotTaken as refusal:
            form.refuse(refusal)
        except cash_desk.NoOpenSession:
            form.add_error("means", no_open_drawer())
        else:
            messages.success(request, _("l’encaissement est noté, en recettes à classer."))
            return redirect("crm:task", pk=receipt.anomalies.earliest("id").pk)
    context = {"regie": regie, "form": form, "must_open": drawers.must_open(request.agent, pk)}
    return render_page(request, "crm/money/unmatched_new.html", context)


def _looked(request: AgentRequest) -> anomaly_actions.SearchContext:
    search, invoice = request.GET.get("q", "")[:200].replace("\x00", ""), request.GET.get("facture", "")
    is_id = invoice.isascii() and invoice.isdigit() and len(invoice) < 18
    return anomaly_actions.SearchContext(search=search, invoice=int(invoice) if is_id else None)


def _take(request: AgentRequest, regie: Regie, form: UnmatchedForm) -> Receipt:
    # A key belongs to its régie: nobody can hand in another's.
    key = f"{regie.pk}:{form.cleaned_data['request_key']}"
    return cash_desk.take_unmatched(
        regie_id=regie.pk, money=form.money, request_key=key, actor=request.actor, at=dates.now()
    )


def _decide(
    request: AgentRequest, task: anomaly_list.Task, offers: list[anomaly_actions.AnomalyAction]
) -> HttpResponse | None:
    """Do what was sent; None if its form must be shown again."""
    offer = next((offer for offer in offers if offer.action == request.POST.get("action")), None)
    if offer is None:
        return _too_late(request, task.anomaly)
    if not offer.form.is_valid():
        return None
    try:
        said = anomaly_actions.decide(task, offer, actor=request.actor, at=dates.now())
    except anomaly_actions.REFUSALS as refusal:
        anomaly_actions.refuse(offer.form, refusal)
        return None
    messages.success(request, said)
    task.anomaly.refresh_from_db(fields=["closed_at"])
    return redirect("crm:tasks") if task.anomaly.closed_at else redirect("crm:task", pk=task.anomaly.pk)


def _too_late(request: AgentRequest, anomaly: Anomaly) -> HttpResponse:
    if anomaly.closed_at is None:
        messages.warning(request, _("cela n’est plus possible : la situation a changé entre-temps."))
        return redirect("crm:task", pk=anomaly.pk)
    messages.warning(request, _("%(who)s l’avait déjà traité.") % {"who": anomaly.closed_by})
    return redirect("crm:tasks")
