"""Facts are added, never changed: those of a dossier as they are typed, or those of many as a file says them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from obole.audit_log import operations as audit_log
from obole.consumption import queries, rules
from obole.consumption.models import AttendanceFile, Consumption
from obole.consumption.queries import KnownFact
from obole.consumption.rules.file_lines import FARTHEST, Remark, Said, Wrong
from obole.consumption.rules.planning import ALWAYS
from obole.dossiers.access import require_reviewer
from obole.dossiers.models import Dossier
from obole.lib import dates
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry

COUNTED_IN = queries.COUNTED_IN


class CannotRecord(ValueError):
    """What was typed cannot be kept; the message is a French sentence for the agent."""


class ChangedMeanwhile(CannotRecord):
    """Somebody else wrote another quantity since the sheet was shown."""


@dataclass(frozen=True)
class DayCount:
    """What was typed for a beneficiary and a day; ``seen`` is what the sheet showed, nothing where it was empty."""

    beneficiary: rules.Beneficiary
    day: date
    quantity: Decimal
    seen: Decimal | None = None


@dataclass(frozen=True)
class Source:
    """Who says what a share of a file, or a call, says; and what they knew when they said it."""

    actor: Actor
    file: AttendanceFile | None = None
    known_until: int | None = None
    """The last fact that they knew: what comes later is not covered. None for who has the last word."""


@dataclass
class Recorded:
    """What became of a share of a file, or of a call."""

    facts: list[Consumption] = field(default_factory=list)
    corrected: list[Said] = field(default_factory=list)
    """Those of the facts that take the place of another."""
    known: list[Said] = field(default_factory=list)
    left: list[Wrong] = field(default_factory=list)


@atomic_with_retry
def record(*, dossier_id: int, question: str, counted: list[DayCount], actor: Actor, at: datetime) -> int:
    """
    Write what a dossier consumed of one thing, and return how many facts that made: what is known already makes none.

    All of it is written, or nothing.

    :raises obole.directory.rules.NotAllowed: to who does not handle the prestation of the dossier.
    :raises ChangedMeanwhile: if somebody wrote another quantity of one of these days meanwhile.
    :raises CannotRecord: if the dossier is neither under review nor accepted, or a day is more than a year away, or
        outside of the days of the enrolment.
    """
    dossier = Dossier.objects.locked().select_related("scheme").get(pk=dossier_id)
    require_reviewer(dossier, actor=actor)
    _check(dossier, counted, today=dates.day_of(at))
    _check_stays(dossier, counted)
    days = [one.day for one in counted]
    known = queries.quantities([dossier_id], question, min(days), max(days)) if days else {}
    changed = [one for one in counted if _differs(one, known, dossier_id)]
    Consumption.objects.bulk_create(
        Consumption(
            dossier=dossier,
            row=one.beneficiary.row,
            question=question,
            day=one.day,
            quantity=one.quantity,
            recorded_at=at,
            recorded_by=actor,
        )
        for one in changed
    )
    if changed:
        first, last = (pick(one.day for one in changed).isoformat() for pick in (min, max))
        said = {"question": question, "first": first, "last": last}
        audit_log.log_event("consumption.record", subject=dossier, actor=actor, at=at, facts=len(changed), **said)
    return len(changed)


def record_many(said: Sequence[Said], *, source: Source, at: datetime) -> Recorded:
    """
    Write what a share of a file, or a call, says of any dossiers, in the transaction that counts it as done.

    Each quantity by itself: one whose dossier has ended, or that somebody changed since, is left and told. What is
    known already makes no fact.
    """
    ids = {one.cell.dossier_id for one in said}
    dossiers = Dossier.objects.locked().filter(pk__in=ids).order_by("pk")
    is_open = {dossier.pk: dossier.state in COUNTED_IN for dossier in dossiers.only("state")}
    stays = queries.stays_of(ids)
    known = queries.known(said)
    done = Recorded()
    for one in said:
        fact = known.get((one.question, one.cell))
        if not is_open[one.cell.dossier_id]:
            done.left.append(Wrong(one.line, one.column, Remark.ENDED, one.cell.day))
        elif one.quantity and not stays.get((one.cell.dossier_id, one.cell.row), ALWAYS).holds(one.cell.day):
            done.left.append(Wrong(one.line, one.column, Remark.ENROLMENT, one.cell.day))
        elif is_known(one, fact):
            done.known.append(one)
        elif fact is not None and source.known_until is not None and fact.pk > source.known_until:
            done.left.append(Wrong(one.line, one.column, Remark.MEANWHILE, one.cell.day))
        else:
            done.corrected += [] if fact is None else [one]
            done.facts.append(_fact(one, source, at))
    Consumption.objects.bulk_create(done.facts)
    return done


def is_known(one: Said, fact: KnownFact | None) -> bool:
    """Tell whether a quantity adds nothing: it counts already, or is none where nothing was counted."""
    return one.quantity == (0 if fact is None else fact.quantity)


def _fact(one: Said, source: Source, at: datetime) -> Consumption:
    return Consumption(
        dossier_id=one.cell.dossier_id,
        row=one.cell.row,
        question=one.question,
        day=one.cell.day,
        quantity=one.quantity,
        recorded_at=at,
        recorded_by=source.actor,
        source=source.file,
    )


def _differs(one: DayCount, known: Mapping[rules.Cell, Decimal], dossier_id: int) -> bool:
    now = known.get(rules.Cell(dossier_id, one.beneficiary.row, one.day))
    if now == one.quantity:
        return False
    if now != one.seen:
        said = _("%(day)s\u00a0: quelqu’un a saisi %(now)s entre-temps. Vérifiez, puis enregistrez de nouveau.")
        shown = "–" if now is None else rules.written(now).replace(".", ",")
        raise ChangedMeanwhile(said % {"day": dates.format_short(one.day), "now": shown})
    return True


def _check_stays(dossier: Dossier, counted: list[DayCount]) -> None:
    stays = queries.stays_of([dossier.pk])
    for one in counted:
        stay = stays.get((dossier.pk, one.beneficiary.row), ALWAYS)
        if one.quantity and not stay.holds(one.day):
            said = _("%(day)s\u00a0: ce jour est hors de l’inscription. Corrigez d’abord le départ ou l’arrivée.")
            raise CannotRecord(said % {"day": dates.format_short(one.day)})


def _check(dossier: Dossier, counted: list[DayCount], *, today: date) -> None:
    if dossier.state not in COUNTED_IN:
        raise CannotRecord(_("Ce dossier n’est ni en instruction ni accepté : rien ne s’y compte."))
    if any(abs(one.day - today) > FARTHEST for one in counted):
        raise CannotRecord(_("Un jour est à plus d’un an d’aujourd’hui : vérifiez la semaine."))
    elsewhere = queries.counted_elsewhere([dossier.pk])
    if any((dossier.pk, one.beneficiary.row) in elsewhere for one in counted):
        raise CannotRecord(_("Cet enfant est compté sur le dossier de l’autre payeur."))
