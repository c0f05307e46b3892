"""Accepting at once all that agrees to the cent: how many and how much first, then how far it is."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _, ngettext
from django.views.decorators.http import require_POST

from obole.bank_statements import operations, queries
from obole.bank_statements.models import AcceptanceRun
from obole.crm.bookkeeping.line_tables import proposal_of
from obole.crm.shared.pages import page_of, render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.regies.models import Regie


@for_agents(Right.MONEY)
def accept_all(request: AgentRequest, pk: int) -> HttpResponse:
    """Say how many proposals agree to the cent and what they come to, then accept them."""
    regie = get_object_or_404(Regie.objects.acted_on_by(request.agent), pk=pk)
    rows = queries.sure_lines(pk)
    if request.method != "POST":
        page = page_of(request, rows, per_page=50)
        lines = [(line, proposal_of(line)) for line in page.object_list]
        context = {"regie": regie, "sure": queries.summed(rows), "page": page, "lines": lines}
        return render_page(request, "crm/bookkeeping/accept_all.html", context)
    try:
        run = operations.accept_all(regie_id=pk, seen=_seen(request), actor=request.actor, at=dates.now())
    except operations.ProposalsMoved:
        messages.warning(
            request, _("Les propositions ont changé entre-temps : rien n’est accepté. Regardez-les de nouveau.")
        )
        return redirect("crm:bank_accept_all", pk=pk)
    return redirect("crm:bank_run", pk=pk, run_pk=run.pk)


@for_agents(Right.MONEY)
def run(request: AgentRequest, pk: int, run_pk: int) -> HttpResponse:
    """Show how far a run is."""
    regie = get_object_or_404(Regie.objects.seen_by(request.agent), pk=pk)
    one = get_object_or_404(AcceptanceRun, regie=regie, pk=run_pk)
    total = len(one.lines)
    said = ngettext("%(done)d ligne sur %(n)d", "%(done)d lignes sur %(n)d", one.done)
    context = {
        "regie": regie,
        "run": one,
        "total": total,
        "left": one.done - one.accepted,
        "progress": said % {"done": one.done, "n": total},
        "refresh": 0 if one.ended_at else 3,
    }
    return render_page(request, "crm/bookkeeping/run.html", context)


@for_agents(Right.MONEY)
@require_POST
def look_again(request: AgentRequest, pk: int) -> HttpResponse:
    """Look again for what the open lines are, now."""
    get_object_or_404(Regie.objects.acted_on_by(request.agent), pk=pk)
    found = operations.propose_matches(regie_id=pk, at=dates.now())
    said = ngettext("%(n)d ligne a une proposition.", "%(n)d lignes ont une proposition.", found)
    messages.success(request, said % {"n": found})
    return redirect("crm:reconciliation", pk=pk)


def _seen(request: AgentRequest) -> queries.Sums:
    count, cents = (request.POST.get(name, "") for name in ("count", "cents"))
    is_number = all(text.removeprefix("-").isdecimal() and len(text) < 18 for text in (count, cents))
    return queries.Sums(int(count), int(cents)) if is_number else queries.Sums(-1, 0)
