"""A table as data, before it is a file or a paper: typed columns, rows that may come one by one, a line of totals."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import islice

Cell = str | int | date | None
"""An instant is a ``datetime`` without a zone, as clocks show it in Paris."""


class Kind(StrEnum):
    """What the cells of a column hold; an amount is in cents."""

    TEXT = "text"
    DAY = "day"
    MOMENT = "moment"
    AMOUNT = "amount"
    NUMBER = "number"


@dataclass(frozen=True)
class Column:
    """A column: its title, and what it holds."""

    title: str
    kind: Kind = Kind.TEXT


class TooLong(Exception):
    """There are more rows than such a file can hold; ``most`` says how many it could."""

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self.most = most


@dataclass(frozen=True)
class Table:
    """A table; its rows are read once."""

    title: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Cell]]
    totals: Sequence[Cell] = ()

    def rows_up_to(self, most: int) -> Iterator[Sequence[Cell]]:
        """
        Yield the rows.

        :raises TooLong: after ``most`` of them, if there is one more.
        """
        rows = iter(self.rows)
        yield from islice(rows, most)
        if next(rows, None) is not None:
            raise TooLong(most)
