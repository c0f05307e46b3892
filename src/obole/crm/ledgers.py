"""Entries of a ledger, as tables show them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

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
    return [
        Told(
            entry.number,
            entry.booked_at,
            _cause(entry),
            entry.label,
            _place(entry),
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
        "receipt": _("Encaissement"),
    }  # fmt: skip
    return causes.get(entry.cause_kind, entry.cause_kind)


def _place(entry: Entry) -> str:
    kind, _colon, key = entry.cause_key.rpartition(":")
    if not key.isdigit():
        return ""
    if entry.cause_kind == "receipt" and kind == "attempt":
        return reverse("crm:attempt", args=[key])
    if entry.cause_kind in ("invoice", "cancellation", "transfer"):
        return reverse("crm:invoice", args=[key])
    return ""
