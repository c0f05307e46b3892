"""The receipts of a day, or of a few days that follow one another, by what they come to."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from obole.bank_statements.rules.pool import Known
from obole.payments.models import Receipt

M = Receipt.Means
Cell = tuple[str, date]
TOGETHER = (
    ((M.CARD,), 5),
    ((M.DEBIT,), 5),
    ((M.TERMINAL,), 5),
    ((M.CARD, M.DEBIT), 5),
    ((M.CARD, M.TERMINAL), 5),
    ((M.CHEQUE,), 35),
    ((M.CESU,), 35),
)
"""Which means a bank credits together, over how many days at most: a long week-end, a month between two slips."""
SLOWEST = timedelta(days=15)


@dataclass(frozen=True)
class Window:
    """Some means, from a first to a last day that both have receipts."""

    means: tuple[str, ...]
    first: date
    last: date
    cells: frozenset[Cell]
    items: tuple[Known, ...]

    @property
    def words(self) -> dict[str, str | int]:
        """What the reason says."""
        return {
            "means": ",".join(self.means),
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "count": len(self.items),
        }


class Windows:
    """Every such period, found by its sum."""

    def __init__(self, items: Sequence[Known]) -> None:
        self._cells: dict[Cell, list[Known]] = {}
        for item in items:
            self._cells.setdefault((item.means, item.day), []).append(item)
        self._sums = {cell: sum(item.cents for item in found) for cell, found in self._cells.items()}
        self._by_cents: dict[int, dict[frozenset[Cell], tuple[tuple[str, ...], date, date]]] = {}
        for means, longest in TOGETHER:
            self._add(tuple(means), longest)

    def _add(self, means: tuple[str, ...], longest: int) -> None:
        days = sorted({day for name, day in self._cells if name in means})
        for at, first in enumerate(days):
            cells, cents = set[Cell](), 0
            for last in days[at:]:
                if (last - first).days >= longest:
                    break
                there = [(name, last) for name in means if (name, last) in self._cells]
                cells.update(there)
                cents += sum(self._sums[cell] for cell in there)
                self._by_cents.setdefault(cents, {}).setdefault(frozenset(cells), (means, first, last))

    def answering(self, cents: int, day: date) -> list[Window]:
        """Return the periods that come to an amount and may be credited that day: the shortest, then the last first."""
        found = [
            Window(means, first, last, cells, ())
            for cells, (means, first, last) in self._by_cents.get(cents, {}).items()
            if day - SLOWEST <= last <= day
        ]
        found.sort(key=lambda window: ((window.last - window.first).days, len(window.means), -window.last.toordinal()))
        return [self._filled(window) for window in found]

    def _filled(self, window: Window) -> Window:
        items = tuple(item for cell in sorted(window.cells) for item in self._cells[cell])
        return Window(window.means, window.first, window.last, window.cells, items)


def claims(found: Iterable[Sequence[Window]]) -> Counter[Cell]:
    """Count how many lines could take each day of each means: what two lines could take is for a person."""
    counted = Counter[Cell]()
    for choices in found:
        counted.update({cell for window in choices for cell in window.cells})
    return counted
