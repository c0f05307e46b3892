"""The comptable's numbers, pasted or in a file: invoice, exercice and titre on each line."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO

from django.utils.translation import gettext as _

MOST_LINES, LONGEST = 5_000, 1_000_000
SEPARATORS = ";\t,"
FIRST_YEAR, LAST_YEAR = 2000, 2100
NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ./-]{0,19}")
"""What a titre is called by: no formula of a spreadsheet, no markup."""
_HEADS = ("facture", "numéro de facture", "numero de facture", "n° de facture")


class BadTitreFile(ValueError):
    """The text cannot be used; each sentence names its line and says what to do. Nothing of it is kept."""

    def __init__(self, sentences: Sequence[str]) -> None:
        super().__init__(" ".join(sentences[:3]))
        self.sentences = list(sentences)


@dataclass(frozen=True, kw_only=True)
class Titre:
    """The titre of one invoice."""

    line: int
    invoice: str
    year: int
    number: str


def read_titres(text: str) -> list[Titre]:
    """
    Read « facture ; exercice ; titre », with or without a line of titles, separated by semicolons, tabs or commas.

    :raises BadTitreFile: if a line is not so, or if an invoice is named twice.
    """
    if len(text) > LONGEST:
        raise BadTitreFile([_("Ce texte est trop long : %(most)d lignes au plus.") % {"most": MOST_LINES}])
    rows = _rows(text.removeprefix("\ufeff"))
    found, wrong = list[Titre](), list[str]()
    for line, cells in rows:
        try:
            found.append(_read(line, cells))
        except ValueError as error:
            wrong.append(_("Ligne %(line)d : %(why)s") % {"line": line, "why": error})
    wrong += _twice(found)
    if not wrong and not found:
        wrong = [_("Il n’y a aucune ligne : collez « facture ; exercice ; titre », une facture par ligne.")]
    if wrong:
        raise BadTitreFile(wrong)
    return found


def _rows(text: str) -> list[tuple[int, list[str]]]:
    lines = text.replace("\x00", "").splitlines()
    if len(lines) > MOST_LINES:
        raise BadTitreFile([_("Ce texte est trop long : %(most)d lignes au plus.") % {"most": MOST_LINES}])
    first = next((line for line in lines if line.strip()), "")
    separator = max(SEPARATORS, key=first.count)
    try:
        # One line at a time: a quote that is never closed spoils its own line alone.
        parsed = [next(csv.reader(StringIO(line), delimiter=separator), []) for line in lines]
    except csv.Error:
        raise BadTitreFile([_("Ce texte n’est pas un CSV lisible.")]) from None
    rows = [(line, [cell.strip() for cell in cells]) for line, cells in enumerate(parsed, start=1)]
    rows = [(line, cells) for line, cells in rows if any(cells)]
    return rows[1:] if rows and rows[0][1][0].lower() in _HEADS else rows


def _read(line: int, cells: Sequence[str]) -> Titre:
    if len(cells) != 3:
        raise ValueError(_("il faut trois colonnes : facture, exercice, titre."))
    invoice, year, number = cells
    if not year.isascii() or not year.isdigit() or not FIRST_YEAR <= int(year[:5]) <= LAST_YEAR:
        raise ValueError(_("l’exercice est une année, par exemple 2026."))
    if not NUMBER.fullmatch(number):
        raise ValueError(
            _("le numéro du titre a 20 lettres ou chiffres au plus, et ne commence pas comme une formule de tableur.")
        )
    if not NUMBER.fullmatch(invoice[:20]):
        raise ValueError(_("le numéro de la facture ne peut pas être lu."))
    return Titre(line=line, invoice=invoice.upper(), year=int(year), number=number)


def _twice(titres: Sequence[Titre]) -> list[str]:
    seen, wrong = dict[str, int](), list[str]()
    for titre in titres:
        first = seen.setdefault(titre.invoice, titre.line)
        if first != titre.line:
            said = {"line": titre.line, "invoice": titre.invoice, "first": first}
            wrong.append(_("Ligne %(line)d : la facture %(invoice)s est déjà à la ligne %(first)d.") % said)
    return wrong
