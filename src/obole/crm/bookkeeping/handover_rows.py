"""What a régie holds and what is under way, as the pages of a remise de service show it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from obole.billing.models import SecurityDeposit
from obole.books.models import Handover
from obole.books.queries import handovers as queries
from obole.books.queries.handovers import SAFE, Holdings, Place, Waiting, WaitingKind
from obole.cash_desk import rules as cash
from obole.cash_desk.models import Deposit
from obole.crm.bookkeeping.counts import CountRow, count_rows
from obole.regies.accounts import Account
from obole.regies.models import Regie


@dataclass(frozen=True)
class CashRow:
    """A place: what there must be, and what was counted."""

    name: str
    expected: int
    counted: int
    rows: list[CountRow]

    @property
    def difference(self) -> int:
        """What was counted less what there must be."""
        return self.counted - self.expected


@dataclass(frozen=True)
class PieceRow:
    """Cheques, or CESU: how many there must be, how many were counted, and what they come to."""

    name: str
    expected: tuple[int, int]
    counted: tuple[int, int]

    @property
    def differs(self) -> bool:
        """Whether what was counted is not what there must be."""
        return self.expected != self.counted


@dataclass(frozen=True)
class WaitingRow:
    """What is under way, and where to look at it."""

    label: str
    count: int
    cents: int | None
    url: str


@dataclass(frozen=True)
class Situation:
    """All that is handed over."""

    cash: list[CashRow]
    pieces: list[PieceRow]
    accounts: list[tuple[str, int, int]]
    cautions: list[tuple[str, int]]
    waiting: list[WaitingRow]
    numbers: Sequence[str]
    entry_number: int
    entry_hash: str

    @property
    def expected_cents(self) -> int:
        """The cash that there must be."""
        return sum(row.expected for row in self.cash)

    @property
    def counted_cents(self) -> int:
        """The cash that was counted."""
        return sum(row.counted for row in self.cash)

    @property
    def difference_cents(self) -> int:
        """What was counted less what there must be."""
        return self.counted_cents - self.expected_cents

    @property
    def differs(self) -> bool:
        """Whether anything that was counted is not what there must be."""
        return any(row.difference for row in self.cash) or any(row.differs for row in self.pieces)


def place_name(place: Place) -> str:
    """Name a place where cash is counted."""
    return _("Coffre : recettes") if place.key == SAFE else _("Caisse « %(name)s »") % {"name": place.name}


def situation_of(one: Handover) -> Situation:
    """Return what was signed."""
    shown = _situation(
        one.regie, Holdings.of(one), one.counts["places"], one.counts["pieces"], queries.waiting_of(one), one.numbers
    )
    return Situation(**shown, entry_number=one.entry_number, entry_hash=one.entry_hash)


def situation_now(
    regie: Regie, held: Holdings, places: Mapping[str, Mapping[int, int]], pieces: Mapping[str, Sequence[int]]
) -> Situation:
    """Return what is about to be signed."""
    counts = {key: cash.as_count(count) for key, count in places.items()}
    shown = _situation(regie, held, counts, pieces, queries.waiting(regie), queries.last_numbers(regie))
    return Situation(**shown, entry_number=regie.entry_count, entry_hash=regie.entry_head)


def _situation(
    regie: Regie,
    held: Holdings,
    counts: Mapping[str, cash.Count],
    pieces: Mapping[str, Sequence[int]],
    waiting: Sequence[Waiting],
    numbers: Sequence[str],
) -> dict[str, Any]:
    means = dict(SecurityDeposit.Means.choices)
    return {
        "cash": [
            CashRow(place_name(place), place.cents, cash.total(counts[place.key]), count_rows(counts[place.key]))
            for place in held.places
        ],
        "pieces": [
            PieceRow(str(capfirst(Deposit.Kind(kind).label)), _two(held.pieces[kind]), _two(pieces[kind]))
            for kind in queries.PIECES
        ],
        "accounts": [_account(account, held.balances[account]) for account in Account],
        "cautions": [(str(means[name]), cents) for name, cents in held.cautions.items()],
        "waiting": [WaitingRow(one.label, one.count, one.cents, _PLACES[one.kind](regie)) for one in waiting],
        "numbers": numbers,
    }


def _two(pair: Sequence[int]) -> tuple[int, int]:
    count, cents = pair
    return count, cents


def _account(account: Account, cents: int) -> tuple[str, int, int]:
    is_debit = account.is_debit == (cents >= 0)
    return str(capfirst(account.label)), abs(cents) if is_debit else 0, 0 if is_debit else abs(cents)


def _of(view: str) -> Callable[[Regie], str]:
    return lambda regie: reverse(f"crm:{view}", args=[regie.pk])


def _all(view: str, **query: str) -> Callable[[Regie], str]:
    asked = "".join(f"&{name}={value}" for name, value in query.items())
    return lambda regie: f"{reverse(f'crm:{view}')}?regie={regie.pk}{asked}"


_PLACES: dict[str, Callable[[Regie], str]] = {
    WaitingKind.DRAFTS: _all("drafts"),
    WaitingKind.ATTEMPTS: _all("attempts"),
    WaitingKind.ANOMALIES: _all("tasks"),
    WaitingKind.DIFFERENCES: _of("cash_desk"),
    WaitingKind.DEPOSITS: _of("deposits"),
    WaitingKind.BANK_LINES: _of("reconciliation"),
    WaitingKind.REMITTANCES: _of("remittances"),
    WaitingKind.REFUNDS: _all("refunds"),
    WaitingKind.TRANSMISSIONS: _of("transmissions"),
    WaitingKind.CAUTIONS: _all("cautions", state="received"),
}
"""The list of each kind of thing, as it is now."""
