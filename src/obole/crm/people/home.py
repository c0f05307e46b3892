"""What waits, what is owed, what came in."""

from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from obole.billing import queries as billing
from obole.billing.models import Invoice
from obole.campaigns import queries as campaigns
from obole.crm.people import figures
from obole.crm.people.waiting import waiting_for
from obole.crm.shared import charts
from obole.crm.shared.pages import render_page
from obole.crm.shared.sidebar import sees_money
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.dossiers import queries as dossiers
from obole.lib import dates, money
from obole.payments import queries as payments
from obole.regies import queries as regies
from obole.regies.models import Regie

SHOWN = 5
"""Dossiers that have waited the longest."""


@for_agents(Right.READ)
def home(request: AgentRequest) -> HttpResponse:
    """Show what waits for the agent, the figures of the day, and the plots."""
    today = dates.day_of(dates.now())
    agent, shown = request.agent, Invoice.objects.seen_by(request.agent)
    seen = list(Regie.objects.seen_by(agent).order_by("name", "id")) if sees_money(agent) else []
    context = {
        "today": today,
        "waiting": waiting_for(agent, seen, today=today),
        "late": campaigns.late_campaigns(agent, today=today) if agent.may(Right.REVIEW) else [],
        "due": billing.due_figures(shown, today),
        "age_plot": figures.age_plot(agent, today),
        "steps_plot": figures.steps_plot(agent, today),
        "money": _money(seen, today) if sees_money(agent) else None,
        "longest": dossiers.dossiers_to_list(agent).filter(state="submitted").order_by("submitted_at", "id")[:SHOWN],
    }
    return render_page(request, "crm/people/home.html", context)


def _money(seen: list[Regie], today: date) -> dict[str, Any]:
    first = (today.replace(day=1) - timedelta(days=335)).replace(day=1)
    received = regies.received_by_day(seen, first=first, last=today)
    month = {day: cents for day, cents in received.items() if (day.year, day.month) == (today.year, today.month)}
    balances = regies.balances_of(seen)
    total = money.euros(sum(received.values()))
    return {
        "month_cents": sum(month.values()),
        "today_cents": received[today],
        "suspense_cents": sum(balance["suspense"] for balance in balances.values()),
        "plot": charts.by_month(received, _("Encaissements des douze derniers mois : %(total)s") % {"total": total}),
        "regies": seen,
        "months": figures.month_table(seen, balances, today) if seen else None,
        "reversals_plot": figures.reversals_plot(seen, today),
        "unrung": [regie for regie in payments.banks_without_notifications(dates.now()) if regie in seen],
        "outages": payments.outages(regie.pk for regie in seen).values(),
    }
