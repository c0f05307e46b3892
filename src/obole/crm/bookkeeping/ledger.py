"""The grand livre: the lines of an account over a period, from what it was to what it came to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from obole.books.queries import balances, general_ledger
from obole.books.queries.balances import ISSUED
from obole.books.queries.general_ledger import AccountPage, LedgerLine
from obole.books.rules import BY_INVOICE, BY_RECEIPT, Period
from obole.crm.bookkeeping import books
from obole.crm.bookkeeping.forms import LedgerForm
from obole.crm.shared.ledger_entries import cause_name, places_of
from obole.crm.shared.pages import numbered_page, page_asked
from obole.directory.access import AgentRequest, after_reauthentication, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.lib.tables import Cell, Column, Kind, Table
from obole.regies import queries as regies
from obole.regies.accounts import Account
from obole.regies.models import Regie


@dataclass(frozen=True)
class LineRow:
    """A line of the grand livre, with the way to its entry and to its piece."""

    line: LedgerLine
    cause: str
    url: str


@for_agents(Right.MONEY)
def ledger(request: AgentRequest, pk: int) -> HttpResponse:
    """Show a page of an account, of this exercice if nothing else is asked for."""
    regie = books.seen_regie(request, pk)
    form = form_of(request, regie)
    period, account, causes = form.period, form.account_asked, form.causes
    page = general_ledger.account_page(regie, account, period, causes=causes, number=page_asked(request))
    context = {
        "form": form,
        "page": page,
        "numbers": numbered_page(page.number, page.pages),
        "rows": _rows(page),
        "account": capfirst(account.label),
        "opening": opening_name(regie, period),
        "period": period,
        "filtered": causes,
        "development": _development_url(regie, account, period.last),
    }
    return books.render_book(request, regie, "book_ledger", context)


@for_agents(Right.MONEY)
@after_reauthentication(reading=True)
def ledger_file(request: AgentRequest, pk: int, kind: str) -> HttpResponseBase:
    """Give an account over a period as a file, or as a paper to sign."""
    regie = books.seen_regie(request, pk)
    form = form_of(request, regie)
    return books.file_of(
        request, regie, kind, name="grand-livre", period=form.period, make=lambda: _file_table(regie, form)
    )


def form_of(request: AgentRequest, regie: Regie) -> LedgerForm:
    """Return what the address asks for."""
    # Whoever asks for what was issued names the avoirs too, though there may be none yet.
    causes = [(kind, cause_name(kind)) for kind in sorted({*regies.cause_kinds(regie), *ISSUED})]
    return LedgerForm(request.GET, default=this_exercice(), causes=causes)


def this_exercice() -> Period:
    """Return this year up to today."""
    today = dates.day_of(dates.now())
    return Period(today.replace(month=1, day=1), today)


def opening_name(regie: Regie, period: Period) -> str:
    """Say what an account opens with: at the beginning of a year, what the exercice before carried forward."""
    if not period.opens_a_year:
        return _("Solde au début de la période")
    year = period.first.year - 1
    if balances.closing_of_exercice(regie, year) is not None:
        return _("Report à nouveau de l’exercice %(year)s") % {"year": year}
    if (began := regies.first_day(regie)) is None or began >= period.first:
        return _("Report à nouveau")
    return _("Report à nouveau provisoire : l’exercice %(year)s n’est pas arrêté") % {"year": year}


def ledger_url(regie: Regie, account: Account, period: Period, causes: Sequence[str] = ()) -> str:
    """Return the address of an account over a period."""
    query = {"account": account.value, "first": period.first.isoformat(), "last": period.last.isoformat()}
    return f"{reverse('crm:book_ledger', args=[regie.pk])}?{urlencode({**query, 'cause': list(causes)}, doseq=True)}"


def _development_url(regie: Regie, account: Account, day: date) -> str:
    if account not in BY_INVOICE | BY_RECEIPT:
        return ""
    query = urlencode({"account": account.value, "day": day.isoformat()})
    return f"{reverse('crm:book_developments', args=[regie.pk])}?{query}"


def _rows(page: AccountPage) -> list[LineRow]:
    entries = {one.entry.pk: one.entry for one in page.lines}
    places = places_of(entries.values())
    return [LineRow(one, cause_name(one.entry.cause_kind), places.get(one.entry.pk, "")) for one in page.lines]


def _file_table(regie: Regie, form: LedgerForm) -> Table:
    account, period, causes = form.account_asked, form.period, form.causes
    columns = [
        Column(_("Date"), Kind.DAY),
        Column(_("Écriture"), Kind.NUMBER),
        Column(_("Cause")),
        Column(_("Libellé")),
        Column(_("Nature")),
        Column(_("Débit €"), Kind.AMOUNT),
        Column(_("Crédit €"), Kind.AMOUNT),
        Column(_("Solde €"), Kind.AMOUNT),
    ]
    page = general_ledger.account_page(regie, account, period, causes=causes)
    opening: list[Cell] = [period.first, None, "", opening_name(regie, period), "", None, None, page.sums.opening]
    lines = _file_rows(general_ledger.account_lines(regie, account, period, causes=causes))
    title = _("Grand livre, %(account)s") % {"account": account.label}
    balance = page.net if causes else page.sums.closing
    totals: list[Cell] = [_("Total"), None, "", "", "", page.debit, page.credit, balance]
    return Table(title, columns, lines if causes else _after(opening, lines), totals)


def _after(first: Sequence[Cell], rows: Iterable[Sequence[Cell]]) -> Iterable[Sequence[Cell]]:
    yield first
    yield from rows


def _file_rows(lines: Iterable[LedgerLine]) -> Iterable[Sequence[Cell]]:
    for one in lines:
        entry, line = one.entry, one.line
        yield [
            dates.day_of(entry.booked_at),
            entry.number,
            cause_name(entry.cause_kind),
            entry.label,
            line.nature,
            line.debit or None,
            line.credit or None,
            one.balance,
        ]
