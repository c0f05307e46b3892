"""Transactions: every try to pay at the bank, and what was said."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from obole.crm import looks
from obole.crm.facts import compared, named
from obole.crm.filters import AttemptFilter
from obole.crm.lists import configured, listed, tab
from obole.crm.pages import render_page
from obole.crm.tables import AttemptTable
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.gateways import registry
from obole.lib import days
from obole.payments import history, queries
from obole.payments import operations as payments
from obole.payments.models import Attempt, BankExchange, Receipt
from obole.payments.states import AttemptState
from obole.regies.models import Regie

PATIENCE = 5.0
"""Seconds: the agent is waiting for the page."""


@for_agents(Right.MONEY)
def attempts(request: AgentRequest) -> HttpResponse:
    """List the attempts on the agent's régies."""
    today = days.day_of(days.now())
    narrowed = AttemptFilter(request.GET, queries.attempts_to_list(request.agent), agent=request.agent, today=today)
    table = configured(request, AttemptTable(narrowed.qs))
    tabs = [
        tab(request, _("Toutes")),
        tab(request, _("En attente du retour"), state=["opening", "waiting"]),
        tab(request, _("Refusées"), state=["refused"]),
        tab(request, _("Non ouvertes"), state=["failed"]),
        tab(request, _("Aujourd’hui"), opened_from=today.isoformat()),
    ]
    return render_page(request, "crm/attempts.html", listed(request, table, narrowed, tabs))


@for_agents(Right.MONEY)
def attempt(request: AgentRequest, pk: int) -> HttpResponse:
    """Show what was sent to the bank, what it said, and every exchange."""
    one = _seen(request, pk)
    anomalies = list(queries.anomalies(request.agent).filter(attempt=one).order_by("opened_at", "id"))
    receipt = Receipt.objects.select_related("entry", "reversal").filter(attempt=one).first()
    context = {
        "attempt": one,
        "shares": queries.shares_of(one),
        "pill": looks.attempt_pill(one),
        "facts": compared(one, receipt, anomalies),
        "receipt": receipt,
        "can_reject": bool(receipt and payments.ways_back(receipt)),
        "reversal": getattr(receipt, "reversal", None),
        "anomalies": [(anomaly, named(anomaly)) for anomaly in anomalies],
        "exchanges": [
            (exchange, history.outcome_in_words(exchange)) for exchange in one.exchanges.order_by("at", "id")
        ],
        "can_ask": bool(one.gateway_reference) and one.state not in (AttemptState.PAID, AttemptState.TESTED),
        "advice": _(advice) if (advice := registry.explain(one.gateway, one.bank_said)) else "",
    }
    return render_page(request, "crm/attempt.html", context)


@for_agents(Right.MONEY)
@require_POST
def attempt_ask(request: AgentRequest, pk: int) -> HttpResponse:
    """Ask the bank again, now."""
    before = _seen(request, pk)
    after = payments.resolve_attempt(attempt_id=pk, actor=request.actor, at=days.now(), seconds=PATIENCE)
    label = AttemptState(after.state).label
    if after.state != before.state:
        messages.success(request, _("la banque a répondu : « %(state)s ».") % {"state": label})
    elif after.asked_at == before.asked_at:
        messages.warning(request, _("la banque n’a pas répondu ; elle sera interrogée de nouveau."))
    else:
        messages.info(request, _("la banque ne dit rien de nouveau : « %(state)s ».") % {"state": label})
    return redirect("crm:attempt", pk=pk)


@for_agents(Right.MONEY)
def exchange(request: AgentRequest, pk: int) -> HttpResponse:
    """Show a question and its answer, word for word."""
    seen = Regie.objects.seen_by(request.agent)
    rows = BankExchange.objects.filter(attempt__regie__in=seen).select_related("attempt__invoice")
    one = get_object_or_404(rows, pk=pk)
    return render_page(request, "crm/exchange.html", {"exchange": one, "outcome": history.outcome_in_words(one)})


def _seen(request: AgentRequest, pk: int) -> Attempt:
    one = queries.attempts_to_list(request.agent).filter(pk=pk).first()
    if one is None:
        raise Http404
    return one
