"""Régies: what each holds, what came in, and every entry of its ledger."""

from datetime import timedelta

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from obole.crm import pictures
from obole.crm.ledgers import told_entries
from obole.crm.pages import page_of, render_page
from obole.crm.views import closing
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import days, money
from obole.payments import queries as payments
from obole.regies import queries
from obole.regies.accounts import Account
from obole.regies.models import Regie

DAYS_SHOWN = 30


@for_agents(Right.MONEY)
def regies(request: AgentRequest) -> HttpResponse:
    """List the régies that the agent answers for, with what they hold."""
    rows = list(Regie.objects.seen_by(request.agent).order_by("name", "id"))
    balances = queries.balances_of(rows)
    shown = [
        (
            regie,
            balances[regie.pk],
            sum(balances[regie.pk][account] for account in queries.HELD),
        )
        for regie in rows
    ]
    return render_page(request, "crm/regies.html", {"rows": shown})


@for_agents(Right.MONEY)
def regie(request: AgentRequest, pk: int) -> HttpResponse:
    """Show a régie: balances, what came in day by day, entries."""
    one = get_object_or_404(Regie.objects.seen_by(request.agent), pk=pk)
    today = days.day_of(days.now())
    received = queries.received_by_day([one], first=today - timedelta(days=DAYS_SHOWN - 1), last=today)
    balances = queries.balances(one)
    page = page_of(request, queries.entries(one), per_page=15)
    closings = list(queries.closings(one))
    total = money.euros(sum(received.values()))
    context = {
        "regie": one,
        "accounts": [(Account(name), cents) for name, cents in balances.items()],
        "held_cents": sum(balances[account] for account in queries.HELD),
        "balances": balances,
        "plot": pictures.by_day(
            received, _("Encaissements des %(n)d derniers jours : %(total)s") % {"n": DAYS_SHOWN, "total": total}
        ),
        "page": page,
        "entries": told_entries(page.object_list),
        "may_configure": request.agent.may(Right.CONFIGURE),
        "outages": payments.outages([one.pk]).values(),
        "closings": closings,
        "close_form": closing.form_for(request, one, closings[0] if closings else None),
        "verified": payments.last_verification(),
    }
    return render_page(request, "crm/regie.html", context)
