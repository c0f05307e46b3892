"""CSV: the same columns under other titles at each bank, with other separators and other letters."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from obole.bank_statements.rules import cells
from obole.bank_statements.rules.readings import MOST_BYTES, MOST_LINES, Unreadable
from obole.lib import table_files, texts

MOST_COLUMNS = 60
LOOKED_AT = 40
"""How many lines may stand before the titles."""
EXCEL = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


@dataclass(frozen=True)
class Table:
    """A file as rows of cells under their titles; each row with its line in the file."""

    titles: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]

    def column(self, title: str) -> int | None:
        """Return where a title stands."""
        folded = texts.fold(title)
        return next((at for at, known in enumerate(self.titles) if texts.fold(known) == folded), None)


def read_table(content: bytes) -> Table:
    """
    Find the letters, the separator and the titles of a file.

    :raises Unreadable: with what to do.
    """
    text = _decoded(content)
    rows = _rows(text, table_files.delimiter_of(text))
    # Titles are the row that fills the most cells with neither a figure nor a day.
    filled = [0 if any(_is_data(cell) for cell in row if cell) else _filled(row) for _number, row in rows[:LOOKED_AT]]
    at = filled.index(max(filled))
    if filled[at] < 2:
        raise Unreadable(
            _(
                "Ce fichier n’a pas de ligne de titres sur au moins deux colonnes : exportez le relevé en CSV, avec ses"
                " titres."
            )
        )
    titles = tuple(cell or _("Colonne %(n)d") % {"n": rank} for rank, cell in enumerate(rows[at][1], start=1))
    return Table(table_files.told_apart(titles), tuple(rows[at + 1 :]))


def _decoded(content: bytes) -> str:
    if len(content) > MOST_BYTES:
        raise Unreadable(_("Ce fichier est trop lourd : 10 Mo au plus. Exportez une période plus courte."))
    if content.startswith(EXCEL):
        raise Unreadable(_("Ce fichier est un classeur : enregistrez-le au format CSV, puis importez-le."))
    try:
        return table_files.read_text(content)
    except table_files.NotText:
        raise Unreadable(
            _("Les lettres de ce fichier ne se lisent pas : enregistrez-le « CSV UTF-8 », puis importez-le de nouveau.")
        ) from None


def _rows(text: str, delimiter: str) -> list[tuple[int, tuple[str, ...]]]:
    reader, rows = csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=True), []
    try:
        for row in reader:
            if len(row) > MOST_COLUMNS:
                raise Unreadable(
                    _("Ligne %(n)d : plus de %(most)d colonnes. Ce fichier n’est pas un relevé.")
                    % {"n": reader.line_num, "most": MOST_COLUMNS}
                )
            if any(cell.strip() for cell in row):
                rows.append((reader.line_num, tuple(texts.clean_line(cell) for cell in row)))
            if len(rows) > MOST_LINES:
                raise Unreadable(
                    _("Plus de %(most)d lignes : exportez une période plus courte.") % {"most": MOST_LINES}
                )
    except csv.Error:
        raise Unreadable(
            _(
                "Ligne %(n)d : des guillemets ne sont pas fermés, ou une cellule est trop longue. Exportez de nouveau"
                " le fichier sans l’ouvrir dans un tableur."
            )
            % {"n": reader.line_num}
        ) from None
    if not rows:
        raise Unreadable(_("Ce fichier est vide : exportez de nouveau le relevé."))
    return rows


def _filled(row: Sequence[str]) -> int:
    return sum(bool(cell) for cell in row)


def _is_data(cell: str) -> bool:
    for read in (cells.cents_of, cells.day_of):
        try:
            read(cell)
        except cells.NotThis:
            continue
        return True
    return False


@dataclass(frozen=True)
class Row:
    """A row of a table, read through a layout: each fact by its name."""

    number: int
    said: Mapping[str, str]

    def day(self, name: str) -> date | None:
        """
        Read a day, None where the cell is empty.

        :raises Unreadable: if it says something else.
        """
        text = self.said.get(name, "")
        try:
            return cells.day_of(text) if text else None
        except cells.NotThis:
            raise Unreadable(
                _(
                    "Ligne %(n)d : « %(text)s » n’est pas une date. Vérifiez la colonne choisie ; une date s’écrit"
                    " 25/11/2026."
                )
                % {"n": self.number, "text": text[:40]}
            ) from None

    def cents(self, name: str) -> int:
        """
        Read an amount, 0 where the cell is empty.

        :raises Unreadable: if it says something else.
        """
        text = self.said.get(name, "")
        try:
            return cells.cents_of(text) if text else 0
        except cells.NotThis:
            raise Unreadable(
                _(
                    "Ligne %(n)d : « %(text)s » n’est pas un montant. Vérifiez la colonne choisie ; un montant s’écrit"
                    " 1 234,56."
                )
                % {"n": self.number, "text": text[:40]}
            ) from None


def rows_of(table: Table, columns: Mapping[str, str]) -> list[Row]:
    """
    Return the rows of a table under the names of a layout.

    :raises Unreadable: if a column of the layout is not in the file.
    """
    places: dict[str, int] = {}
    for name, title in columns.items():
        at = table.column(title)
        if at is None:
            raise Unreadable(
                _("La colonne « %(title)s » n’est pas dans ce fichier : dites de nouveau où sont les colonnes.")
                % {"title": title}
            )
        places[name] = at
    return [
        Row(number, {name: row[at] if at < len(row) else "" for name, at in places.items()})
        for number, row in table.rows
    ]
