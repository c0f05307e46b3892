"""Where each fact of a file of attendance stands: said once for a dispositif, guessed from the titles before."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice

from django.utils.translation import gettext as _, gettext_lazy

from obole.lib import dates, table_files, texts, workbooks
from obole.lib.table_files import TableText

MOST_BYTES = 10 * 1024 * 1024
MOST_LINES, MOST_COLUMNS, MOST_QUANTITIES = 100_000, 60, 200_000
TITLES_WITHIN = 20
"""How many lines may stand before the titles."""
NOT_TEXT = (b"%PDF", b"\xd0\xcf\x11\xe0", b"\x89PNG", b"\xff\xd8", b"{\\rtf", b"<!DOCTYPE", b"<html", b"<?xml")
FACTS = {
    "last_name": gettext_lazy("Nom"),
    "first_name": gettext_lazy("Prénom"),
    "full_name": gettext_lazy("Nom et prénom dans une seule colonne"),
    "reference": gettext_lazy("Numéro du dossier"),
    "day": gettext_lazy("Jour"),
    "quantity": gettext_lazy("Quantité, ou présence"),
    "thing": gettext_lazy("Ce qui se compte"),
}
NAMES = ("last_name", "first_name", "full_name")
GUESSES = {
    "last_name": ("nom", "nom enfant", "nom de l enfant", "nom de famille", "nom eleve", "nom de l eleve"),
    "first_name": ("prenom", "prenom enfant", "prenom de l enfant", "prenom eleve", "prenom de l eleve"),
    "full_name": ("nom et prenom", "nom prenom", "prenom nom", "prenom et nom", "nom complet", "enfant", "eleve"),
    "reference": ("dossier", "numero de dossier", "numero du dossier", "numero dossier", "n dossier", "n de dossier"),
    "day": ("date", "jour", "date de presence", "date presence", "jour de presence"),
    "quantity": ("quantite", "qte", "presence", "present", "presences", "nombre", "nb", "total", "heures", "nb heures"),
    "thing": ("activite", "prestation", "accueil", "rubrique", "service", "type d accueil"),
}
_DAY_IN_TITLE = re.compile(r"(?:(?:lun|mar|mer|jeu|ven|sam|dim)[a-z]*\.?\s+)?(?P<day>[\d/.-]+)", re.IGNORECASE)
_WITHOUT_YEAR = re.compile(r"(\d{1,2})[/.-](\d{1,2})")


class NotReadable(ValueError):
    """A file cannot be read; the message is a French sentence that says what to do."""


@dataclass(frozen=True)
class Layout:
    """How a file of a dispositif is read: the title of each fact, and what is counted where no column says it."""

    columns: Mapping[str, str]
    question: str
    closed_too: bool = False
    """Whether Sundays and public holidays are counted like other days."""


@dataclass(frozen=True)
class AttendanceTable:
    """A file as rows of cells under their titles; the rows are read again each time, and none is kept."""

    source: TableText
    titles: tuple[str, ...]
    first_line: int
    """The number of the line after the titles."""

    def rows(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Return each row with its number, as a spreadsheet counts them."""
        return ((number, row) for number, row in self.source.rows() if number >= self.first_line)

    def place(self, title: str) -> int | None:
        """Return where a title stands."""
        folded = texts.fold(title)
        return next((at for at, known in enumerate(self.titles) if texts.fold(known) == folded), None)


def open_table(content: bytes) -> AttendanceTable:
    """
    Read a file as a table, whatever its form.

    :raises NotReadable: with what to do.
    """
    if len(content) > MOST_BYTES:
        raise NotReadable(_("Ce fichier est trop lourd : 10 Mo au plus. Exportez une période plus courte."))
    if content.startswith(NOT_TEXT):
        raise NotReadable(_("Ce fichier n’est pas un tableau : exportez-le en CSV, XLSX ou ODS."))
    try:
        if workbooks.is_packed(content):
            text = workbooks.read(content, most_rows=MOST_LINES + TITLES_WITHIN).decode()
            source = TableText(text, ";")
        else:
            text = table_files.read_text(content)
            source = TableText(text, table_files.delimiter_of(text))
        return _with_titles(source)
    except workbooks.NotAWorkbook:
        raise NotReadable(
            _("Ce classeur ne s’ouvre pas : enregistrez-le en XLSX, ODS ou CSV, sans mot de passe.")
        ) from None
    except workbooks.TooLarge:
        raise NotReadable(_("Ce classeur est trop grand : %(most)s lignes au plus.") % {"most": _most()}) from None
    except table_files.NotText:
        raise NotReadable(
            _("Les lettres de ce fichier ne se lisent pas : enregistrez-le « CSV UTF-8 », puis envoyez-le de nouveau.")
        ) from None
    except table_files.BrokenLine as broken:
        raise NotReadable(
            _("Ligne %(n)d : des guillemets ne sont pas fermés. Exportez de nouveau le fichier.") % {"n": broken.line}
        ) from None


