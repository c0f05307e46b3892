"""The état de développement des soldes: every balance at a date, opened down to its pieces."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from obole.billing.models import Invoice
from obole.books.queries import balances, general_ledger, received
from obole.books.queries.developments import Age, Development, Piece
from obole.books.rules import BY_INVOICE, BY_RECEIPT, Period
from obole.crm.bookkeeping import books
from obole.crm.bookkeeping.forms import DevelopmentForm
from obole.crm.bookkeeping.ledger import ledger_url
from obole.crm.shared.ledger_entries import cause_name
from obole.crm.shared.pages import numbered_page, page_asked
from obole.directory.access import AgentRequest, after_reauthentication, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.lib.tables import Column, Kind, Table
from obole.payments.models import Receipt
from obole.regies import queries as regies
from obole.regies.accounts import Account
from obole.regies.models import Entry, Regie

ROWS = 50


@dataclass(frozen=True)
class PieceRow:
    """A piece in words, with the way to it."""

    number: str
    who: str
    about: str
    url: str
    cents: int


@dataclass(frozen=True)
class AccountRow:
    """An account at the date: its balance, and where it is opened."""

    label: str
    cents: int
    url: str
    causes: Sequence[tuple[str, int, str]]
    """Of an account whose money has no piece: what each cause came to, with its lines."""


@for_agents(Right.MONEY)
def developments(request: AgentRequest, pk: int) -> HttpResponse:
    """Show every balance at a date, and the pieces of one of them."""
    regie = books.seen_regie(request, pk)
    form = DevelopmentForm(request.GET, today=dates.day_of(dates.now()))
    if not form.is_valid():
        return books.render_book(request, regie, "book_developments", {"form": form, "opened": None})
    opened = _asked(regie, form)
    count, cents = opened.total()
    pages = max(1, -(-count // ROWS))
    number = min(page_asked(request), pages)
    whole = balances.account_sums(regie, opened.account, Period(opened.day, opened.day)).closing
    context = {
        "form": form,
        "opened": opened,
        "label": capfirst(opened.account.label),
        "count": count,
        "cents": cents,
        "difference": 0 if opened.age else whole - cents,
        "numbers": numbered_page(number, pages),
        "rows": piece_rows(opened.pieces(rows=ROWS, skip=(number - 1) * ROWS)),
        "accounts": _accounts(regie, opened),
        "day": opened.day,
    }
    return books.render_book(request, regie, "book_developments", context)


@for_agents(Right.MONEY)
@after_reauthentication(reading=True)
def developments_file(request: AgentRequest, pk: int, kind: str) -> HttpResponseBase:
    """Give the pieces of a balance as a file, or as a paper to sign."""
    regie = books.seen_regie(request, pk)
    form = DevelopmentForm(request.GET, today=dates.day_of(dates.now()))
    if not form.is_valid():
        form = DevelopmentForm({}, today=dates.day_of(dates.now()))
        form.is_valid()
    opened = _asked(regie, form)
    period = Period(opened.day, opened.day)
    return books.file_of(request, regie, kind, name="soldes", period=period, make=lambda: _file_table(opened))


def _asked(regie: Regie, form: DevelopmentForm) -> Development:
    said = form.cleaned_data
    age = Age(said["age"]) if said["age"] else None
    return Development(regie, Account(said["account"]), said["day"], age)


def development_url(regie: Regie, account: Account, period: Period, age: Age | None = None) -> str:
    """Return the address of a balance at the end of a period."""
    query = {"account": account.value, "day": period.last.isoformat(), **({"age": age.value} if age else {})}
    return f"{reverse('crm:book_developments', args=[regie.pk])}?{urlencode(query)}"


def _accounts(regie: Regie, opened: Development) -> list[AccountRow]:
    at, first = Period(opened.day, opened.day), regies.first_day(regie) or opened.day
    whole = Period(min(first, opened.day), opened.day)
    rows = []
    for sums in balances.trial_balance(regie, at):
        has_pieces, causes = sums.account in BY_INVOICE | BY_RECEIPT, list[tuple[str, int, str]]()
        if not has_pieces:
            causes = [
                (cause_name(one.cause_kind), one.closing, ledger_url(regie, one.account, whole, [one.cause_kind]))
                for one in general_ledger.sums_by_cause(regie, sums.account, opened.day)
            ]
        url = development_url(regie, sums.account, at) if has_pieces else ledger_url(regie, sums.account, whole)
        rows.append(AccountRow(str(capfirst(sums.account.label)), sums.closing, url, causes))
    return rows


def piece_rows(pieces: Sequence[Piece]) -> list[PieceRow]:
    """Return pieces in words, with one query for each kind of them."""
    keys = {kind: [piece.key for piece in pieces if piece.kind == kind] for kind in ("invoice", "receipt", "entry")}
    invoices = Invoice.objects.filter(pk__in=keys["invoice"]).select_related("payer").in_bulk()
    related = ("invoice__payer", "attempt__invoice__payer")
    receipts = Receipt.objects.filter(pk__in=keys["receipt"]).select_related(*related).in_bulk()
    entries = Entry.objects.filter(pk__in=keys["entry"]).in_bulk()
    rows = []
    for piece in pieces:
        if piece.kind == "invoice":
            rows.append(_of_invoice(invoices[piece.key], piece.cents))
        elif piece.kind == "receipt":
            rows.append(_of_receipt(receipts[piece.key], piece.cents))
        else:
            rows.append(_of_entry(entries[piece.key], piece.cents))
    return rows


def _of_invoice(invoice: Invoice, cents: int) -> PieceRow:
    due = _("échéance %(day)s") % {"day": dates.format_short(invoice.due_date)} if invoice.due_date else ""
    url = reverse("crm:invoice", args=[invoice.pk])
    return PieceRow(invoice.number or "", invoice.payer.display_name, due, url, cents)


def _of_receipt(receipt: Receipt, cents: int) -> PieceRow:
    day = dates.format_short(dates.day_of(receipt.received_at))
    about = f"{capfirst(Receipt.Means(receipt.means).label)}, {day}"
    url = reverse("crm:receipt", args=[receipt.pk])
    return PieceRow(receipt.number, received.payer_of(receipt), about, url, cents)


def _of_entry(entry: Entry, cents: int) -> PieceRow:
    number = _("Écriture %(number)s") % {"number": entry.number}
    url = reverse("crm:book_entry", args=[entry.regie_id, entry.number])
    return PieceRow(number, "", f"{cause_name(entry.cause_kind)} {entry.label}", url, cents)


def _file_table(opened: Development) -> Table:
    columns = [Column(_("Pièce")), Column(_("Payeur")), Column(_("Objet")), Column(_("Montant €"), Kind.AMOUNT)]
    title = _("Développement du solde, %(account)s") % {"account": opened.account.label}
    return Table(title, columns, _file_rows(opened), [_("Total"), "", "", opened.total()[1]])


def _file_rows(opened: Development) -> Iterable[Sequence[str | int]]:
    pieces = opened.pieces()
    for at in range(0, len(pieces), 1000):
        for row in piece_rows(pieces[at : at + 1000]):
            yield [row.number, row.who, row.about, row.cents]
