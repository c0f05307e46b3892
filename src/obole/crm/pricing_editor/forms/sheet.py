"""A grid edited in place: a table of small inputs, read like a grid that is pasted, with what is wrong at its cell."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from obole.pricing.model import numbers
from obole.pricing.model.problems import Problem, Refused
from obole.pricing.text import pasted_tables
from obole.pricing.text.grids import Table, as_text
from obole.pricing.text.pasted_tables import PastedTable

MOST_ROWS, MOST_COLUMNS = pasted_tables.MOST_ROWS, pasted_tables.MOST_COLUMNS
ADD_ROW, ADD_COLUMN = "plus-ligne", "plus-colonne"
_AT = re.compile(r"\[(\d+)\]\[(\d+)\]")


@dataclass(frozen=True)
class Cell:
    """One input of the table."""

    name: str
    value: str
    label: str
    wrong: str = ""


@dataclass(frozen=True)
class Row:
    """A place and its prices."""

    head: Cell
    cells: list[Cell]


@dataclass(frozen=True)
class TableDisplay:
    """A table as the page draws it; only the first one's places can be changed: the others have the same."""

    title: str
    columns: list[Cell]
    rows: list[Row]
    first: bool


class EditableGrid:
    """The tables of a grid: as they are, or as they were sent."""

    def __init__(self, tables: list[Table], *, one: Callable[[str], Any] = numbers.read_cents) -> None:
        self.tables, self.one = tables, one
        self.wrong: dict[str, str] = {}

    @classmethod
    def sent(cls, data: Mapping[str, Any], known: "EditableGrid") -> "EditableGrid":
        """Return the tables as they were sent: as many as were shown, each with the places of the first."""
        rows, columns = _count(data.get("sheet-rows"), MOST_ROWS), _count(data.get("sheet-columns"), MOST_COLUMNS)
        heads = [_said(data, f"h0-{r}") for r in range(rows)]
        titles = [_said(data, f"c0-{c}") for c in range(columns)]
        kept = [
            r
            for r in range(rows)
            if heads[r] or any(_said(data, _cell(t, r, c)) for t in range(len(known.tables)) for c in range(columns))
        ]
        used = [
            c
            for c in range(columns)
            if titles[c] or any(_said(data, _cell(t, r, c)) for t in range(len(known.tables)) for r in kept)
        ]
        tables = [
            replace(
                table,
                columns=tuple(titles[c] or (_("Prix") if len(used) == 1 else "") for c in used),
                rows=tuple((heads[r], tuple(_said(data, _cell(t, r, c)) for c in used)) for r in kept),
            )
            for t, table in enumerate(known.tables)
        ]
        return cls(tables, one=known.one)

    def more(self, data: Mapping[str, Any]) -> "EditableGrid | None":
        """Return the tables with a row or a column more, if that is what was asked for."""
        if ADD_ROW in data:
            return EditableGrid([_with_row(table) for table in self.tables], one=self.one)
        return (
            EditableGrid([_with_column(table) for table in self.tables], one=self.one) if ADD_COLUMN in data else None
        )

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing stands in the first table."""
        return not self.tables[0].rows

    def read(self) -> list[PastedTable]:
        """
        Read the tables.

        :raises Refused: with what is wrong in all of them; each is at its cell from then on.
        """
        problems: list[Problem] = []
        found: list[PastedTable] = []
        for t, table in enumerate(self.tables):
            try:
                found.append(pasted_tables.read(as_text(table), one=self.one))
            except Refused as refusal:
                problems += refusal.problems
                self._note(t, refusal.problems)
        if problems:
            raise Refused(problems)
        return found

    def _note(self, t: int, problems: tuple[Problem, ...]) -> None:
        for problem in problems:
            match = _AT.fullmatch(problem.path)
            if match:
                said = str(problem.text) % problem.values if problem.values else str(problem.text)
                self.wrong.setdefault(_name_at(t, int(match[1]), int(match[2])), said)

    @property
    def drawn(self) -> list[TableDisplay]:
        """The tables, input by input."""
        return [self._drawn(t, table) for t, table in enumerate(self.tables)]

    def _drawn(self, t: int, table: Table) -> TableDisplay:
        columns = [
            self._cell(f"c{t}-{c}", title, _("Titre de la colonne %(n)d") % {"n": c + 1})
            for c, title in enumerate(table.columns)
        ]
        rows = [
            Row(
                self._cell(f"h{t}-{r}", head, _("Ligne %(n)d") % {"n": r + 1}),
                [
                    self._cell(_cell(t, r, c), cell, _label(head, table.columns[c], r, c))
                    for c, cell in enumerate(cells)
                ],
            )
            for r, (head, cells) in enumerate(table.rows)
        ]
        return TableDisplay(table.title, columns, rows, first=not t)

    def _cell(self, name: str, value: str, label: str) -> Cell:
        return Cell(name, value, label, self.wrong.get(name, ""))


def blank_table(corner: str, *, rows: int = 4, columns: int = 2) -> Table:
    """Return a table to be typed in."""
    return Table("", corner, ("",) * columns, (("", ("",) * columns),) * rows)


def _with_row(table: Table) -> Table:
    return replace(table, rows=(*table.rows, ("", ("",) * len(table.columns)))[:MOST_ROWS])


def _with_column(table: Table) -> Table:
    if len(table.columns) >= MOST_COLUMNS:
        return table
    return replace(table, columns=(*table.columns, ""), rows=tuple((head, (*cells, "")) for head, cells in table.rows))


def _label(head: str, title: str, row: int, column: int) -> str:
    names = [head or _("ligne %(n)d") % {"n": row + 1}, title or _("colonne %(n)d") % {"n": column + 1}]
    return ", ".join(names)


def _name_at(t: int, row: int, column: int) -> str:
    """Return the input at a row and a column of what was read, from 1, titles included."""
    if row == 1:
        return f"c0-{column - 2}" if column > 1 else "h0-0"
    return f"h0-{row - 2}" if column == 1 else _cell(t, row - 2, column - 2)


def _cell(t: int, r: int, c: int) -> str:
    return f"v{t}-{r}-{c}"


def _said(data: Mapping[str, Any], name: str) -> str:
    return " ".join(str(data.get(name, "")).split())[:200]


def _count(said: Any, most: int) -> int:
    text = str(said or "")
    return min(int(text), most) if text.isascii() and text.isdigit() and len(text) < 5 else 0
