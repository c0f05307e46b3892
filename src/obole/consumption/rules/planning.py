"""
What is planned of each day: what was reserved, but on closed days, and outside of the days when somebody is enrolled;
and what of it is due, since an excused absence is not.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice

from obole.lib.open_days import Calendar, SchoolZone

WEEK = 7
NOTHING = Decimal(0)
EVERYTHING = ""
"""The question of an absence that is of all that was reserved; and that of a sum that stands for all questions."""

Thing = tuple[int | None, str]
"""A row and a question: a child's meals."""
Sums = dict[Thing, Decimal]
"""Quantities by row and question."""
DayOf = tuple[int | None, str, date]
"""The same, on a day."""


@dataclass(frozen=True)
class Reserved:
    """A week that comes again, from a day on, until another or its last day."""

    row: int | None
    question: str
    first: date
    last: date | None
    quantities: tuple[Decimal, ...]
    """From Monday to Sunday."""
    all_year: bool = False
    """Whether school holidays are days like others."""

    @property
    def thing(self) -> Thing:
        """For whom, and what."""
        return self.row, self.question


@dataclass(frozen=True)
class Away:
    """Days when somebody does not come; ``waiting_days``: how many of the first reserved days stay due."""

    row: int | None
    question: str
    first: date
    last: date
    reason: str
    is_excused: bool
    waiting_days: int = 0

    def is_of(self, thing: Thing) -> bool:
        """Tell whether it is an absence from that."""
        return self.row == thing[0] and self.question in (EVERYTHING, thing[1])


@dataclass(frozen=True)
class Stay:
    """The days between which somebody is enrolled; an end that nobody said is far."""

    first: date | None = None
    last: date | None = None

    def holds(self, day: date) -> bool:
        """Tell whether somebody is enrolled that day."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)

    def meets(self, first: date, last: date) -> bool:
        """Tell whether somebody is enrolled on one of these days at least."""
        return (self.first is None or self.first <= last) and (self.last is None or first <= self.last)


ALWAYS = Stay()


@dataclass(frozen=True)
class PlannedDay:
    """What was reserved for a day, what of it is due where nothing is counted, and why not all."""

    quantity: Decimal
    due: Decimal
    absence: str = ""


@dataclass
class Plan:
    """What a dossier reserved, oldest first: a later reservation takes the place of those before from its first day."""

    reserved: list[Reserved] = field(default_factory=list)
    away: list[Away] = field(default_factory=list)
    stays: dict[int | None, Stay] = field(default_factory=dict)

    def on(self, thing: Thing, day: date) -> Reserved | None:
        """Return the reservation of a day, whatever it says of it."""
        return _in_force(self.newest_first(thing), day)

    def newest_first(self, thing: Thing) -> list[Reserved]:
        """Return the reservations of something, the last that was said first."""
        return [one for one in reversed(self.reserved) if one.thing == thing]

    def stay(self, row: int | None) -> Stay:
        """Return when somebody is enrolled."""
        return self.stays.get(row, ALWAYS)


class OpenDays:
    """On which days something is served, asked for many times."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendars = {False: calendar, True: replace(calendar, school_zone=SchoolZone.NONE)}
        self._known: dict[tuple[bool, date], bool] = {}

    def has(self, day: date, *, all_year: bool) -> bool:
        """Tell whether a day is open; week-ends are, since a reservation says its days."""
        key = all_year, day
        if key not in self._known:
            self._known[key] = self._calendars[all_year].is_open(day)
        return self._known[key]


def planned(plan: Plan, first: date, last: date, *, days: OpenDays) -> dict[DayOf, PlannedDay]:
    """Return what is planned between two days, by row, question and day; nothing where nothing is."""
    found: dict[DayOf, PlannedDay] = {}
    for thing in dict.fromkeys(one.thing for one in plan.reserved):
        near = [away for away in plan.away if away.is_of(thing) and away.first <= last and first <= away.last]
        absences = [(away, _waiting(plan, thing, away, days)) for away in near]
        for day, quantity in _reserved(plan, thing, first, last, days):
            found[*thing, day] = _on_a_day(day, quantity, absences)
    return found


def with_plan(counted: Mapping[DayOf, Decimal], plan: Plan, first: date, last: date, *, days: OpenDays | None) -> Sums:
    """
    Return what is due between two days: what was counted of each, else what was planned.

    What was ever reserved has a sum, be it nothing: no answer of the dossier stands for it any more. So has all of who
    is not enrolled on any of these days.

    :param days: may be left out where nothing is reserved.
    """
    sums: Sums = {one.thing: NOTHING for one in plan.reserved if one.first <= last}
    sums |= {(row, EVERYTHING): NOTHING for row, stay in plan.stays.items() if not stay.meets(first, last)}
    due = {at: one.due for at, one in planned(plan, first, last, days=days).items()} if days else {}
    for (row, question, _day), quantity in {**due, **counted}.items():
        sums[row, question] = sums.get((row, question), NOTHING) + quantity
    return sums


def days_that_differ(before: Plan, after: Plan, first: date, last: date, *, days: OpenDays) -> set[date]:
    """Return the days of which two plans say another quantity that is due."""
    old, new = ({at: one.due for at, one in planned(plan, first, last, days=days).items()} for plan in (before, after))
    return {at[2] for at in {**old, **new} if old.get(at, NOTHING) != new.get(at, NOTHING)}


def days_between(first: date, last: date) -> Iterator[date]:
    """Yield each day from one to another."""
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def _reserved(plan: Plan, thing: Thing, first: date, last: date, days: OpenDays) -> Iterator[tuple[date, Decimal]]:
    stay, weeks = plan.stay(thing[0]), plan.newest_first(thing)
    for day in days_between(first, last):
        one = _in_force(weeks, day)
        quantity = one.quantities[day.weekday()] if one else NOTHING
        if one and quantity and stay.holds(day) and days.has(day, all_year=one.all_year):
            yield day, quantity


def _in_force(newest_first: Iterable[Reserved], day: date) -> Reserved | None:
    """Return the reservation of a day: the last that was said of those begun, unless it has ended."""
    newest = next((one for one in newest_first if one.first <= day), None)
    return newest if newest and (newest.last is None or day <= newest.last) else None


def _waiting(plan: Plan, thing: Thing, away: Away, days: OpenDays) -> Collection[date]:
    """Return the days of an absence that stay due: its first ones of those that were reserved."""
    reserved = (day for day, _quantity in _reserved(plan, thing, away.first, away.last, days))
    return frozenset(islice(reserved, away.waiting_days))


def _on_a_day(day: date, quantity: Decimal, absences: Collection[tuple[Away, Collection[date]]]) -> PlannedDay:
    of_the_day = [(away, waiting) for away, waiting in absences if away.first <= day <= away.last]
    for away, waiting in of_the_day:
        if away.is_excused and day not in waiting:
            return PlannedDay(quantity, NOTHING, away.reason)
    return PlannedDay(quantity, quantity, of_the_day[0][0].reason if of_the_day else "")
