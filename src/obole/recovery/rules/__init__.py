"""Ages of what is not paid, instalments, and the files of the comptable: pure calculations."""

from obole.recovery.rules.ages import Age
from obole.recovery.rules.titre_file import BadTitreFile, Titre, read_titres