def count_lines(table: AttendanceTable) -> int:
    """
    Return how many lines a table has, once all of them were read.

    :raises NotReadable: if there are none, too many, or one of them cannot be read.
    """
    count = 0
    try:
        for number, row in table.rows():
            count += 1
            if count > MOST_LINES:
                raise NotReadable(_("Plus de %(most)s lignes : exportez une période plus courte.") % {"most": _most()})
            _check_width(number, row)
    except table_files.BrokenLine as broken:
        raise NotReadable(
            _("Ligne %(n)d : des guillemets ne sont pas fermés. Exportez de nouveau le fichier.") % {"n": broken.line}
        ) from None
    if not count:
        raise NotReadable(_("Ce fichier n’a aucune ligne sous ses titres : exportez-le de nouveau."))
    return count


def guess(titles: Sequence[str]) -> dict[str, str]:
    """Return the columns that most files would mean, by their titles: a person looks at them before they serve."""
    by_name = {texts.fold(title): title for title in reversed(titles)}
    found = {
        fact: title
        for fact, words in GUESSES.items()
        if (title := next((by_name[word] for word in words if word in by_name), None)) is not None
    }
    if "last_name" in found or "first_name" in found:
        found.pop("full_name", None)
    return found


def missing(columns: Mapping[str, str], titles: Sequence[str], *, today: date) -> dict[str, str]:
    """Return what a layout must still say, by fact, each with its sentence."""
    lacking = {}
    if not any(columns.get(name) for name in (*NAMES, "reference")):
        lacking["last_name"] = _("Dites au moins une colonne qui désigne l’enfant.")
    if not columns.get("day") and not day_columns(titles, today=today):
        lacking["day"] = _("Choisissez la colonne du jour : aucun titre de ce fichier n’est une date.")
    return lacking


def day_columns(titles: Sequence[str], *, today: date) -> dict[int, date]:
    """Return the columns whose title is a day (« 25/11/2026 », « lun. 25/11 »), by their place."""
    days = ((at, _day_of_title(title, today)) for at, title in enumerate(titles))
    return {at: day for at, day in days if day is not None}


def _day_of_title(title: str, today: date) -> date | None:
    said = _DAY_IN_TITLE.fullmatch(title.strip())
    if said is None:
        return None
    short = _WITHOUT_YEAR.fullmatch(said["day"])
    if short is None:
        return dates.read_day(said["day"])
    # Without a year it is the nearest.
    years = (today.year - 1, today.year, today.year + 1)
    near = [day for year in years if (day := dates.read_day(f"{short[1]}/{short[2]}/{year}"))]
    return min(near, key=lambda day: abs(day - today), default=None)


def _with_titles(source: TableText) -> AttendanceTable:
    """Find the titles: the first of the rows that fill the most cells, near the top."""
    top = list(islice(source.rows(), TITLES_WITHIN))
    filled = [sum(bool(cell) for cell in row) for _number, row in top]
    if not top or max(filled) < 2:
        raise NotReadable(_("Ce fichier n’a pas de ligne de titres sur au moins deux colonnes : ajoutez-la."))
    number, row = top[filled.index(max(filled))]
    _check_width(number, row)
    titles = [cell or _("Colonne %(n)d") % {"n": rank} for rank, cell in enumerate(row, start=1)]
    return AttendanceTable(source, table_files.told_apart(titles), number + 1)


def _check_width(number: int, row: Sequence[str]) -> None:
    if len(row) > MOST_COLUMNS:
        raise NotReadable(_("Ligne %(n)d : plus de %(most)d colonnes.") % {"n": number, "most": MOST_COLUMNS})


def _most() -> str:
    return f"{MOST_LINES:,d}".replace(",", "\u202f")
