"""The balance: every account over a period, or at a past date; its debits and its credits are the same."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from obole.books.queries import balances
from obole.books.queries.balances import AccountSums
from obole.books.rules import Period
from obole.crm.bookkeeping import books
from obole.crm.bookkeeping.forms import PeriodForm
from obole.crm.bookkeeping.ledger import ledger_url, opening_name, this_exercice
from obole.directory.access import AgentRequest, after_reauthentication, for_agents
from obole.directory.rules import Right
from obole.lib.tables import Cell, Column, Kind, Table
from obole.regies.models import Regie


@dataclass(frozen=True)
class BalanceRow:
    """An account of the balance, and the address of its lines."""

    label: str
    sums: AccountSums
    url: str

    @property
    def figures(self) -> tuple[int, int, int, int, int, int]:
        """What it opens with, what moved, what it comes to: each a debit and a credit."""
        before, after = self.sums.before, self.sums.after
        moved = (self.sums.debit, self.sums.credit)
        return (max(before, 0), max(-before, 0), *moved, max(after, 0), max(-after, 0))


@for_agents(Right.MONEY)
def balance(request: AgentRequest, pk: int) -> HttpResponse:
    """Show the balance, of this exercice if nothing else is asked for."""
    regie = books.seen_regie(request, pk)
    form = PeriodForm(request.GET, default=this_exercice())
    rows = rows_of(regie, form.period)
    context = {
        "form": form,
        "period": form.period,
        "rows": rows,
        "totals": totals_of(rows),
        "opening": opening_name(regie, form.period),
        "closed": balances.is_closed(regie, form.period.last),
    }
    return books.render_book(request, regie, "book_balance", context)


@for_agents(Right.MONEY)
@after_reauthentication(reading=True)
def balance_file(request: AgentRequest, pk: int, kind: str) -> HttpResponseBase:
    """Give the balance as a file, or as a paper to sign."""
    regie = books.seen_regie(request, pk)
    period = PeriodForm(request.GET, default=this_exercice()).period
    return books.file_of(
        request, regie, kind, name="balance", period=period, make=lambda: _file_table(rows_of(regie, period))
    )


def rows_of(regie: Regie, period: Period) -> list[BalanceRow]:
    """Return the accounts that ever moved."""
    return [
        BalanceRow(str(capfirst(sums.account.label)), sums, ledger_url(regie, sums.account, period))
        for sums in balances.trial_balance(regie, period)
    ]


def totals_of(rows: list[BalanceRow]) -> list[int]:
    """Return what each column comes to."""
    return [sum(column) for column in zip(*(row.figures for row in rows), strict=True)] or [0] * 6


def _file_table(rows: list[BalanceRow]) -> Table:
    titles = (
        _("Ouverture, débit €"),
        _("Ouverture, crédit €"),
        _("Débits €"),
        _("Crédits €"),
        _("Solde débiteur €"),
        _("Solde créditeur €"),
    )
    columns = [Column(_("Compte")), *(Column(title, Kind.AMOUNT) for title in titles)]
    cells: list[list[Cell]] = [[row.label, *row.figures] for row in rows]
    return Table(_("Balance"), columns, cells, [_("Total"), *totals_of(rows)])
