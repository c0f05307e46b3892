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
"""Beyond so many columns, their amounts are in whole euros."""
WIDE, NARROW = 560, 290
"""The least width, in pixels, of a plot on a screen and on a phone: what its words are placed for."""
LETTER, BETWEEN, SHORTEST = 7.4, 8, 32
"""What a letter takes, what stands between two words, and the least that a word is given, in pixels."""
WHOLE = 100_000
"""Cents from which a plot is in whole euros: all its amounts, since they are compared."""


@dataclass(frozen=True)
class Bar:
    """One bar; ``strong`` is the one to look at. With another unit than €, ``cents`` is the plain number."""

    label: str
    cents: int
    strong: bool = False
    url: str = ""
    """Of the list that its value comes from."""


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
class GroupedPlot(StackedPlot):
    """Columns of several bars beside each other (at most five series): amounts that do not add up."""


Plot = BarPlot | StackedPlot


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
    base: int = BASE
    """Where zero is: higher than the foot when something is below it."""
    urls: Sequence[str] = ()
    """Of the rows, where they have some."""

    @property
    def linked_rows(self) -> list[tuple[str, str, Sequence[str]]]:
        """The rows of the table: label, address, values."""
        urls = self.urls or [""] * len(self.rows)
        return [(label, url, values) for (label, values), url in zip(self.rows, urls, strict=True)]


def draw(plot: Plot) -> Drawing:
    """Place the bars, their labels and the rows of the table beside them."""
    columns = _columns(plot)
    scale = _Scale.of(columns)
    series = plot.series if isinstance(plot, StackedPlot) else [Series(plot.title, [bar.cents for bar in plot.bars])]
    return Drawing(
        key=f"plot-{zlib.crc32((plot.title + plot.description).encode()):08x}",
        title=plot.title,
        description=plot.description,
        shapes=[shape for at, column in enumerate(columns) for shape in _shapes(scale, at, column)],
        words=_words(scale, columns, plot.unit),
        legend=[sery.label for sery in series] if isinstance(plot, StackedPlot) else [],
        head=[sery.label for sery in series],
        rows=[(column.label, [written(value, plot.unit) for value in column.values]) for column in columns],
        base=scale.base,
        urls=[bar.url for bar in plot.bars] if isinstance(plot, BarPlot) else [],
    )


def written(value: int, unit: str) -> str:
    """Write a value with its unit."""
    return money.euros(value) if unit == "€" else f"{value}\u00a0{unit}".rstrip()


@dataclass(frozen=True)
class _Column:
    label: str
    values: Sequence[int]
    strong: bool = False
    grouped: bool = False

    @property
    def total(self) -> int:
        return sum(self.values)

    @property
    def above(self) -> int:
        parts = [max(value, 0) for value in self.values]
        return max(parts, default=0) if self.grouped else sum(parts)

    @property
    def below(self) -> int:
        parts = [max(-value, 0) for value in self.values]
        return max(parts, default=0) if self.grouped else sum(parts)


def _columns(plot: Plot) -> list[_Column]:
    if isinstance(plot, BarPlot):
        return [_Column(bar.label, [bar.cents], bar.strong) for bar in plot.bars]
    values = zip(*(sery.values for sery in plot.series), strict=True)
    grouped = isinstance(plot, GroupedPlot)
    return [_Column(label, list(column), grouped=grouped) for label, column in zip(plot.columns, values, strict=True)]


@dataclass(frozen=True)
class _Scale:
    """How many columns there are, what they reach above zero and below it, and so where zero is."""

    count: int
    above: int
    below: int

    @classmethod
    def of(cls, columns: Sequence[_Column]) -> "_Scale":
        return cls(len(columns), max(one.above for one in columns), max(one.below for one in columns))

    @property
    def base(self) -> int:
        return BASE - self.height(self.below)

    def height(self, value: int) -> int:
        whole = self.above + self.below
        return round((BASE - TOP) * value / whole) if whole else 0


def _shapes(scale: _Scale, at: int, column: _Column) -> list[Shape]:
    step = 100 / scale.count
    count = len(column.values) if column.grouped else 1
    width, left = step * (1 - GAP) / count, step * (at + GAP / 2)
    shapes, top, bottom = [], scale.base, scale.base
    for number, value in enumerate(column.values):
        height = scale.height(abs(value))
        if column.grouped:
            left, top, bottom = step * (at + GAP / 2) + width * number, scale.base, scale.base
        y = top - height if value > 0 else bottom
        top, bottom = (y, bottom) if value > 0 else (top, bottom + height)
        tone = ("strong" if column.strong else "plain") if len(column.values) == 1 else f"series-{number + 1}"
        if height:
            shapes.append(Shape(f"{left:.3f}%", y, f"{width:.3f}%", height, tone))
    return shapes


def _words(scale: _Scale, columns: Sequence[_Column], unit: str) -> list[Word]:
    """Place what each column is called under it, and what it comes to above it, none over another."""
    labels = [(column.label, HEIGHT - 6) for column in columns]
    words = _placed(scale, labels, [column.strong for column in columns])
    if any(column.grouped for column in columns):
        # Four amounts above four narrow bars would be read by nobody: the table gives them.
        return words
    is_whole = scale.count > FEW or any(abs(column.total) >= WHOLE for column in columns)
    above = [
        (_brief(column.total, unit, is_whole=is_whole), scale.base - scale.height(column.above) - 8)
        for column in columns
    ]
    return [*_placed(scale, above, [column.strong for column in columns]), *words]


def _placed(scale: _Scale, texts: Sequence[tuple[str, int]], strong: Sequence[bool]) -> list[Word]:
    """Keep the words that have room, the strong ones first, then from the last; on phones fewer have."""
    order = sorted(range(len(texts)), key=lambda at: (not strong[at], -at))
    kept = {width: _with_room(scale, [text for text, _y in texts], order, width) for width in (WIDE, NARROW)}
    return [
        Word(f"{100 / scale.count * (at + 0.5):.3f}%", y, text, strong[at], at not in kept[NARROW])
        for at, (text, y) in enumerate(texts)
        if at in kept[WIDE]
    ]


def _with_room(scale: _Scale, texts: Sequence[str], order: Sequence[int], width: int) -> set[int]:
    step, taken = width / scale.count, dict[int, float]()
    for at in order:
        half = max(len(texts[at]) * LETTER, SHORTEST) / 2
        if all(abs(at - other) * step >= half + theirs + BETWEEN for other, theirs in taken.items()):
            taken[at] = half
    return set(taken)


def _brief(value: int, unit: str, *, is_whole: bool) -> str:
    """Write a value above its bar; in whole euros where all of them are, because the table beside gives the cents."""
    if unit != "€" or not value:
        return str(value)
    return money.plain(round(value, -2)).partition(",")[0] if is_whole else money.plain(value)
