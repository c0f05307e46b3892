"""What was reserved, announced and enrolled, read as plans: one query for any number of dossiers."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from obole.consumption.models import Absence, Booking, Consumption, Enrolment
from obole.consumption.rules import planning as rules
from obole.consumption.rules.planning import Away, DayOf, OpenDays, Plan, PlannedDay, Reserved, Stay, Thing, planned
from obole.directory import queries as directory
from obole.dossiers.models import Dossier
from obole.lib import dates, sql
from obole.lib.open_days import Calendar

MONTHS_SHOWN = 3
_ALL = """
    SELECT id, 'booking', to_jsonb(booking) FROM consumption_booking AS booking WHERE dossier_id = ANY(%(ids)s)
    UNION ALL
    SELECT id, 'absence', to_jsonb(absence) FROM consumption_absence AS absence WHERE dossier_id = ANY(%(ids)s)
    UNION ALL
    SELECT id, 'enrolment', to_jsonb(enrolment) FROM consumption_enrolment AS enrolment
    WHERE dossier_id = ANY(%(ids)s)
    ORDER BY 1
"""
Told = tuple[int, str, dict[str, Any]]
"""A row of one of the tables: its id, which table, and what it says."""


def town_calendar(*, week_ends: bool = True, school: bool = False) -> Calendar:
    """
    Return the days on which the town is closed.

    :param week_ends: whether it closes on them, as on public holidays.
    :param school: whether the school holidays of its zone close it.
    """
    town = directory.the_authority()
    zone = town.school_zone if school else ""
    return Calendar(offices=True, territory=town.territory, school_zone=zone, week_ends=week_ends)


def open_days() -> OpenDays:
    """Return the days on which what was reserved is served."""
    return OpenDays(town_calendar(week_ends=False, school=True))


def plans_of(dossier_ids: Collection[int]) -> dict[int, Plan]:
    """Return what dossiers planned, with one query; none that planned nothing."""
    return {pk: _plan(told) for pk, told in _told_of(dossier_ids).items()}


def planned_days(plans: Mapping[int, Plan], first: date, last: date) -> dict[int, dict[DayOf, PlannedDay]]:
    """Return what dossiers planned between two days, by row, question and day; one query, none if nothing is."""
    days = open_days() if any(plan.reserved for plan in plans.values()) else None
    return {pk: planned(plan, first, last, days=days) for pk, plan in plans.items()} if days else {}


def plan_of(dossier: Dossier) -> Plan:
    """Return what a dossier planned."""
    return plans_of([dossier.pk]).get(dossier.pk, Plan())


def stays_of(dossier_ids: Collection[int] | QuerySet[Any, Any]) -> dict[tuple[int, int | None], Stay]:
    """Return between which days somebody is enrolled, by dossier and row, with one query; none whom nobody limits."""
    rows = Enrolment.objects.filter(dossier__in=dossier_ids).order_by("dossier_id", "row", "-id")
    last = rows.distinct("dossier_id", "row").values_list("dossier_id", "row", "first", "last")
    return {(dossier, row): Stay(first, until) for dossier, row, first, until in last}


def standing_absences(dossier: Dossier) -> QuerySet[Absence]:
    """Return the absences of a dossier that were not cancelled, the last days first."""
    rows = Absence.objects.filter(dossier=dossier, cancels=None, cancelled_by=None)
    return rows.order_by("-first", "-id")


def plan_version(dossier_id: int) -> int:
    """Return how often a dossier planned something: what somebody confirms is what they saw."""
    return sum(table.objects.filter(dossier=dossier_id).count() for table in (Booking, Absence, Enrolment))


def known_later(*, dossier: Any, first: Any, last: Any, since: Any) -> Q:
    """
    Tell, of the rows of a query, whether something of some days was counted, reserved or announced after an instant.

    :param dossier: an ``OuterRef``, as all of them.
    """
    later = {"dossier": dossier, "recorded_at__gt": since}
    absent = Absence.objects.filter(**later, first__lte=last, last__gte=first)
    # Whatever their last days: each may take the place of one that said something of these.
    booked = Booking.objects.filter(**later, first__lte=last)
    enrolled = Enrolment.objects.filter(**later)
    counted = Consumption.objects.filter(**later, day__gte=first, day__lte=last)
    return Q(Exists(counted)) | Q(Exists(booked)) | Q(Exists(absent)) | Q(Exists(enrolled))


def days_planned_later(since: Mapping[int, datetime], first: date, last: date) -> dict[int, list[date]]:
    """Return the days of which another quantity is planned since an instant that each dossier has; two queries."""
    found: dict[int, list[date]] = {}
    if not (told := _told_of(since)):
        return found
    days = open_days()
    for pk, rows in told.items():
        before = [row for row in rows if datetime.fromisoformat(row[2]["recorded_at"]) <= since[pk]]
        found[pk] = sorted(rules.days_that_differ(_plan(before), _plan(rows), first, last, days=days))
    return found


@dataclass(frozen=True)
class Change:
    """What another plan would make due of something in a month."""

    month: date
    thing: Thing
    before: Decimal
    after: Decimal


def what_changes(dossier: Dossier, before: Plan, after: Plan, *, first: date) -> list[Change]:
    """Return what another plan of a dossier would make due otherwise, in three months from a day on; two queries."""
    months = [dates.months_later(first.replace(day=1), n) for n in range(MONTHS_SHOWN + 1)]
    facts = Consumption.objects.filter(dossier=dossier, day__gte=months[0], day__lt=months[-1]).order_by("id")
    counted = {
        (row, question, day): quantity
        for row, question, day, quantity in facts.values_list("row", "question", "day", "quantity")
    }
    days, found = open_days(), list[Change]()
    for month, until in pairwise(months):
        of_month = {at: quantity for at, quantity in counted.items() if month <= at[2] < until}
        last = until - timedelta(days=1)
        old, new = (rules.with_plan(of_month, plan, month, last, days=days) for plan in (before, after))
        things = [thing for thing in {**old, **new} if thing[1] != rules.EVERYTHING]
        pairs = [(thing, old.get(thing, rules.NOTHING), new.get(thing, rules.NOTHING)) for thing in things]
        found += [Change(month, thing, was, becomes) for thing, was, becomes in pairs if was != becomes]
    return found


def booked_in(first: date, last: date) -> Exists:
    """Tell, of dossiers, whether something was reserved for some days."""
    booked = Booking.objects.filter(dossier=OuterRef("pk"), first__lte=last)
    return Exists(booked.filter(Q(last=None) | Q(last__gte=first)))


def _told_of(dossier_ids: Collection[int]) -> dict[int, list[Told]]:
    found: dict[int, list[Told]] = {}
    for pk, kind, text in sql.execute(_ALL, ids=list(dossier_ids)) if dossier_ids else ():
        said = json.loads(text, parse_float=Decimal)
        found.setdefault(said["dossier_id"], []).append((pk, kind, said))
    return found


def _plan(told: Collection[Told]) -> Plan:
    """Return what the rows of a dossier come to, oldest first: an absence that another cancels is none."""
    plan, away = Plan(), dict[int, Away]()
    for pk, kind, said in told:
        if kind == "booking":
            plan.reserved.append(_reserved(said))
        elif kind == "enrolment":
            plan.stays[said["row"]] = Stay(_day(said["first"]), _day(said["last"]))
        elif said["cancels_id"] is None:
            away[pk] = _away(said)
        else:
            away.pop(said["cancels_id"], None)
    plan.away = list(away.values())
    return plan


def _reserved(said: Mapping[str, Any]) -> Reserved:
    days = date.fromisoformat(said["first"]), _day(said["last"])
    return Reserved(said["row"], said["question"], *days, tuple(said["quantities"]), said["all_year"])


def _away(said: Mapping[str, Any]) -> Away:
    days = date.fromisoformat(said["first"]), date.fromisoformat(said["last"])
    return Away(said["row"], said["question"], *days, said["reason"], said["is_excused"], said["waiting_days"])


def _day(said: str | None) -> date | None:
    return None if said is None else date.fromisoformat(said)
