"""Who is counted in a dispositif, found by the names and the numbers that a file says."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from obole.consumption.rules.planning import ALWAYS, Stay
from obole.lib import texts
from obole.lib.typed_numbers import NumberKind, parse_number

NO_GROUP = ""


@dataclass(frozen=True)
class Person:
    """Who may be counted: a row of a group of a dossier, or the dossier itself."""

    dossier_id: int
    row: int | None
    is_open: bool
    """Whether the dossier is under review or accepted."""
    periods: tuple[tuple[date, date], ...] = ()
    """The days that the dossier asks for; none where it says none."""
    stay: Stay = ALWAYS

    def is_asked_for(self, day: date) -> bool:
        """Tell whether a day is one of those that the dossier asks for."""
        return not self.periods or any(first <= day <= last for first, last in self.periods)


@dataclass
class Roster:
    """
    The people of a dispositif. They are known by their names whatever the order, the case and the accents, with or
    without the name of who applied.
    """

    _named: dict[tuple[str, str], list[Person]] = field(default_factory=dict)
    _of_dossier: dict[tuple[str, int], list[tuple[Person, frozenset[str]]]] = field(default_factory=dict)

    def add(self, group: str, number: int | None, person: Person, names: Iterable[str]) -> None:
        """Add somebody under all the names that they answer to."""
        known = frozenset(names) - {""}
        for name in known:
            self._named.setdefault((group, name), []).append(person)
        if number is not None:
            self._of_dossier.setdefault((group, number), []).append((person, known))

    def find(self, group: str, name: str, reference: str) -> list[Person]:
        """Return who a line means: nobody, one, or several; who is not counted any more only where nobody else is."""
        found = self._in_dossier(group, name, reference) if reference else self._named.get((group, name), [])
        return [person for person in found if person.is_open] or found

    def _in_dossier(self, group: str, name: str, reference: str) -> list[Person]:
        people = self._of_dossier.get((group, dossier_number(reference) or 0), [])
        return [person for person, known in people if not name or name in known]


def dossier_number(reference: str) -> int | None:
    """Return the number of a dossier however it is typed; None for what is none."""
    typed = parse_number(reference)
    return typed.sequence if typed and typed.kind in (NumberKind.DOSSIER, NumberKind.SEQUENCE) else None


def identity(*names: str) -> str:
    """Return names as they are compared."""
    return " ".join(sorted(texts.fold(" ".join(names)).split()))


def identities(names: Iterable[str], family: str) -> Iterator[str]:
    """Return what somebody may be called: each of their names, alone or with that of who applied."""
    for name in names:
        if name:
            yield identity(name)
            yield identity(name, family)


def names_in(answers: Mapping[str, object], keys: Iterable[str]) -> str:
    """Return the answers that name somebody, one after the other."""
    return " ".join(str(answers.get(key) or "") for key in keys)
