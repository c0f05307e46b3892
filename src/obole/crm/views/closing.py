"""Closing the ledger of a régie: only who answers for it does, after a page that says what will happen."""

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from obole.crm.forms import CloseForm
from obole.crm.ledgers import closing_rows
from obole.crm.pages import render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import days
from obole.regies import operations, queries
from obole.regies.models import Closing, Regie


@for_agents(Right.MONEY)
def closing_new(request: AgentRequest, pk: int) -> HttpResponse:
    """Show what a period comes to, and close it."""
    regie = get_object_or_404(queries.regies_answered_for(request.agent), pk=pk)
    posted = request.method == "POST"
    given = request.POST if posted else request.GET
    last = queries.closings(regie).first()
    form = CloseForm(given if "until" in given or posted else None, last=last, at=days.now())
    if not form.is_bound or not form.is_valid():
        return render_page(request, "crm/closing_new.html", {"regie": regie, "form": form, "until": None})
    until = form.cleaned_data["until"]
    if not posted:
        context = {"regie": regie, "form": form, "until": until, **_preview(regie, last, until)}
        return render_page(request, "crm/closing_new.html", context)
    try:
        closing = operations.close_period(regie_id=pk, until=until, actor=request.actor, at=days.now())
    except operations.CannotClose as refusal:
        messages.warning(request, str(refusal))
        return redirect("crm:regie", pk=pk)
    messages.success(request, _("les comptes sont arrêtés au %(day)s.") % {"day": days.long(until)})
    return redirect("crm:closing", pk=pk, closing_pk=closing.pk)


@for_agents(Right.MONEY)
def closing(request: AgentRequest, pk: int, closing_pk: int) -> HttpResponse:
    """Show what was closed: the totals as they were kept."""
    regie = get_object_or_404(Regie.objects.seen_by(request.agent), pk=pk)
    one = get_object_or_404(queries.closings(regie), pk=closing_pk)
    context = {"regie": regie, "closing": one, "rows": closing_rows(one.before, one.totals)}
    return render_page(request, "crm/closing.html", context)


def form_for(request: AgentRequest, regie: Regie, last: Closing | None) -> CloseForm | None:
    """Return the form that the page of a régie shows to who answers for it."""
    if not queries.regies_answered_for(request.agent).filter(pk=regie.pk).exists():
        return None
    at = days.now()
    yesterday, month_before = days.day_of(at) - timedelta(days=1), days.day_of(at).replace(day=1) - timedelta(days=1)
    first = month_before if last is None or last.until < month_before else yesterday
    return CloseForm(initial={"until": first}, last=last, at=at)


def _preview(regie: Regie, last: Closing | None, until: date) -> dict[str, Any]:
    before = queries.added(last.before, last.totals) if last else {}
    after = last.until if last else None
    totals = queries.sums_of_period(regie, after=after, until=until)
    count = queries.entries_of_period(regie, after=after, until=until).count()
    return {"rows": closing_rows(before, totals), "entries": count}
