"""
Bar plots: what to draw, as data, and where each bar goes.

Across, everything is in percent, so that a plot takes the width that it is given and its words keep their size.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from obole.lib import money

HEIGHT = 220
TOP = 26
BASE = 192
GAP = 0.35
FEW = 7


@dataclass(frozen=True)
class Bar:
    """One bar; ``strong`` is the one to look at. With another unit than €, ``cents`` is the plain number."""

    label: str
    cents: int
    strong: bool = False


@dataclass(frozen=True)
class BarPlot:
    """Bars side by side. ``description`` says in a sentence what the plot shows."""

    title: str
    description: str
    bars: Sequence[Bar]
    unit: str = "€"


@dataclass(frozen=True)
class Series:
    """One colour of a stacked plot: a value for each column, in the same order."""

    label: str
    values: Sequence[int]


@dataclass(frozen=True)
class StackedPlot:
    """Columns made of several series (at most five), the first at the bottom."""

    title: str
    description: str
    columns: Sequence[str]
    series: Sequence[Series]
    unit: str = "€"


@dataclass(frozen=True)
class Shape:
    """A rectangle: across in percent, down in pixels."""

    x: str
    y: int
    width: str
    height: int
    tone: str


@dataclass(frozen=True)
class Word:
    """A text, centred on ``x``; ``spare`` ones are left out on narrow screens."""

    x: str
    y: int
    text: str
    strong: bool
    spare: bool


@dataclass(frozen=True)
class Drawing:
    """What the template needs, calculated."""

    key: str
    title: str
    description: str
    shapes: Sequence[Shape]
    words: Sequence[Word]
    legend: Sequence[str]
    head: Sequence[str]
    rows: Sequence[tuple[str, Sequence[str]]]


def draw(plot: BarPlot | StackedPlot) -> Drawing:
    """Place the bars, their labels and the rows of the table beside them."""
    columns = _columns(plot)
    series = plot.series if isinstance(plot, StackedPlot) else [Series(plot.title, [bar.cents for bar in plot.bars])]
    return Drawing(
        key=f"plot-{zlib.crc32((plot.title + plot.description).encode()):08x}",
        title=plot.title,
        description=plot.description,
        shapes=[shape for at, column in enumerate(columns) for shape in _stack(columns, at, column)],
        words=[word for at, column in enumerate(columns) for word in _words(columns, at, column, plot.unit)],
        legend=[one.label for one in series] if isinstance(plot, StackedPlot) else [],
        head=[one.label for one in series],
        rows=[(column.label, [written(value, plot.unit) for value in column.values]) for column in columns],
    )


def written(value: int, unit: str) -> str:
    """Write a value with its unit."""
    return money.euros(value) if unit == "€" else f"{value}\u00a0{unit}".rstrip()


@dataclass(frozen=True)
class _Column:
    label: str
    values: Sequence[int]
    strong: bool

    @property
    def total(self) -> int:
        return sum(max(value, 0) for value in self.values)


def _columns(plot: BarPlot | StackedPlot) -> list[_Column]:
    if isinstance(plot, BarPlot):
        return [_Column(bar.label, [bar.cents], bar.strong) for bar in plot.bars]
    values = zip(*(one.values for one in plot.series), strict=True)
    return [_Column(label, list(column), False) for label, column in zip(plot.columns, values, strict=True)]


def _scale(columns: Sequence[_Column], value: int) -> int:
    highest = max(column.total for column in columns)
    return round((BASE - TOP) * max(value, 0) / highest) if highest else 0


def _stack(columns: Sequence[_Column], at: int, column: _Column) -> list[Shape]:
    step = 100 / len(columns)
    shapes, bottom = [], BASE
    for number, value in enumerate(column.values):
        height = _scale(columns, value)
        bottom -= height
        tone = ("strong" if column.strong else "plain") if len(column.values) == 1 else f"series-{number + 1}"
        if height:
            shapes.append(Shape(f"{step * (at + GAP / 2):.3f}%", bottom, f"{step * (1 - GAP):.3f}%", height, tone))
    return shapes


def _words(columns: Sequence[_Column], at: int, column: _Column, unit: str) -> list[Word]:
    middle = f"{100 / len(columns) * (at + 0.5):.3f}%"
    many = len(columns) > FEW
    top = BASE - sum(_scale(columns, value) for value in column.values)
    spare = many and (len(columns) - 1 - at) % 2 == 1
    return [
        Word(middle, top - 8, _brief(column.total, unit), column.strong, many and not column.strong),
        Word(middle, HEIGHT - 6, column.label, column.strong, spare),
    ]


def _brief(value: int, unit: str) -> str:
    """Write a value above its bar: whole euros from 1 000 €, because the table beside gives the cents."""
    if unit != "€" or not value:
        return str(value)
    return money.plain(value) if value < 100_000 else money.plain(round(value, -2)).partition(",")[0]
