"""What is planned of a dossier: reservations, absences, arrivals and departures; only a later fact mends one."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from obole.audit_log import operations as audit_log
from obole.catalogue.models import BilledOn
from obole.catalogue.rules import absence_reasons
from obole.consumption import queries
from obole.consumption.models import Absence, Booking, Enrolment
from obole.consumption.rules.file_lines import FARTHEST
from obole.consumption.rules.planning import EVERYTHING, NOTHING, Away, Plan, Stay, planned
from obole.dossiers.access import require_reviewer
from obole.dossiers.models import Dossier
from obole.dossiers.states import DossierState
from obole.lib import dates
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry

LEFT_IN = frozenset({*queries.COUNTED_IN, DossierState.CLOSED})
"""Where somebody may leave: one who left is no reason to reopen a dossier."""


class CannotPlan(ValueError):
    """What is asked cannot be kept; the message is a French sentence, and ``field`` is where it is said."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True, kw_only=True)
class BookingRequest:
    """A week to reserve: for whom, what, how much from Monday to Sunday, between which days."""

    row: int | None
    question: str
    first: date
    last: date | None
    quantities: tuple[Decimal, ...]


@dataclass(frozen=True, kw_only=True)
class AbsenceRequest:
    """Days away: who, from what (nothing: from all), and the name of the reason."""

    row: int | None
    question: str
    first: date
    last: date
    reason: str


@atomic_with_retry
def book(*, dossier_id: int, asked: BookingRequest, seen: int, actor: Actor, at: datetime) -> Booking:
    """
    Reserve a week that comes again; it takes the place of what was reserved before, from its first day on.

    :param seen: how often the dossier had planned something when the agent looked: see ``queries.plan_version``.
    :raises obole.directory.rules.NotAllowed: to who does not handle the prestation of the dossier.
    :raises CannotPlan: with the field and the sentence.
    """
    dossier = _held(dossier_id, seen=seen, actor=actor, states=queries.COUNTED_IN)
    check_booking(dossier, asked, plan=queries.plan_of(dossier), today=dates.day_of(at))
    booking = Booking.objects.create(
        dossier=dossier,
        row=asked.row,
        question=asked.question,
        first=asked.first,
        last=asked.last,
        quantities=list(asked.quantities),
        all_year=dossier.scheme.billed_on == BilledOn.BOOKED_ALL_YEAR,
        recorded_at=at,
        recorded_by=actor,
    )
    said = {"question": asked.question, "first": asked.first.isoformat(), "last": _iso(asked.last)}
    audit_log.log_event("consumption.book", subject=dossier, actor=actor, at=at, **said)
    return booking


@atomic_with_retry
def announce_absence(*, dossier_id: int, asked: AbsenceRequest, seen: int, actor: Actor, at: datetime) -> Absence:
    """
    Say that somebody does not come on some days; what its reason makes of them today is kept with it.

    :param seen: see ``book``.
    :raises obole.directory.rules.NotAllowed: to who does not handle the prestation of the dossier.
    :raises CannotPlan: with the field and the sentence.
    """
    dossier = _held(dossier_id, seen=seen, actor=actor, states=queries.COUNTED_IN)
    away = check_absence(dossier, asked, plan=queries.plan_of(dossier), today=dates.day_of(at))
    absence = Absence.objects.create(dossier=dossier, recorded_at=at, recorded_by=actor, **vars(away))
    audit_log.log_event("consumption.announce_absence", subject=dossier, actor=actor, at=at, **_days(absence))
    return absence


@atomic_with_retry
def cancel_absence(*, absence_id: int, actor: Actor, at: datetime) -> Absence:
    """
    Say that an absence was none; one that was cancelled already stays so.

    :raises obole.directory.rules.NotAllowed: to who does not handle the prestation of its dossier.
    """
    known = Absence.objects.get(pk=absence_id)
    dossier = Dossier.objects.locked().select_related("scheme").get(pk=known.dossier_id)
    require_reviewer(dossier, actor=actor)
    # Read again: somebody may have cancelled it before this dossier was held.
    if (done := Absence.objects.filter(cancels=known).first()) is not None:
        return done
    kept = ("row", "question", "first", "last", "reason", "is_excused", "waiting_days")
    cancelled = Absence.objects.create(
        dossier=dossier,
        cancels=known,
        recorded_at=at,
        recorded_by=actor,
        **{name: getattr(known, name) for name in kept},
    )
    audit_log.log_event("consumption.cancel_absence", subject=dossier, actor=actor, at=at, **_days(known))
    return cancelled


@atomic_with_retry
def enrol(*, dossier_id: int, row: int | None, stay: Stay, seen: int, actor: Actor, at: datetime) -> Enrolment:
    """
    Say between which days somebody is enrolled: an arrival, a departure, or that they stay after all.

    :param seen: see ``book``.
    :raises obole.directory.rules.NotAllowed: to who does not handle the prestation of the dossier.
    :raises CannotPlan: with the field and the sentence.
    """
    dossier = _held(dossier_id, seen=seen, actor=actor, states=LEFT_IN)
    check_stay(dossier, row, stay=stay, plan=queries.plan_of(dossier), today=dates.day_of(at))
    enrolment = Enrolment.objects.create(
        dossier=dossier, row=row, first=stay.first, last=stay.last, recorded_at=at, recorded_by=actor
    )
    said = {"row": row, "first": _iso(stay.first), "last": _iso(stay.last)}
    audit_log.log_event("consumption.enrol", subject=dossier, actor=actor, at=at, **said)
    return enrolment


