"""
A grid copied from a spreadsheet or from a vote: rows of cells, a first row of titles, a first column of places.

Brackets are read as votes print them (« 401–700 », « > 1 800 », « 1 801 et plus ») and become half-open bounds that
touch: 401 after 400 begins above 400, so that 400,50 falls somewhere. Everything that is wrong is told with its row and
its column, from 1.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from obole.lib.texts import fold
from obole.pricing.model import numbers
from obole.pricing.model.numbers import NotANumber, as_fraction, format_number
from obole.pricing.model.problems import Problem, Refused, Text as Words
from obole.pricing.model.tariffs import Position

MOST_ROWS, MOST_COLUMNS, LONGEST, LONGEST_CELL = 200, 30, 100_000, 120
Cell = Callable[[str], Any]
Tell = Callable[..., None]
"""Notes what is wrong with the label of an index: ``(index, text, **values)``."""
_DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2212"
_NUMBER = r"\d[\d \u00a0\u202f\u2009\u2007]*(?:[.,]\d+)?"
_PRINTED = {
    "between": re.compile(rf"(?:de )?({_NUMBER})\s*(?:[{_DASHES}]|à|a|et)\s*({_NUMBER})", re.ASCII | re.IGNORECASE),
    "above": re.compile(rf"(?:>|plus de|au[- ]dessus de|supérieur à)\s*({_NUMBER})", re.ASCII | re.IGNORECASE),
    "from": re.compile(
        rf"(?:(?:≥|>=|à partir de|dès)\s*({_NUMBER})|({_NUMBER})\s*(?:et plus|\+))", re.ASCII | re.IGNORECASE
    ),
    "up_to": re.compile(rf"(?:≤|<=|jusqu['’]à)\s*({_NUMBER})", re.ASCII | re.IGNORECASE),
    "below": re.compile(rf"(?:<|moins de|inférieur à)\s*({_NUMBER})", re.ASCII | re.IGNORECASE),
    "one": re.compile(rf"({_NUMBER})", re.ASCII),
}
_NOT_OFFERED = {*_DASHES, "néant", "sans objet"}
_FREE = {"gratuit", "gratuite", "gratuité"}
_PRINTED_STEP = Decimal(1)
"""Votes print whole numbers: 401 follows 400. A wider hole is a bracket that was forgotten."""


@dataclass(frozen=True, kw_only=True)
class PastedTable:
    """
    A grid that was read: its rows (brackets, then special ones, or choices), its columns, its cells in reading order.
    """

    corner: str
    brackets: bool
    positions: tuple[Position, ...]
    special: tuple[Position, ...]
    """Rows without a number (« extérieur »): someone has to say when they are taken."""
    columns: tuple[str, ...]
    cells: tuple[Any, ...]
    """Cents, or rates in per cent; None where the vote says that it is not offered."""


@dataclass(frozen=True, kw_only=True)
class Places:
    """What the labels of an axis say: its places, and the order in which they were given."""

    order: list[int]
    positions: tuple[Position, ...]
    special: tuple[Position, ...]
    brackets: bool


@dataclass(frozen=True)
class _Bounds:
    """A bracket as printed: what it begins at or above, and ends at."""

    low: Decimal | None
    high: Decimal | None
    above: bool = False
    """``low`` is itself outside (« > 1 800 »)."""


def read(text: str, *, one: Cell = numbers.read_cents) -> PastedTable:
    """
    Read a pasted grid, with tabs or semicolons between the cells.

    :param one: reads a cell; ``percent`` reads the rates of a table.
    :raises Refused: with everything that is wrong, by row and column.
    """
    rows = _split(text)
    problems: list[Problem] = []
    width = len(rows[0])
    for n, row in enumerate(rows[1:], start=2):
        if len(row) != width:
            text_ = _("cette ligne a %(count)s cases et la première en a %(width)s : complétez-la.")
            problems.append(_problem(n, 1, text_, count=len(row), width=width))
    _check_titles(rows[0][1:], problems)
    if problems:
        raise Refused(problems)
    found = _places(
        [row[0] for row in rows[1:]],
        lambda index, text, **values: problems.append(_problem(index + 2, 1, text, **values)),
    )
    cells = [
        [_cell(one, cell, n, m, problems) for m, cell in enumerate(row[1:], start=2)]
        for n, row in enumerate(rows[1:], start=2)
    ]
    if problems:
        raise Refused(problems)
    return PastedTable(
        corner=rows[0][0],
        brackets=found.brackets,
        positions=found.positions,
        special=found.special,
        columns=tuple(rows[0][1:]),
        cells=tuple(cell for index in found.order for cell in cells[index]),
    )


def percent(text: str) -> Decimal:
    """
    Read a rate, with or without its sign, and return it in per cent.

    :raises NotANumber: if it is not a number of at most six decimals.
    """
    number = numbers.read(text.strip().removesuffix("%").rstrip(), decimals=numbers.RATE_DECIMALS)
    return Decimal(number.numerator) / number.denominator


def read_bracket(text: str) -> tuple[Decimal | None, Decimal | None]:
    """
    Read one printed bracket alone and return its half-open bounds; ``401–700`` alone begins above 400.

    :raises NotANumber: if it is not a bracket.
    """
    bounds = _bounds(text)
    if bounds.low is None or bounds.above:
        return bounds.low, bounds.high
    return (bounds.low - _PRINTED_STEP if bounds.low >= 1 else None), bounds.high


def _split(text: str) -> list[list[str]]:
    if len(text) > LONGEST:
        raise Refused([_problem(1, 1, _("ce texte est trop long pour une grille de prix."))])
    lines = [
        line for line in text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff").split("\n") if line.strip()
    ]
    between = "\t" if any("\t" in line for line in lines) else ";"
    rows = [[_clean(cell) for cell in line.split(between)] for line in lines]
    # A spreadsheet copies empty columns at the right, too.
    while rows and max(map(len, rows)) > 1 and all(len(row) < max(map(len, rows)) or not row[-1] for row in rows):
        longest = max(map(len, rows))
        rows = [row[:-1] if len(row) == longest else row for row in rows]
    if len(rows) < 2 or len(rows[0]) < 2:
        raise Refused(
            [
                _problem(
                    1,
                    1,
                    _("une grille a une ligne de titres, une colonne de tranches, et des prix : copiez-la entière."),
                )
            ]
        )
    if len(rows) > MOST_ROWS or len(rows[0]) > MOST_COLUMNS:
        text_ = _("cette grille est trop grande : %(rows)s lignes et %(columns)s colonnes au plus.")
        raise Refused([_problem(1, 1, text_, rows=MOST_ROWS, columns=MOST_COLUMNS)])
    return rows


def _clean(cell: str) -> str:
    """Return a cell in NFC, without its quotes nor what is invisible; the spaces inside numbers stay."""
    kept = "".join(
        item
        for item in unicodedata.normalize("NFC", cell)
        if unicodedata.category(item) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
    )
    bare = kept.strip()
    quoted = len(bare) > 1 and bare[0] == bare[-1] == '"'
    return bare[1:-1].replace('""', '"').strip() if quoted else bare


def _check_titles(titles: Sequence[str], problems: list[Problem]) -> None:
    seen: set[str] = set()
    for m, title in enumerate(titles, start=2):
        if not title or len(title) > LONGEST_CELL:
            problems.append(_problem(1, m, _("le titre de la colonne manque ou est trop long : corrigez-le.")))
        elif fold(title) in seen:
            problems.append(
                _problem(1, m, _("deux colonnes ont le même titre « %(title)s » : changez-en un."), title=title)
            )
        seen.add(fold(title))


def columns(labels: Sequence[str]) -> Places:
    """
    Read the titles of columns as the places of an axis.

    :raises Refused: with everything that is wrong, by column.
    """
    problems: list[Problem] = []
    found = _places(labels, lambda index, text, **values: problems.append(_problem(1, index + 2, text, **values)))
    if problems:
        raise Refused(problems)
    return found


def _places(labels: Sequence[str], tell: Tell) -> Places:
    found: dict[int, _Bounds] = {}
    words: list[int] = []
    refused: dict[int, NotANumber] = {}
    for index, label in enumerate(labels):
        if not label or len(label) > LONGEST_CELL:
            tell(index, _("la tranche manque ou est trop longue : corrigez-la."))
        elif label in labels[:index]:
            tell(index, _("« %(label)s » est écrit deux fois : retirez-en un."), label=label)
        elif not any(letter.isnumeric() for letter in label):
            words.append(index)
        else:
            try:
                found[index] = _bounds(label)
            except NotANumber as refusal:
                refused[index] = refusal
    if not found:
        # « 15 ans », « Catégorie 2 »: choices may have digits, where no row is a bracket.
        order = sorted([*words, *refused])
        chosen = (
            Position(key=f"c{n}", label=labels[index], value=labels[index]) for n, index in enumerate(order, start=1)
        )
        return Places(order=order, positions=tuple(chosen), special=(), brackets=False)
    for index, item in refused.items():
        tell(index, item.text, **item.values)
    # A bracket without a low bound, or that begins lower, comes before.
    order = sorted(found, key=lambda index: (found[index].low is not None, found[index].low or 0))
    positions = _touching([(index, labels[index], found[index]) for index in order], tell)
    special = tuple(Position(key=f"s{n}", label=labels[index]) for n, index in enumerate(words, start=1))
    return Places(order=[*order, *words], positions=positions, special=special, brackets=True)


def _bounds(label: str) -> _Bounds:
    """Read a printed bracket."""
    if len(label) > LONGEST_CELL:
        raise NotANumber(_("la tranche manque ou est trop longue : corrigez-la."))
    text = re.sub(r"(?:\s*€)|(?:^(?:tranche|qf)\b\s*(?:\d+\s*:\s*)?)", "", label.strip(), flags=re.IGNORECASE).strip()
    kind, match = next(
        ((kind, match) for kind, item in _PRINTED.items() if (match := item.fullmatch(text))), ("", None)
    )
    if match is None:
        raise NotANumber(
            _("« %(label)s » n’est pas une tranche : écrivez par exemple 401–700, > 1 800 ou ≤ 400."), label=label
        )
    numbers = [_bound(group) for group in match.groups() if group is not None]
    if kind == "below":
        raise NotANumber(
            _("« %(label)s » ne dit pas où finit la tranche : écrivez ≤ et la dernière valeur comprise."), label=label
        )
    if kind == "between" and numbers[0] >= numbers[1]:
        raise NotANumber(_("« %(label)s » : le bas de la tranche doit être sous son haut."), label=label)
    if kind == "between":
        return _Bounds(numbers[0] or None, numbers[1])
    if kind in {"above", "from"}:
        return _Bounds(numbers[0], None, above=kind == "above")
    return _Bounds(numbers[0] if kind == "one" else None, numbers[0])


def _bound(text: str) -> Decimal:
    number = numbers.read(text.strip(), decimals=2)
    return Decimal(number.numerator) / number.denominator


def _touching(rows: Sequence[tuple[int, str, _Bounds]], tell: Tell) -> tuple[Position, ...]:
    """Make printed brackets touch: the low bound of each is the high one of the bracket before."""
    places: list[Position] = []
    for rank, (index, label, bounds) in enumerate(rows):
        place = Position(key=f"t{rank + 1}", label=label, low=None, high=bounds.high)
        if rank:
            place = replace(place, low=_join(index, places[-1].high, bounds, tell))
        elif bounds.low is not None and (bounds.low > _PRINTED_STEP or bounds.above):
            tell(index, _("rien n’est prévu sous %(low)s : ajoutez la première tranche."), low=_w(bounds.low))
        places.append(place)
    if places and places[-1].high is not None:
        text = _("rien n’est prévu au-dessus de %(high)s : ajoutez une dernière tranche, par exemple > %(high)s.")
        tell(rows[-1][0], text, high=_w(places[-1].high))
    return tuple(places)


def _join(index: int, before: Decimal | None, bounds: _Bounds, tell: Tell) -> Decimal | None:
    if before is None or bounds.low is None:
        tell(index, _("cette tranche en recouvre une autre : elles sont deux sans borne."))
        return None
    # A bracket of one value (« 3 ») begins just after the one before.
    hole = bounds.low - before
    if hole < 0 or (hole == 0 and bounds.low == bounds.high):
        text = _("cette tranche recouvre celle d’avant : elle commence à %(low)s et l’autre finit à %(before)s.")
        tell(index, text, low=_w(bounds.low), before=_w(before))
    elif hole > (0 if bounds.above else _PRINTED_STEP):
        text = _(
            "rien n’est prévu entre %(before)s et %(low)s : ajoutez la tranche qui manque, ou corrigez les bornes."
        )
        tell(index, text, low=_w(bounds.low), before=_w(before))
    return before


def _w(number: Decimal) -> str:
    return format_number(as_fraction(number))


def _cell(cell: Cell, text: str, row: int, column: int, problems: list[Problem]) -> Any:
    said = text.lower()
    if said in _NOT_OFFERED:
        return None
    if said in _FREE:
        return 0
    if not said:
        problems.append(
            _problem(row, column, _("cette case est vide : donnez un prix, ou un tiret si rien n’est proposé."))
        )
        return None
    try:
        return cell(text)
    except NotANumber as refusal:
        problems.append(_problem(row, column, refusal.text, **refusal.values))
        return None


def _problem(row: int, column: int, text: Words, **values: object) -> Problem:
    place = str(_("ligne %(row)s, colonne %(column)s")) % {"row": row, "column": column}
    return Problem(path=f"[{row}][{column}]", place=place, text=text, values=values)
