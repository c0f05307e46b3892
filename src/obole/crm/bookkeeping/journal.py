"""The journal des encaissements of a régie: what came in and what was taken back, by day and by means."""

from django.http import HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from obole.books.queries import received
from obole.books.rules import Period, month_of
from obole.crm.bookkeeping import books, movements
from obole.crm.shared.lists import list_page, sorted_table, tab
from obole.directory.access import AgentRequest, after_reauthentication, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.regies import queries as regies
from obole.regies.models import Regie


@for_agents(Right.MONEY)
def journal(request: AgentRequest, pk: int) -> HttpResponse:
    """Show the journal, of this month if nothing else is asked for."""
    regie = books.seen_regie(request, pk)
    asked = asked_or_month(request)
    narrowed = _narrowed(request, regie, asked)
    table = sorted_table(request, movements.MovementTable(narrowed.qs, exclude=["regie"]))
    totals = movements.totals(narrowed.qs, asked, bounds=movements.bounds_of(narrowed))
    table.count_label = movements.in_words(table, totals.whole)
    month = month_of(dates.day_of(dates.now()))
    tabs = [tab(request, _("Tout"), first="", last=""), tab(request, _("Ce mois"), **said(month))]
    context = {**list_page(request, table, narrowed, tabs), "totals": totals, "asked": asked.urlencode()}
    return books.render_book(request, regie, "book_journal", context)


@for_agents(Right.MONEY)
@after_reauthentication(reading=True)
def journal_file(request: AgentRequest, pk: int, kind: str) -> HttpResponseBase:
    """Give the journal as a file, or as a paper to sign."""
    regie = books.seen_regie(request, pk)
    narrowed = _narrowed(request, regie, asked_or_month(request))
    rows = narrowed.qs.order_by("booked_at", "id")
    period = period_of(regie, narrowed)
    return books.file_of(
        request,
        regie,
        kind,
        name="journal",
        period=period,
        make=lambda: movements.file_table(_("Journal des encaissements"), rows, with_regie=False),
    )


def asked_or_month(request: AgentRequest) -> QueryDict:
    """Return what the address asks for; this month where it asks for nothing."""
    query = request.GET.copy()
    if not set(query) - {"page", "sort"}:
        query.update(said(month_of(dates.day_of(dates.now()))))
    return query


def said(period: Period) -> dict[str, str]:
    """Return a period as an address says it."""
    return {"first": period.first.isoformat(), "last": period.last.isoformat()}


def period_of(regie: Regie, narrowed: movements.MoneyFilter) -> Period:
    """Return the period that a list is about; what is not said is from the first entry to today."""
    today = dates.day_of(dates.now())
    first = narrowed.active.get("first") or regies.first_day(regie) or today
    return Period(first, narrowed.active.get("last") or max(first, today))


def _narrowed(request: AgentRequest, regie: Regie, asked: QueryDict) -> movements.MovementFilter:
    rows = received.movements([regie])
    return movements.MovementFilter(asked, rows, agent=request.agent, today=dates.day_of(dates.now()))
