"""A line of a file of attendance as quantities of a day, or as what is wrong with it."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from obole.consumption.rules.counting import BadQuantity, Cell, most_in_a_day, read_quantity
from obole.consumption.rules.layouts import NAMES, AttendanceTable, Layout, day_columns
from obole.consumption.rules.roster import Person, Roster, identity
from obole.lib import dates, texts
from obole.lib.open_days import Calendar
from obole.pricing.model.parts import Pricing, Question

FARTHEST = timedelta(days=400)
PRESENT = frozenset({"x", "o", "oui", "y", "yes", "p", "present", "presente", "v", "vrai", "true"})
ABSENT = frozenset({"n", "non", "no", "a", "abs", "absent", "absente", "faux", "false"})
TICKS = frozenset("✓✔☑")
SATURDAY = "samedi"
WHOLE_LINE = 0
"""The column of what is wrong with a line as a whole; those of its quantities are counted from 1."""


class Remark(TextChoices):
    """What is to be told of a line: a quantity that is corrected, or what leaves it out, with the way to mend it."""

    CORRECTION = "correction", _("Corrige ce qui était compté.")
    NAMELESS = "nameless", _("La ligne ne nomme personne : écrivez le nom de l’enfant.")
    UNKNOWN = (
        "unknown",
        _("Personne de ce nom dans ce dispositif : corrigez le nom, ou ajoutez une colonne avec le numéro du dossier."),
    )
    SEVERAL = (
        "several",
        _("Plusieurs portent ce nom dans ce dispositif : ajoutez une colonne avec le numéro du dossier."),
    )
    ENDED = "ended", _("Son dossier n’est ni en instruction ni accepté : rouvrez-le, ou retirez la ligne.")
    BAD_DAY = "bad_day", _("Le jour ne se lit pas : écrivez-le 25/11/2026.")
    FAR = "far", _("Ce jour est à plus d’un an d’aujourd’hui : vérifiez l’année.")
    FUTURE = "future", _("Ce jour n’est pas encore passé : corrigez-le, ou importez la ligne quand il le sera.")
    OUTSIDE = "outside", _("Ce jour n’est pas dans la période que le dossier demande : corrigez l’un ou l’autre.")
    ENROLMENT = (
        "enrolment",
        _("Ce jour est hors de l’inscription de l’enfant : corrigez le jour, ou la date de départ ou d’arrivée."),
    )
    CLOSED = (
        "closed",
        _(
            "C’est un dimanche ou un jour férié : corrigez le jour, ou cochez « Compter aussi les dimanches et les"
            " jours fériés »."
        ),
    )
    QUANTITY = (
        "quantity",
        _(
            "La quantité ne se lit pas, ou dépasse ce qu’un jour peut compter : écrivez un nombre, ou X pour une"
            " présence."
        ),
    )
    THING = "thing", _("Cela ne se compte pas dans ce dispositif : écrivez le nom de ce qui se compte.")
    DOUBLE = "double", _("Deux cases du fichier disent le même jour du même enfant : gardez la bonne.")
    MEANWHILE = "meanwhile", _("Quelqu’un a saisi une autre quantité entre-temps : vérifiez la feuille de ce jour.")


@dataclass(frozen=True)
class Said:
    """A quantity that a file says: where it says it, and of what."""

    line: int
    column: int
    question: str
    cell: Cell
    quantity: Decimal


@dataclass(frozen=True)
class Wrong:
    """What leaves a line out, or one of its quantities."""

    line: int
    column: int
    reason: Remark
    day: date | None = None


@dataclass(frozen=True)
class Countable:
    """What a dispositif counts: its questions with how much a day can hold, and who is counted."""

    pricing: Pricing
    questions: Sequence[Question]
    roster: Roster
    calendar: Calendar

    def question(self, key: str) -> Question | None:
        """Return a question by its key."""
        return next((one for one in self.questions if one.key == key), None)

    def person(self, question: Question, name: str, reference: str, row: int | None = None) -> Person | Remark:
        """
        Return who is counted, or why nobody is.

        :param name: as ``roster.identity`` writes it; nothing where the dossier and the row say enough.
        :param reference: the number of the dossier, where it is told.
        :param row: which row of the dossier, where it is told.
        """
        if not name and not reference:
            return Remark.NAMELESS
        found = self.roster.find(question.group, name, reference)
        found = found if row is None else [person for person in found if person.row == row]
        if len(found) != 1:
            return Remark.SEVERAL if found else Remark.UNKNOWN
        return found[0] if found[0].is_open else Remark.ENDED

    def wrong_day(self, person: Person, day: date | None, *, today: date, closed_too: bool) -> Remark | None:
        """Say what is wrong with a day for somebody, if anything is."""
        if day is None:
            return Remark.BAD_DAY
        if abs(day - today) > FARTHEST:
            return Remark.FAR
        if day > today:
            return Remark.FUTURE
        if not person.is_asked_for(day):
            return Remark.OUTSIDE
        if not person.stay.holds(day):
            return Remark.ENROLMENT
        # A Saturday is a day like others for who opens then; a public holiday is named instead of it.
        is_open = self.calendar.why_closed(day) in ("", SATURDAY)
        return None if is_open or closed_too else Remark.CLOSED

    def quantity(self, question: Question, typed: str) -> Decimal:
        """
        Return a quantity of a day.

        :raises BadQuantity: if it is none, or more than a day can hold.
        """
        return read_quantity(typed, question, self._most[question.key])

    @cached_property
    def _most(self) -> dict[str, Decimal]:
        return {one.key: most_in_a_day(self.pricing, one) for one in self.questions}


@dataclass
class LineReader:
    """Reads the lines of a table, each by itself."""

    table: AttendanceTable
    layout: Layout
    countable: Countable
    today: date
    _identities: dict[tuple[str, ...], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        places = {fact: self.table.place(title) for fact, title in self.layout.columns.items()}
        self._places = {fact: at for fact, at in places.items() if at is not None}
        self._days: Mapping[int, date] = (
            {} if "day" in self._places else day_columns(self.table.titles, today=self.today)
        )
        self._things = {texts.fold(name): one for one in self.countable.questions for name in (one.key, one.label)}

    def read(self, line: int, row: Sequence[str]) -> Iterator[Said | Wrong]:
        """Yield what a line says, quantity by quantity; a cell that is empty says nothing."""
        question = self._question(row)
        if question is None:
            yield Wrong(line, WHOLE_LINE, Remark.THING)
            return
        person = self._person(question, row)
        if isinstance(person, Remark):
            yield Wrong(line, WHOLE_LINE, person)
            return
        for column, day, typed in self._cells(row):
            yield self._read_cell((line, column), question, person, day, typed)

    def doubles(self) -> set[tuple[int, int]]:
        """Return the places that say again what another says, and that other: nobody knows which of them is right."""
        firsts, found = dict[tuple[Hashable, ...], tuple[int, int]](), set[tuple[int, int]]()
        for line, row in self.table.rows():
            for said in self.read(line, row):
                if isinstance(said, Said):
                    cell, place = said.cell, (said.line, said.column)
                    first = firsts.setdefault((said.question, cell.dossier_id, cell.row, cell.day), place)
                    found |= set() if first == place else {first, place}
        return found

    def _read_cell(
        self, place: tuple[int, int], question: Question, person: Person, day: date | None, typed: str
    ) -> Said | Wrong:
        wrong = self.countable.wrong_day(person, day, today=self.today, closed_too=self.layout.closed_too)
        quantity = None if wrong else self._quantity(question, typed)
        if day is None or quantity is None:
            return Wrong(*place, wrong or Remark.QUANTITY, day)
        return Said(*place, question.key, Cell(person.dossier_id, person.row, day), quantity)

    def _cells(self, row: Sequence[str]) -> Iterator[tuple[int, date | None, str]]:
        if self._days:
            for at, day in self._days.items():
                if at < len(row) and row[at]:
                    yield at + 1, day, row[at]
            return
        # Where no column counts, a line is a presence.
        typed = self._at("quantity", row) if "quantity" in self._places else "1"
        if typed:
            yield self._places.get("quantity", 0) + 1, dates.read_day(self._at("day", row)), typed

    def _question(self, row: Sequence[str]) -> Question | None:
        if "thing" in self._places:
            return self._things.get(texts.fold(self._at("thing", row)))
        return self.countable.question(self.layout.question)

    def _person(self, question: Question, row: Sequence[str]) -> Person | Remark:
        names, reference = tuple(self._at(name, row) for name in NAMES), self._at("reference", row)
        name = self._identities.setdefault(names, "") or self._identify(names)
        return self.countable.person(question, name, reference)

    def _identify(self, names: tuple[str, ...]) -> str:
        """Fold a name once: it comes back every day."""
        self._identities[names] = found = identity(*names)
        return found

    def _quantity(self, question: Question, typed: str) -> Decimal | None:
        folded = texts.fold(typed)
        if folded in PRESENT or typed in TICKS:
            return Decimal(1)
        if folded in ABSENT:
            return Decimal(0)
        try:
            return self.countable.quantity(question, typed)
        except BadQuantity:
            return None

    def _at(self, fact: str, row: Sequence[str]) -> str:
        at = self._places.get(fact)
        return row[at] if at is not None and at < len(row) else ""
