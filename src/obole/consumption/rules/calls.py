"""What another software says, quantity by quantity; and what becomes of each."""

import hashlib
import json
from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from obole.consumption.rules.counting import BadQuantity, Cell
from obole.consumption.rules.file_lines import Countable, Remark, Said
from obole.consumption.rules.roster import identity


class Outcome(TextChoices):
    """What became of a quantity: kept one way or another, or refused, with the way to mend it."""

    WRITTEN = "written", _("Enregistré.")
    CORRECTED = "corrected", _("Enregistré à la place de ce qui était compté.")
    KNOWN = "known", _("Compté déjà.")
    UNKNOWN_DOSSIER = "unknown_dossier", _("Aucun dossier de ce numéro dans les prestations de cette clé.")
    ENDED_DOSSIER = "ended_dossier", _("Ce dossier n’est ni en instruction ni accepté : rien ne s’y compte.")
    UNKNOWN_QUESTION = "unknown_question", _("Cela ne se compte pas dans le dispositif de ce dossier.")
    UNKNOWN_BENEFICIARY = "unknown_beneficiary", _("Personne de ce nom ou de ce rang dans ce dossier.")
    SEVERAL_BENEFICIARIES = (
        "several_beneficiaries",
        _("Plusieurs personnes du dossier peuvent être celle-ci : donnez son rang."),
    )
    DAY_TOO_FAR = "day_too_far", _("Ce jour est à plus de 400 jours d’aujourd’hui : vérifiez l’année.")
    DAY_TO_COME = "day_to_come", _("Ce jour n’est pas encore passé.")
    DAY_OUTSIDE = "day_outside", _("Ce jour n’est pas dans la période que le dossier demande.")
    DAY_NOT_ENROLLED = "day_not_enrolled", _("Cette personne n’est pas inscrite ce jour-là.")
    DAY_CLOSED = "day_closed", _("C’est un dimanche ou un jour férié : « closed_days » à « true » les compte.")
    BAD_QUANTITY = "bad_quantity", _("Cette quantité n’en est pas une, ou dépasse ce qu’un jour peut compter.")
    DOUBLE = "double", _("L’appel dit deux fois cette quantité du même jour : aucune des deux n’est gardée.")


KEPT = frozenset({Outcome.WRITTEN, Outcome.CORRECTED, Outcome.KNOWN})
OF_REMARK = {
    Remark.ENDED: Outcome.ENDED_DOSSIER,
    Remark.UNKNOWN: Outcome.UNKNOWN_BENEFICIARY,
    Remark.SEVERAL: Outcome.SEVERAL_BENEFICIARIES,
    Remark.FAR: Outcome.DAY_TOO_FAR,
    Remark.FUTURE: Outcome.DAY_TO_COME,
    Remark.OUTSIDE: Outcome.DAY_OUTSIDE,
    Remark.ENROLMENT: Outcome.DAY_NOT_ENROLLED,
    Remark.CLOSED: Outcome.DAY_CLOSED,
}
"""What is told of a line of a file, as it is told to a software; the rest cannot happen to it."""


@dataclass(frozen=True)
class CalledFact:
    """A quantity, as a software says it."""

    dossier: str
    beneficiary: int | str | None
    """A row of the dossier from 0, or a name; nothing where the dossier says enough."""
    question: str
    day: date
    quantity: str


@dataclass(frozen=True)
class Call:
    """What a software sends at once, under the name that it gives to that."""

    name: str
    facts: tuple[CalledFact, ...]
    closed_days: bool = False
    """Whether Sundays and public holidays count too."""

    @property
    def digest(self) -> str:
        """What tells it from another call of the same name."""
        said = [self.closed_days, *(asdict(fact) for fact in self.facts)]
        return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


def read_fact(
    n: int, fact: CalledFact, countable: Countable | None, *, today: date, closed_days: bool
) -> Said | Outcome:
    """
    Return what a software says as it is counted, or why it is not.

    :param n: which one of its call it is.
    :param countable: what the dispositif of its dossier counts; None where that counts nothing.
    """
    question = countable.question(fact.question) if countable else None
    if countable is None or question is None:
        return Outcome.UNKNOWN_QUESTION
    said = fact.beneficiary
    name, row = (identity(said), None) if isinstance(said, str) else ("", said)
    person = countable.person(question, name, fact.dossier, row)
    if isinstance(person, Remark):
        return OF_REMARK[person]
    if wrong := countable.wrong_day(person, fact.day, today=today, closed_too=closed_days):
        return OF_REMARK[wrong]
    try:
        quantity = countable.quantity(question, fact.quantity)
    except BadQuantity:
        return Outcome.BAD_QUANTITY
    return Said(n, 0, question.key, Cell(person.dossier_id, person.row, fact.day), quantity)


def without_doubles(read: Sequence[Said | Outcome]) -> list[Said | Outcome]:
    """Refuse what is said twice, both times: nobody knows which of them is right."""
    places = dict[Hashable, list[int]]()
    for n, one in enumerate(read):
        if isinstance(one, Said):
            places.setdefault((one.question, one.cell), []).append(n)
    doubled = {n for found in places.values() if len(found) > 1 for n in found}
    return [Outcome.DOUBLE if n in doubled else one for n, one in enumerate(read)]
