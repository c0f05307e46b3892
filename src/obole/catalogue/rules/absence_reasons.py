"""Why a child is away, and whether what was reserved is still due: a text with one reason a line."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

DEFAULT = "\n".join(
    (
        "Maladie avec certificat\u00a0: excusée, carence 1 jour",
        "Sortie scolaire\u00a0: excusée",
        "Grève\u00a0: excusée",
        "Sans prévenir\u00a0: due",
    )
)
LONGEST, MOST_REASONS, MOST_WAITING = 60, 20, 31
_LINE = re.compile(
    r"(?P<name>.+?)\s*:\s*(?:(?P<due>dus?|dues?|dû)|excus[ée]e?(?:\s*,\s*carence\s+(?P<days>\d{1,2})\s+jours?)?)\s*",
    re.IGNORECASE,
)


class BadReasons(ValueError):
    """A list of reasons cannot be read; the message is a French sentence for the administrator."""


@dataclass(frozen=True)
class AbsenceReason:
    """Why somebody is away; ``waiting_days``: how many of the first days stay due although it is excused."""

    name: str
    is_excused: bool
    waiting_days: int = 0


def parse(text: str) -> list[AbsenceReason]:
    """
    Return the reasons of a text, in their order.

    :raises BadReasons: with the line that cannot be read, and how to write it.
    """
    found = list(_parsed(text))
    if len(found) > MOST_REASONS:
        raise BadReasons(_("Gardez %(most)d motifs au plus.") % {"most": MOST_REASONS})
    if len({reason.name.casefold() for reason in found}) < len(found):
        raise BadReasons(_("Deux lignes ont le même motif : gardez-en une."))
    return found


def check(text: str) -> None:
    """
    Refuse a text that cannot be read.

    :raises ValidationError: with what to do.
    """
    try:
        parse(text)
    except BadReasons as refusal:
        raise ValidationError(str(refusal)) from None


def _parsed(text: str) -> Iterator[AbsenceReason]:
    for n, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        said = _LINE.fullmatch(line.strip())
        days = int(said["days"] or 0) if said else 0
        if said is None or len(said["name"]) > LONGEST or days > MOST_WAITING:
            wanted = _(
                "Ligne %(n)d : écrivez le motif, deux-points, puis « due », « excusée » ou « excusée, carence 2"
                " jours »."
            )
            raise BadReasons(wanted % {"n": n})
        yield AbsenceReason(said["name"], not said["due"], days)
