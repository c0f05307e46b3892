"""The caisse of a régie on one page, for who comes unannounced to count it."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from obole.cash_desk import queries
from obole.crm.shared.pages import render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.regies import queries as regies
from obole.regies.models import Regie


@for_agents(Right.MONEY)
def cash_control(request: AgentRequest, pk: int) -> HttpResponse:
    """Show what must be there, what the books say, and what is under way; whoever sees the régie may."""
    regie = get_object_or_404(Regie.objects.seen_by(request.agent), pk=pk)
    position = queries.cash_position(regie)
    context = {
        "regie": regie,
        "at": dates.now(),
        "position": position,
        "opened": [content for content in position.contents if content.is_open],
        "balances": regies.balances(regie),
        "deposits": queries.waiting_deposits(regie),
        "last": queries.sessions(regie).filter(closed_at__isnull=False).first(),
        "unsettled": queries.unsettled(regie),
        "closing": regies.closings(regie).first(),
    }
    return render_page(request, "crm/bookkeeping/cash_control.html", context)
