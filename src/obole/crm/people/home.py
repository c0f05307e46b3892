"""What waits, what is owed, what came in."""

from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from obole.billing import queries as billing
from obole.billing.models import Invoice
from obole.crm.shared import charts
from obole.crm.shared.pages import render_page
from obole.crm.shared.sidebar import sees_money
from obole.directory.access import AgentRequest, for_agents
from obole.directory.models import Agent
from obole.directory.rules import Right
from obole.dossiers import queries as dossiers
from obole.dossiers.models import Dossier
from obole.lib import dates, money
from obole.payments import queries as payments
from obole.regies import queries as regies
from obole.regies.models import Regie


@for_agents(Right.READ)
def home(request: AgentRequest) -> HttpResponse:
    """Show the figures of the day, and the plots."""
    today = dates.day_of(dates.now())
    seen = Invoice.objects.seen_by(request.agent)
    late = billing.late_by_age(seen, today)
    context = {
        "today": today,
        "states": dossiers.count_by_state(request.agent),
        "agent_pk": request.agent.pk,
        "mine": Dossier.objects.filter(agent=request.agent, state="in_review").count(),
        "due": billing.due_figures(seen, today),
        "age_plot": charts.by_age(late),
        "money": _money(request.agent, today) if sees_money(request.agent) else None,
        "longest": dossiers.dossiers_to_list(request.agent)
        .filter(state="submitted")
        .order_by("submitted_at", "id")[:5],
    }
    return render_page(request, "crm/people/home.html", context)


def _money(agent: Agent, today: date) -> dict[str, Any]:
    seen = list(Regie.objects.seen_by(agent).order_by("name", "id"))
    first = (today.replace(day=1) - timedelta(days=335)).replace(day=1)
    received = regies.received_by_day(seen, first=first, last=today)
    month = {day: cents for day, cents in received.items() if (day.year, day.month) == (today.year, today.month)}
    balances = regies.balances_of(seen)
    total = money.euros(sum(received.values()))
    return {
        "month_cents": sum(month.values()),
        "today_cents": received[today],
        "suspense_cents": sum(balance["suspense"] for balance in balances.values()),
        "anomalies": payments.open_anomalies(agent).count(),
        "plot": charts.by_month(received, _("Encaissements des douze derniers mois : %(total)s") % {"total": total}),
        "regies": seen,
        "unrung": [regie for regie in payments.banks_without_notifications(dates.now()) if regie in seen],
        "outages": payments.outages(regie.pk for regie in seen).values(),
    }
