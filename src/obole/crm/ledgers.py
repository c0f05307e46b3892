"""Entries of a ledger, as tables show them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Q, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _

from obole.payments.models import Anomaly, Receipt
from obole.regies.accounts import Account
from obole.regies.models import Entry, Line
from obole.regies.queries import Sums, added


@dataclass(frozen=True)
class Movement:
    """One side of an entry: an account and an amount."""

    account: str
    nature: str
    debit: int
    credit: int


@dataclass(frozen=True)
class Told:
    """An entry in words, with the way to what caused it."""

    number: int
    at: datetime
    cause: str
    label: str
    url: str
    movements: list[Movement]


def told_entries(entries: Iterable[Entry]) -> list[Told]:
    """Return entries (their lines prefetched) ready for a table."""
    entries = list(entries)
    places = _places(entries)
    return [
        Told(
            entry.number,
            entry.booked_at,
            _cause(entry),
            entry.label,
            places.get(entry.pk, ""),
            [_movement(line) for line in entry.lines.all()],
        )
        for entry in entries
    ]


@dataclass(frozen=True)
class ClosedAccount:
    """An account of a period: what it came from, what moved, what it came to, in cents on the side where it stands."""

    account: str
    before: int
    debit: int
    credit: int
    after: int


def closing_rows(before: Sums, totals: Sums) -> list[ClosedAccount]:
    """Return the accounts of a period that ever moved, in the order of the plan of accounts."""
    cumulative = added(before, totals)
    return [_closed(account, before, totals, cumulative) for account in Account if account in cumulative]


def _closed(account: Account, before: Sums, totals: Sums, cumulative: Sums) -> ClosedAccount:
    debit, credit = totals.get(account, (0, 0))
    return ClosedAccount(str(account.label), _balance(account, before), debit, credit, _balance(account, cumulative))


def _balance(account: Account, sums: Sums) -> int:
    debit, credit = sums.get(account, (0, 0))
    return debit - credit if account.is_debit else credit - debit


def _movement(line: Line) -> Movement:
    return Movement(str(Account(line.account).label), line.nature, line.debit, line.credit)


def _cause(entry: Entry) -> str:
    causes = {
        "invoice": _("Facture émise"), "cancellation": _("Facture annulée"), "transfer": _("Transmise au comptable public"),
        "receipt": _("Encaissement"), "application": _("Imputation"), "freeing": _("Libérée par un avoir"),
        "reversal": _("Reprise"), "refund": _("Remboursement"),
    }  # fmt: skip
    return causes.get(entry.cause_kind, entry.cause_kind)


def _places(entries: Iterable[Entry]) -> dict[int, str]:
    """Return the page of what caused each entry, with one query for those that only name a receipt."""
    places, receipts = {}, {}
    for entry in entries:
        keys = entry.cause_key.split(":")
        if entry.cause_kind in ("invoice", "cancellation", "transfer"):
            places[entry.pk] = reverse("crm:invoice", args=[keys[0]])
        elif entry.cause_kind in ("application", "freeing"):
            places[entry.pk] = reverse("crm:invoice", args=[keys[1]])
        elif entry.cause_kind == "refund":
            places[entry.pk] = reverse("crm:refund", args=[keys[0]])
        elif keys[0] == "attempt":
            places[entry.pk] = reverse("crm:attempt", args=[keys[1]])
        elif entry.cause_kind in ("receipt", "reversal"):
            receipts[entry.pk] = keys[1]
    return places | (_receipt_places(receipts) if receipts else {})


def _receipt_places(named: dict[int, str]) -> dict[int, str]:
    """Return the page of the receipts of some entries, named by number or by id: of their transaction, invoice or task."""
    numbers = [name for name in named.values() if not name.isdigit()]
    wanted = Q(number__in=numbers) | Q(pk__in=[int(name) for name in named.values() if name.isdigit()])
    first_task = Anomaly.objects.filter(receipt=OuterRef("pk")).order_by("id").values("pk")[:1]
    rows = Receipt.objects.filter(wanted).annotate(task=Subquery(first_task)).order_by("id")
    pages: dict[str, str] = {}
    for one in rows:
        pages[one.number] = pages[str(one.pk)] = _receipt_place(one, one.task)
    return {entry: pages.get(name, "") for entry, name in named.items()}


def _receipt_place(receipt: Receipt, task: int | None) -> str:
    if receipt.attempt_id:
        return reverse("crm:attempt", args=[receipt.attempt_id])
    if receipt.invoice_id:
        return reverse("crm:invoice", args=[receipt.invoice_id])
    return reverse("crm:task", args=[task]) if task else ""
