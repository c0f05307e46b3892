"""A voted grid as a table of texts, to be shown, edited in place or pasted, and read back: one way in for all three."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from obole.lib import money, texts
from obole.lib.texts import in_french
from obole.pricing.model import formulas as f, tariffs as t
from obole.pricing.model.problems import Problem, Refused
from obole.pricing.text import pasted_tables
from obole.pricing.text.formatter import number
from obole.pricing.text.pasted_tables import PastedTable

NOT_OFFERED, MOST_AXES = "–", 3
FLAGS = {"yes": _("oui"), "no": _("non")}


@dataclass(frozen=True)
class Table:
    """A grid of one or two axes as people read it; of three, one of its tables."""

    title: str
    """The place on the first of three axes, else nothing."""
    corner: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    """The words of each place, and its prices."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What the rows and the columns of a grid depend on."""

    rows: f.Formula
    rows_label: str
    columns: f.Formula | None = None
    columns_label: str = ""
    special: Mapping[str, f.Condition | None] | None = None
    """When each row without numbers (« extérieur ») is taken, by its words folded."""
    missing: str = ""
    """The words of the row that is taken without an answer; empty: a problem."""
    values: Mapping[str, str] | None = None
    """What a title stands for, where it is not itself: the key of a product."""
    shifts: tuple[t.Shift, ...] = ()


def tables_of(grid: t.Grid, *, column: str) -> list[Table]:
    """
    Return a grid as one table, or one for each place of the first of three axes; ``column`` is the title of an only
    column.
    """
    outer = grid.axes[0].places if len(grid.axes) == MOST_AXES else ()
    axes = grid.axes[1:] if outer else grid.axes
    size = len(grid.cells) // (len(outer) or 1)
    starts = range(0, len(grid.cells), size) if size else [0]
    titles = [item.label for item in outer] or [""]
    return [
        Table(title, axes[0].label, _titles(axes, column), _rows(axes, grid.cells[start : start + size]))
        for title, start in zip(titles, starts, strict=False)
    ]


def _titles(axes: Sequence[t.Axis], column: str) -> tuple[str, ...]:
    return tuple(place.label for place in axes[1].places) if len(axes) > 1 else (column,)


def _rows(axes: Sequence[t.Axis], cells: Sequence[int | None]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    width = len(axes[1].places) if len(axes) > 1 else 1
    said = [NOT_OFFERED if cell is None else money.plain(cell) for cell in cells]
    return tuple((place.label, tuple(said[n * width : (n + 1) * width])) for n, place in enumerate(axes[0].places))


def as_text(table: Table) -> str:
    """Write a table as a spreadsheet copies it."""
    lines = [(table.corner, *table.columns), *((label, *cells) for label, cells in table.rows)]
    return "\n".join("\t".join(line) for line in lines)


def percents_of(table: t.RateTable, *, column: str) -> Table:
    """Return the rates of brackets as a table of one column."""
    cells = (number(percent) for percent in table.percents)
    rows = tuple((place.label, (cell,)) for place, cell in zip(table.axis.places, cells, strict=False))
    return Table("", table.axis.label, (column,), rows)


def grid_of(pasted: Sequence[PastedTable], layout: Layout, *, outer: t.Axis | None = None) -> t.Grid:
    """
    Return the grid that tables say: one table, or one for each place of ``outer``, all with the same rows and columns.

    :raises obole.pricing.model.problems.Refused: if two tables do not have the same rows and columns, or a title makes
        no sense.
    """
    first = pasted[0]
    for n, item in enumerate(pasted[1:], start=2):
        if (item.positions, item.special, item.columns) != (first.positions, first.special, first.columns):
            text = _("le tableau %(n)s n’a pas les mêmes lignes et colonnes que le premier : corrigez-le.")
            raise Refused([Problem(path=f"[{n}]", text=text, values={"n": n})])
    cells = [cell for item in pasted for cell in item.cells]
    axes = [rows_axis(first, layout)]
    if layout.columns is not None:
        order, axis = _columns_axis(first.columns, layout, layout.columns)
        starts = range(0, len(cells), len(order))
        cells = [cells[start + index] for start in starts for index in order]
        axes.append(axis)
    return t.Grid(axes=(*([outer] if outer else []), *axes), cells=tuple(cells))


def rates_of(pasted: PastedTable, layout: Layout) -> t.RateTable:
    """Return the table of rates that a table of one column says; a rate that is not offered is none at all."""
    return t.RateTable(axis=rows_axis(pasted, layout), percents=tuple(cell or Decimal(0) for cell in pasted.cells))


def rows_axis(pasted: PastedTable, layout: Layout) -> t.Axis:
    """Return the axis of the rows."""
    conditions = layout.special or {}
    special = tuple(replace(item, when=conditions.get(texts.fold(item.label))) for item in pasted.special)
    positions = (
        pasted.positions if pasted.brackets else tuple(_choice(position, layout) for position in pasted.positions)
    )
    places, wanted = (*positions, *special), texts.fold(layout.missing)
    missing = next((place.key for place in places if wanted and texts.fold(place.label) == wanted), "")
    return t.Axis(
        label=layout.rows_label or pasted.corner,
        of=layout.rows,
        positions=positions,
        special=special,
        missing=missing,
        kind=t.AxisKind.BRACKETS if pasted.brackets else t.AxisKind.CHOICES,
        shifts=layout.shifts,
    )


def _columns_axis(titles: Sequence[str], layout: Layout, of: f.Formula) -> tuple[list[int], t.Axis]:
    """Return the order of the columns, and their axis: brackets, choices, or products."""
    if layout.values:
        positions = tuple(
            _choice(t.Position(key=f"c{n}", label=title, value=title), layout) for n, title in enumerate(titles, 1)
        )
        return list(range(len(titles))), t.Axis(
            label=layout.columns_label, of=of, kind=t.AxisKind.CHOICES, positions=positions
        )
    found = pasted_tables.columns(titles)
    positions = found.positions if found.brackets else tuple(_choice(position, layout) for position in found.positions)
    kind = t.AxisKind.BRACKETS if found.brackets else t.AxisKind.CHOICES
    return found.order, t.Axis(label=layout.columns_label, of=of, kind=kind, positions=positions, special=found.special)


def _choice(place: t.Position, layout: Layout) -> t.Position:
    value = (layout.values or {}).get(place.label)
    if value is None:
        value = next((flag for flag, said in FLAGS.items() if texts.fold(place.label) == in_french(said)), place.label)
    return replace(place, value=value)
