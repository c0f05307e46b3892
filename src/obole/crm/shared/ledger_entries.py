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
from obole.regies.queries import Sums, sum_balances
from obole.remittances.models import Remittance


@dataclass(frozen=True)
class Movement:
    """One side of an entry: an account and an amount."""

    account: str
    nature: str
    debit: int
    credit: int


@dataclass(frozen=True)
class EntryDisplay:
    """An entry in words, with the way to what caused it."""

    number: int
    at: datetime
    cause: str
    label: str
    url: str
    movements: list[Movement]


def entry_rows(entries: Iterable[Entry]) -> list[EntryDisplay]:
    """Return entries (their lines prefetched) ready for a table."""
    entries = list(entries)
    places = places_of(entries)
    return [
        EntryDisplay(
            entry.number,
            entry.booked_at,
            cause_name(entry.cause_kind),
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
    cumulative = sum_balances(before, totals)
    return [_closed(account, before, totals, cumulative) for account in Account if account in cumulative]


def _closed(account: Account, before: Sums, totals: Sums, cumulative: Sums) -> ClosedAccount:
    debit, credit = totals.get(account, (0, 0))
    return ClosedAccount(str(account.label), _balance(account, before), debit, credit, _balance(account, cumulative))


def _balance(account: Account, sums: Sums) -> int:
    debit, credit = sums.get(account, (0, 0))
    return debit - credit if account.is_debit else credit - debit


def _movement(line: Line) -> Movement:
    return Movement(str(Account(line.account).label), line.nature, line.debit, line.credit)


def cause_name(kind: str) -> str:
    """Write what kind of event made an entry."""
    causes = {
        "invoice": _("Facture émise"),
        "cancellation": _("Facture annulée"),
        "transfer": _("Transmise au comptable public"),
        "receipt": _("Encaissement"),
        "application": _("Imputation"),
        "freeing": _("Libérée par un avoir"),
        "reversal": _("Reprise"),
        "refund": _("Remboursement"),
        "cash_session": _("Différence de caisse"),
        "cash_settlement": _("Différence régularisée"),
        "deposit": _("Remise à la banque"),
        "deposit_undone": _("Remise non créditée"),
        "remittance": _("Versement signé"),
        "remittance_transfer": _("Versement viré"),
        "remittance_transfer_undone": _("Virement du versement annulé"),
        "regularisation": _("Rendu par le comptable"),
        "bank_line": _("Rapprochement"),
        "bank_line_undone": _("Rapprochement défait"),
    }
    return causes.get(kind, kind)


_PLACES = {
    "invoice": ("invoice", 0),
    "cancellation": ("invoice", 0),
    "transfer": ("invoice", 0),
    "application": ("invoice", 1),
    "freeing": ("invoice", 1),
    "refund": ("refund", 0),
}
"""The page of what caused an entry, and which part of its key names it."""
_PLACES_OF_REGIE = {
    "cash_session": "cash_session",
    "cash_settlement": "cash_session",
    "deposit": "deposit",
    "deposit_undone": "deposit",
}
"""Those that stand under a régie; the key begins with what they are of."""


def places_of(entries: Iterable[Entry]) -> dict[int, str]:
    """Return the page of what caused each entry, with one query for those that only name a receipt or a versement."""
    places: dict[int, str] = {}
    receipts, remittances = {}, {}
    for entry in entries:
        keys = entry.cause_key.split(":")
        if place := _place(entry, keys):
            places[entry.pk] = place
        elif entry.cause_kind in ("remittance", "remittance_transfer", "remittance_transfer_undone"):
            remittances[entry.pk] = keys[0]
        elif entry.cause_kind in ("receipt", "reversal"):
            receipts[entry.pk] = keys[1]
    places |= _remittance_places(remittances) if remittances else {}
    return places | (_receipt_places(receipts) if receipts else {})


def _place(entry: Entry, keys: list[str]) -> str:
    """Return the page that the cause of an entry names by itself."""
    kind = entry.cause_kind
    if kind in _PLACES:
        view, part = _PLACES[kind]
        return reverse(f"crm:{view}", args=[keys[part]])
    if kind in _PLACES_OF_REGIE:
        return reverse(f"crm:{_PLACES_OF_REGIE[kind]}", args=[entry.regie_id, keys[0]])
    if kind in ("bank_line", "bank_line_undone"):
        return reverse("crm:bank_line", args=keys[:2])
    if kind == "regularisation":
        return reverse("crm:regularisations", args=[entry.regie_id])
    return reverse("crm:attempt", args=[keys[1]]) if keys[0] == "attempt" else ""


def _remittance_places(named: dict[int, str]) -> dict[int, str]:
    rows = Remittance.objects.filter(number__in=set(named.values())).order_by("id")
    pages = {row.number: reverse("crm:remittance", args=[row.regie_id, row.pk]) for row in rows}
    return {entry: pages.get(number, "") for entry, number in named.items()}


def _receipt_places(named: dict[int, str]) -> dict[int, str]:
    """
    Return the page of the receipts of some entries, named by number or by id: of their transaction, invoice or task.
    """
    numbers = [name for name in named.values() if not name.isdigit()]
    wanted = Q(number__in=numbers) | Q(pk__in=[int(name) for name in named.values() if name.isdigit()])
    first_task = Anomaly.objects.filter(receipt=OuterRef("pk")).order_by("id").values("pk")[:1]
    rows = Receipt.objects.filter(wanted).annotate(task=Subquery(first_task)).order_by("id")
    pages: dict[str, str] = {}
    for row in rows:
        pages[row.number] = pages[str(row.pk)] = _receipt_place(row, row.task)
    return {entry: pages.get(name, "") for entry, name in named.items()}


def _receipt_place(receipt: Receipt, task: int | None) -> str:
    if receipt.attempt_id:
        return reverse("crm:attempt", args=[receipt.attempt_id])
    if receipt.invoice_id:
        return reverse("crm:invoice", args=[receipt.invoice_id])
    return reverse("crm:task", args=[task]) if task else ""
