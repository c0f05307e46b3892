"""Every encaissement of the régies that an agent sees."""

from typing import Any

import django_filters as filters
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _, gettext_lazy

from obole.audit_log.models import Access
from obole.books.queries import received
from obole.crm.bookkeeping import movements
from obole.crm.bookkeeping.books import too_long
from obole.crm.shared import exports, journal
from obole.crm.shared.filters import TICKS, offer_regies
from obole.crm.shared.lists import is_count_capped, kept_list, list_page, sorted_table, tab
from obole.crm.shared.pages import render_page
from obole.directory.access import AgentRequest, after_reauthentication, for_agents
from obole.directory.models import ListName
from obole.directory.rules import Right
from obole.lib import dates
from obole.lib.tables import TooLong
from obole.limits import operations as limits
from obole.limits.rules import EXPORTS
from obole.regies.models import Entry, Regie


class RegiesFilter(movements.MovementFilter):
    """Filters of what came into several régies."""

    regie = filters.ModelMultipleChoiceFilter(
        label=gettext_lazy("Régie"), queryset=lambda request: Regie.objects.none(), widget=TICKS
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        offer_regies(self)


DEFAULT = ("booked_at", "number", "payer", "invoice", "means", "taken_by", "cents")


@for_agents(Right.MONEY)
def receipts(request: AgentRequest) -> HttpResponse:
    """List what came in and what was taken back, newest first, with what it comes to."""
    today = dates.day_of(dates.now())
    narrowed, kept = _narrowed(request), kept_list(request, ListName.RECEIPTS, movements.MovementTable, default=DEFAULT)
    table = sorted_table(request, movements.MovementTable(narrowed.qs, **kept.table_options), rows=kept.rows)
    bounds = movements.bounds_of(narrowed)
    # Of all years together nobody reads the sum, and adding it up costs more than the page.
    summed = any(bounds) or not is_count_capped(table)
    totals = movements.totals(narrowed.qs, request.GET, bounds=bounds) if summed else None
    table.count_label = summary = movements.in_words(table, totals.whole if totals else None)
    tabs = [
        tab(request, _("Tous")),
        tab(request, _("Aujourd’hui"), first=today.isoformat()),
        tab(request, _("Ce mois"), first=today.replace(day=1).isoformat()),
        tab(request, _("Guichet"), means=["cash", "cheque", "terminal", "transfer", "cesu"]),
        tab(request, _("Repris ou rejetés"), came_back="yes"),
    ]
    context: dict[str, Any] = {**list_page(request, table, narrowed, tabs, kept), "summary": summary, "totals": totals}
    return render_page(request, "crm/bookkeeping/receipts.html", context)


@for_agents(Right.MONEY)
@after_reauthentication(reading=True)
def receipts_file(request: AgentRequest, kind: str) -> HttpResponseBase:
    """Give the filtered list as a file."""
    if kind not in exports.KINDS:
        raise Http404
    limits.use(EXPORTS, request.agent.pk, at=dates.now())
    journal.keep(request, Access.Verb.EXPORT, what="receipts", kind=kind, filters=request.GET.urlencode()[:200])
    table = movements.MovementTable(_narrowed(request).qs, order_by=request.GET.getlist("sort"))
    rows: QuerySet[Entry] = table.data.data
    name = f"encaissements-{dates.day_of(dates.now()).isoformat()}.{kind}"
    try:
        return exports.answer(kind, name, movements.file_table(_("Encaissements"), rows, with_regie=True))
    except TooLong as refusal:
        messages.warning(request, too_long(refusal))
        return redirect("crm:receipts")


def _narrowed(request: AgentRequest) -> RegiesFilter:
    rows = received.movements(Regie.objects.seen_by(request.agent))
    return RegiesFilter(request.GET, rows, agent=request.agent, today=dates.day_of(dates.now()))
