"""What a file of the bank said, whatever its form."""

import hashlib
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from obole.lib import texts

MOST_BYTES = 10 * 1024 * 1024
MOST_LINES = 50_000
LONGEST_LABEL, LONGEST_DETAILS, LONGEST_REFERENCE = 500, 8_000, 64
LARGEST_CENTS = 10**13
T = TypeVar("T", "ReadLine", "ReadPayment")


class Unreadable(ValueError):
    """The file cannot be read: the sentence names the line, and says what to do."""


@dataclass(frozen=True, kw_only=True)
class ReadLine:
    """A line of the account, as the file says it."""

    number: int
    """Its line in the file."""
    day: date
    cents: int
    label: str
    details: str = ""
    value_day: date | None = None
    reason_code: str = ""

    @property
    def facts(self) -> tuple[Hashable, ...]:
        """What makes it this line, and not another, in whatever file."""
        return (self.day.isoformat(), self.cents, texts.fold(f"{self.label} {self.details}"))


@dataclass(frozen=True, kw_only=True)
class ReadPayment:
    """A payment that PayFiP lists, as the file says it."""

    number: int
    day: date
    cents: int
    reference: str
    authorisation: str = ""
    credited_on: date | None = None
    remittance: str = ""

    @property
    def facts(self) -> tuple[Hashable, ...]:
        """What makes it this payment, and not another, in whatever file."""
        return (self.day.isoformat(), self.cents, self.reference, self.authorisation)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A statement, or a list of payments, read whole. ``left_out``: lines that say no movement, which were not kept."""

    form: str
    lines: tuple[ReadLine, ...] = ()
    payments: tuple[ReadPayment, ...] = ()
    account: str = ""
    opening_cents: int | None = None
    closing_cents: int | None = None
    first_day: date
    last_day: date
    left_out: int = 0

    @property
    def rows(self) -> "tuple[ReadLine, ...] | tuple[ReadPayment, ...]":
        """Its lines, whichever they are."""
        return self.lines or self.payments

    @property
    def net_cents(self) -> int:
        """What its lines come to."""
        return sum(row.cents for row in self.rows)

    @property
    def difference_cents(self) -> int:
        """By how much its balances do not add up; 0 where it has none."""
        if self.opening_cents is None or self.closing_cents is None:
            return 0
        return self.closing_cents - self.opening_cents - self.net_cents


def keyed(rows: Iterable[T]) -> Iterator[tuple[str, int, T]]:
    """Yield each row with its key, and its rank among those that say the same."""
    seen = Counter[str]()
    for row in rows:
        key = hashlib.sha256(repr(row.facts).encode()).hexdigest()
        seen[key] += 1
        yield key, seen[key], row
