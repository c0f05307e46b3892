"""One try to pay at the bank: what became of it, and for who answers for its régie every word that was said."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from obole.audit_log.models import Access
from obole.crm.money.bank_comparison import compare_facts, fact_names
from obole.crm.shared import badges, journal
from obole.crm.shared.pages import regies_acted_on, regies_seen, render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.gateways import registry
from obole.lib import dates
from obole.payments import operations as payments, queries as payment_queries, timeline
from obole.payments.models import Attempt, BankExchange, Receipt
from obole.payments.operations.gateway_status import FINAL
from obole.payments.states import AttemptState
from obole.regies.models import Regie

PATIENCE = 5.0
"""Seconds: the agent is waiting for the page."""


@for_agents(Right.READ)
def attempt(request: AgentRequest, pk: int) -> HttpResponse:
    """
    Show what became of an attempt; to who sees the money of its régie, what was sent to the bank and every exchange.
    """
    one = _seen(request, pk)
    shares = one.seen_shares  # type: ignore[attr-defined]  # prefetched
    money = one.regie_id in regies_seen(request)
    context = {
        "attempt": one,
        "money": money,
        "shares": shares,
        "others": payment_queries.shares_of(one).count() - len(shares),
        "pill": badges.attempt_badge(one),
        "outcome": timeline.describe_end(one),
        "advice": _(advice) if (advice := registry.explain(one.gateway, one.bank_said)) else "",
        **(_with_the_bank(request, one) if money else {}),
    }
    return render_page(request, "crm/money/attempt.html", context)


def _with_the_bank(request: AgentRequest, one: Attempt) -> dict[str, Any]:
    """Return what only who sees the money of its régie may read."""
    anomalies = list(payment_queries.anomalies(request.agent).filter(attempt=one).order_by("opened_at", "id"))
    receipt = Receipt.objects.select_related("entry", "reversal").filter(attempt=one).first()
    acts = one.regie_id in regies_acted_on(request)
    return {
        "facts": compare_facts(one, receipt, anomalies),
        "receipt": receipt,
        "can_reject": bool(receipt and acts and payments.reversal_reasons(receipt)),
        "reversal": getattr(receipt, "reversal", None),
        "anomalies": [(anomaly, fact_names(anomaly)) for anomaly in anomalies],
        "exchanges": [
            (exchange, timeline.describe_outcome(exchange)) for exchange in one.exchanges.order_by("at", "id")
        ],
        "can_ask": acts and bool(one.gateway_reference) and one.state not in FINAL,
    }


@for_agents(Right.MONEY)
@require_POST
def attempt_ask(request: AgentRequest, pk: int) -> HttpResponse:
    """Ask the bank again, now."""
    before = _seen(request, pk)
    if before.regie_id not in regies_acted_on(request):
        raise Http404
    after = payments.resolve_attempt(attempt_id=pk, actor=request.actor, at=dates.now(), seconds=PATIENCE)
    label = AttemptState(after.state).label
    if after.state != before.state:
        messages.success(request, _("la banque a répondu : « %(state)s ».") % {"state": label})
    elif after.state in FINAL:
        messages.info(request, _("il n’y a plus rien à demander : ce paiement est « %(state)s ».") % {"state": label})
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
    journal.keep(request, Access.Verb.EXCHANGE, one)
    return render_page(request, "crm/money/exchange.html", {"exchange": one, "outcome": timeline.describe_outcome(one)})


def _seen(request: AgentRequest, pk: int) -> Attempt:
    return get_object_or_404(payment_queries.attempts_seen_by(request.agent), pk=pk)
