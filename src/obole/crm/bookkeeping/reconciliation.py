"""« Rapprochement »: what the bank says beside what is written here, and what stays on one side only."""

from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from obole.bank_statements import queries
from obole.bank_statements.queries import DayCompared, Sums, one_sided
from obole.bank_statements.states import LineState
from obole.crm.bookkeeping.line_tables import (
    LineTable,
    OnlyHereTable,
    OpenLineTable,
    PaymentTable,
    SlipTable,
    slip_rows,
)
from obole.crm.shared.lists import sorted_table, tab
from obole.crm.shared.pages import regies_acted_on, render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates, money
from obole.regies import queries as regies
from obole.regies.accounts import Account
from obole.regies.models import Regie
from obole.ui.plots import Series, StackedPlot

DAYS_SHOWN = 14
MOST_DAYS = 400
DONE, HERE, ASIDE = "rapproche", "ici", "laisse"


@for_agents(Right.MONEY)
def reconciliation(request: AgentRequest, pk: int) -> HttpResponse:
    """Compare the account with the books: to match, matched, only here."""
    regie = get_object_or_404(Regie.objects.seen_by(request.agent), pk=pk)
    today, view = dates.day_of(dates.now()), request.GET.get("vue", "")
    sums, waits = queries.sums_by_state(regie), _waits(request)
    here = one_sided.only_here(regie, since=today - timedelta(days=waits))
    slips = slip_rows(regie, since=today - timedelta(days=waits))
    context: dict[str, Any] = {
        "regie": regie,
        "view": view,
        "acts": regie.pk in regies_acted_on(request),
        "tabs": _tabs(request, sums, queries.summed(here).count + len(slips)),
        "sums": sums,
        "sure": queries.summed(queries.sure_lines(regie.pk)),
        "waits": waits,
        "table": _table(request, regie, view, today=today, here=here),
        "total": _total(view, sums, queries.summed(here)),
        "slips": SlipTable(slips, today=today, prefix="papiers-", orderable=False) if view == HERE and slips else None,
        "is_looking": queries.open_lines(regie).filter(proposed_at=None).exists(),
        **_balances(regie, today),
        "doubtful": list(queries.doubtful_matches(regie)[:20]) if view == DONE else [],
        "unknown": _unknown(request, regie) if not view else None,
    }
    return render_page(request, "crm/bookkeeping/reconciliation.html", context)


def _balances(regie: Regie, today: date) -> dict[str, Any]:
    """Return what the account holds by the bank and by the ledger, now and day by day."""
    last = queries.last_day(regie)
    return {
        "last_day": last,
        "bank": queries.bank_balance(regie),
        "books": regies.balances(regie)[Account.TREASURY_DEPOSIT],
        "plot": _plot(queries.compared_by_day(regie, last=last or today, days=DAYS_SHOWN)),
    }


def _waits(request: AgentRequest) -> int:
    """Return after how many days money should have been credited: what the address asks, within reason."""
    asked = request.GET.get("jours", "")
    return min(int(asked), MOST_DAYS) if asked.isascii() and asked.isdigit() and len(asked) < 6 else queries.WAITS


def _tabs(request: AgentRequest, sums: dict[str, Sums], here: int) -> list[Any]:
    tabs = [
        tab(request, _counted(_("À rapprocher"), sums[LineState.OPEN].count)),
        tab(request, _counted(_("Rapproché"), sums[LineState.MATCHED].count), vue=DONE),
        tab(request, _counted(_("Seulement ici"), here), vue=HERE),
    ]
    if sums[LineState.IGNORED].count:
        tabs.append(tab(request, _counted(_("Laissé de côté"), sums[LineState.IGNORED].count), vue=ASIDE))
    return tabs


def _counted(label: str, count: int) -> str:
    return f"{label} ({count})"


def _table(request: AgentRequest, regie: Regie, view: str, *, today: date, here: Any) -> Any:
    if view == HERE:
        return sorted_table(request, OnlyHereTable(here, today=today))
    if view in (DONE, ASIDE):
        state = LineState.MATCHED if view == DONE else LineState.IGNORED
        return sorted_table(request, LineTable(queries.lines(regie).filter(state=state).order_by("-day", "-id")))
    return sorted_table(request, OpenLineTable(queries.open_lines(regie), today=today))


def _total(view: str, sums: dict[str, Sums], here: Sums) -> Sums:
    if view == HERE:
        return here
    return sums[{DONE: LineState.MATCHED, ASIDE: LineState.IGNORED}.get(view, LineState.OPEN)]


def _unknown(request: AgentRequest, regie: Regie) -> PaymentTable | None:
    """Return what PayFiP lists and nobody received here, if there is any."""
    rows = queries.unknown_listed(regie.pk)
    if not rows.exists():
        return None
    return PaymentTable(rows[:100], prefix="liste-", orderable=False)


def _plot(compared: list[DayCompared]) -> StackedPlot | None:
    """Draw by how much the bank and the books differ at the end of each day."""
    if not compared:
        return None
    now = compared[-1].difference
    words = {"cents": money.euros(abs(now)), "day": dates.format_short(compared[-1].day)}
    said = _("Aucun écart le %(day)s.") if not now else _("Le %(day)s, l’écart est de %(cents)s.")
    return StackedPlot(
        title=_("Écart entre la banque et les comptes, par jour"),
        description=said % words,
        columns=[f"{item.day:%d/%m}" if item == compared[0] else f"{item.day:%d}" for item in compared],
        series=[
            Series(_("La banque a davantage"), [max(0, item.difference) for item in compared]),
            Series(_("Les comptes ont davantage"), [max(0, -item.difference) for item in compared]),
        ],
    )