def check_booking(dossier: Dossier, asked: BookingRequest, *, plan: Plan, today: date) -> None:
    """
    Refuse a reservation that cannot be kept.

    :raises CannotPlan: with the field and the sentence.
    """
    if not dossier.scheme.takes_bookings and any(asked.quantities):
        said = _(
            "Ce dispositif facture ce qui est compté : rien ne s’y réserve. Un administrateur peut changer ce réglage."
        )
        raise CannotPlan("first", said)
    _check_days(asked.first, asked.last, today=today)
    _check_stay(plan.stay(asked.row), asked.first, asked.last or date.max)


def check_absence(dossier: Dossier, asked: AbsenceRequest, *, plan: Plan, today: date) -> Away:
    """
    Return an absence with what its reason makes of it.

    :raises CannotPlan: with the field and the sentence.
    """
    reasons = {one.name: one for one in absence_reasons.parse(dossier.scheme.absence_reasons)}
    reason = reasons.get(asked.reason)
    if reason is None:
        raise CannotPlan("reason", _("Choisissez un motif de la liste."))
    _check_days(asked.first, asked.last, today=today)
    _check_stay(plan.stay(asked.row), asked.first, asked.last)
    days = (asked.first, asked.last)
    away = Away(asked.row, asked.question, *days, reason.name, reason.is_excused, reason.waiting_days)
    if (other := _overlapping(away, plan.away)) is not None:
        said = _("Une absence est déjà notée du %(first)s au %(last)s (%(reason)s) : annulez-la, puis notez la bonne.")
        raise CannotPlan("first", said % {**_shown(other.first, other.last), "reason": other.reason})
    if not any(away.is_of((row, question)) for row, question, _day in planned(plan, *days, days=queries.open_days())):
        raise CannotPlan("first", _("Rien n’est réservé ces jours-là : il n’y a pas d’absence à noter."))
    return away


def check_stay(dossier: Dossier, row: int | None, *, stay: Stay, plan: Plan, today: date) -> None:
    """
    Refuse days of enrolment that cannot be kept: those that leave out what was counted, among others.

    :raises CannotPlan: with the field and the sentence.
    """
    if stay == plan.stay(row):
        raise CannotPlan("last", _("C’est déjà ce qui est noté : changez une date."))
    if stay.first and stay.last and stay.last < stay.first:
        raise CannotPlan("last", _("Le dernier jour est avant le premier : vérifiez les deux."))
    for name, day in (("first", stay.first), ("last", stay.last)):
        if day is not None and abs(day - today) > FARTHEST:
            raise CannotPlan(name, _("Ce jour est à plus d’un an d’aujourd’hui : vérifiez l’année."))
    left = sorted(day for day in counted_days(dossier, row) if not stay.holds(day))
    if left:
        said = _("Quelque chose est compté hors de ces jours (%(days)s) : corrigez d’abord la feuille de présence.")
        name = "last" if stay.last and left[-1] > stay.last else "first"
        raise CannotPlan(name, said % {"days": ", ".join(dates.format_short(day) for day in left[:5])})


def counted_days(dossier: Dossier, row: int | None) -> set[date]:
    """Return the days of which something is counted for somebody."""
    facts = queries.last_facts([dossier.pk], date.min, date.max)
    return {fact.day for fact in facts if fact.row == row and fact.quantity > NOTHING}


def _held(dossier_id: int, *, seen: int, actor: Actor, states: Collection[str]) -> Dossier:
    dossier = Dossier.objects.locked().select_related("scheme").get(pk=dossier_id)
    require_reviewer(dossier, actor=actor)
    if dossier.state not in states:
        raise CannotPlan("first", _("Ce dossier n’est ni en instruction ni accepté : rien ne s’y réserve."))
    if queries.plan_version(dossier_id) != seen:
        said = _(
            "Quelqu’un a changé les réservations de ce dossier entre-temps : regardez de nouveau ce que cela change."
        )
        raise CannotPlan("first", said)
    return dossier


def _check_days(first: date, last: date | None, *, today: date) -> None:
    if last is not None and last < first:
        raise CannotPlan("last", _("Le dernier jour est avant le premier : vérifiez les deux."))
    for name, day in (("first", first), ("last", last)):
        if day is not None and abs(day - today) > FARTHEST:
            raise CannotPlan(name, _("Ce jour est à plus d’un an d’aujourd’hui : vérifiez l’année."))


def _check_stay(stay: Stay, first: date, last: date) -> None:
    if stay.last is not None and first > stay.last:
        raise CannotPlan("first", _("Le départ est noté le %(day)s.") % {"day": dates.format_short(stay.last)})
    if stay.first is not None and last < stay.first:
        raise CannotPlan("last", _("L’arrivée est notée le %(day)s.") % {"day": dates.format_short(stay.first)})


def _overlapping(away: Away, others: Collection[Away]) -> Away | None:
    def meets(other: Away) -> bool:
        same = EVERYTHING in (away.question, other.question) or away.question == other.question
        return other.row == away.row and same and other.first <= away.last and away.first <= other.last

    return next(filter(meets, others), None)


def _days(absence: Absence) -> dict[str, str]:
    return {"first": absence.first.isoformat(), "last": absence.last.isoformat()}


def _shown(first: date, last: date) -> dict[str, str]:
    return {"first": dates.format_short(first), "last": dates.format_short(last)}


def _iso(day: date | None) -> str:
    return "" if day is None else day.isoformat()
