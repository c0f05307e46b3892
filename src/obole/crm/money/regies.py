"""Régies: what each holds, what came in, and every entry of its ledger."""

from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from obole.books.models import Handover
from obole.books.queries import balances as books
from obole.crm.money import closing
from obole.crm.shared import charts
from obole.crm.shared.ledger_entries import entry_rows
from obole.crm.shared.pages import page_of, regies_acted_on, render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates, money
from obole.payments import queries as payments
from obole.regies import queries
from obole.regies.accounts import Account
from obole.regies.models import Regie
from obole.remittances import queries as remittances
from obole.ui.plots import BarPlot

DAYS_SHOWN = 30


@for_agents(Right.MONEY)
def regies(request: AgentRequest) -> HttpResponse:
    """List the régies that the agent answers for, with what they hold."""
    rows = list(Regie.objects.seen_by(request.agent).order_by("name", "id"))
    balances = queries.balances_of(rows)
    shown = [
        (regie, balances[regie.pk], sum(balances[regie.pk][account] for account in queries.HELD)) for regie in rows
    ]
    return render_page(request, "crm/money/regies.html", {"rows": shown, "handovers": _to_sign(request)})


@for_agents(Right.MONEY)
def regie(request: AgentRequest, pk: int) -> HttpResponse:
    """Show a régie: balances, what came in day by day, entries."""
    one = get_object_or_404(Regie.objects.seen_by(request.agent), pk=pk)
    today = dates.day_of(dates.now())
    balances = queries.balances(one)
    page = page_of(request, queries.entries(one), per_page=15)
    closings = list(queries.closings(one))
    context = {
        "regie": one,
        "accounts": [(Account(name), cents) for name, cents in balances.items()],
        "held_cents": sum(balances[account] for account in queries.HELD),
        "balances": balances,
        "plot": _plot(one, today),
        "page": page,
        "entries": entry_rows(page.object_list),
        "may_configure": request.agent.may(Right.CONFIGURE),
        "outages": payments.outages([one.pk]).values(),
        "unrung": {one} & set(payments.banks_without_notifications(dates.now())),
        "closings": closings,
        "late_to_close": books.is_late_to_close(one, today),
        "close_form": closing.form_for(request, one, closings[0] if closings else None),
        **_beside(request, one),
        "verified": payments.last_verification(),
        "acts": one.pk in regies_acted_on(request),
    }
    return render_page(request, "crm/money/regie.html", context)


def _beside(request: AgentRequest, one: Regie) -> dict[str, Any]:
    """Return what waits for who looks or is late, and whether the régie has cautions: they are in no account."""
    return {
        "handovers": _to_sign(request).filter(regie=one),
        "cautions": one.holds_cautions or one.cautions.exists(),
        "late": remittances.late_since(one, at=dates.now()),
        "too_much": remittances.too_much_held(one),
    }


def _to_sign(request: AgentRequest) -> QuerySet[Handover]:
    """Return the remises de service that wait for this agent's signature, whose mandate may not have begun."""
    return Handover.objects.waiting_for(request.agent).select_related("regie").order_by("left_at", "id")


def _plot(regie: Regie, today: date) -> BarPlot:
    received = queries.received_by_day([regie], first=today - timedelta(days=DAYS_SHOWN - 1), last=today)
    words = {"n": DAYS_SHOWN, "total": money.euros(sum(received.values()))}
    return charts.by_day(received, _("Encaissements des %(n)d derniers jours : %(total)s") % words)
