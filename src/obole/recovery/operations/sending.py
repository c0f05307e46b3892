"""A transmission that leaves: numbered at once, ended when each of its rows has its outcome."""

from datetime import datetime

from obole.audit_log import operations as audit_log
from obole.lib import actors, dates
from obole.lib.actors import Actor
from obole.lib.queue import defer_once
from obole.lib.transactions import atomic_with_retry
from obole.recovery import states
from obole.recovery.line_states import LineState
from obole.recovery.models import Transmission, TransmissionLine
from obole.regies import numbering
from obole.regies.access import require_mandate
from obole.regies.models import Series


class SamePerson(Exception):
    """The régie wants two people: who asked for a transmission does not send it."""


@atomic_with_retry
def send_transmission(*, transmission_id: int, actor: Actor, at: datetime) -> Transmission:
    """
    Number a transmission that was asked for, and have the worker send its invoices.

    :raises SamePerson: if the régie wants another person.
    :raises obole.lib.states.ForbiddenTransition: if it was sent or given up.
    """
    transmission = Transmission.objects.select_for_update(of=("self",)).select_related("regie").get(pk=transmission_id)
    regie = transmission.regie
    require_mandate(regie_id=regie.pk, actor=actor, at=at)
    by_two = transmission.by_two or regie.transfer_by_two
    if by_two and actor.is_same_as(transmission.requested_by) and states.SEND.allows(transmission):
        raise SamePerson
    step = states.SEND.apply(transmission)
    year, kind = dates.day_of(at).year, Series.Kind.TRANSMISSION
    sequence = numbering.take_number(regie=regie, kind=kind, year=year)
    transmission.number = numbering.format_number(regie=regie, kind=kind, year=year, sequence=sequence)
    transmission.year, transmission.sequence, transmission.by_two = year, sequence, by_two
    transmission.sent_by, transmission.sent_at = actor, at
    transmission.save(update_fields=["state", "number", "year", "sequence", "by_two", "sent_by", "sent_at"])
    audit_log.log_transition(step, subject=transmission, actor=actor, at=at, number=transmission.number)
    defer_once("recovery.send", key=f"recovery.send:{transmission.pk}", transmission_id=transmission.pk)
    return transmission


@atomic_with_retry
def finish_transmission(*, transmission_id: int, at: datetime) -> Transmission:
    """Write that every invoice of a transmission has its outcome; while one waits, or again, change nothing."""
    transmission = Transmission.objects.select_for_update(of=("self",)).get(pk=transmission_id)
    waiting = TransmissionLine.objects.filter(transmission=transmission, state=LineState.WAITING)
    if not states.FINISH.allows(transmission) or waiting.exists():
        return transmission
    step = states.FINISH.apply(transmission)
    transmission.ended_at = at
    transmission.save(update_fields=["state", "ended_at"])
    audit_log.log_transition(step, subject=transmission, actor=actors.WORKER, at=at)
    return transmission
