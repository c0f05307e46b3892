"""A remise de service: signed by who leaves, then the same day by who takes over, over accounts that did not move."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from obole.audit_log import operations as audit_log
from obole.books import states
from obole.books.models import Handover
from obole.books.queries import handovers as queries
from obole.books.states import HandoverState
from obole.cash_desk import rules as cash
from obole.directory.models import Agent
from obole.directory.rules import NotAllowed
from obole.lib import dates, texts
from obole.lib.actors import Actor
from obole.lib.queue import defer
from obole.lib.transactions import atomic_with_retry
from obole.regies import operations as regies
from obole.regies.access import require_mandate, require_signature
from obole.regies.models import Mandate, Regie

LONGEST_REASON, LONGEST_TEXT = 300, 2000


class CannotHandOver(ValueError):
    """This remise de service cannot be signed: the sentence says why, and what to do."""


class SituationChanged(CannotHandOver):
    """What the régie holds is not what was on the screen any more."""


class DifferenceUnexplained(CannotHandOver):
    """What was counted is not what there must be, and nothing says why."""


@dataclass(frozen=True, kw_only=True)
class Handing:
    """What who leaves says: to whom, why, what was counted, and who looked."""

    kind: str
    arriving_id: int
    places: Mapping[str, Mapping[int, int]]
    """How many of each coin and note, by place."""
    pieces: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """How many cheques and CESU, and what they come to."""
    explanation: str = ""
    present: str = ""
    remarks: str = ""


@atomic_with_retry
def sign_handover(
    *, regie_id: int, handing: Handing, seen: str, request_key: str, actor: Actor, at: datetime
) -> Handover:
    """
    Sign, as who leaves, all that a régie holds. The same ``request_key`` again returns what it made.

    :param seen: the fingerprint of the holdings that were on the screen: nobody signs others.
    :raises obole.directory.rules.NotAllowed: if it is neither the régisseur nor a suppléant of that day.
    :raises SituationChanged: if the régie holds something else by now.
    :raises DifferenceUnexplained: if what was counted differs, and nothing says why.
    :raises CannotHandOver: if a drawer is open, another one waits, or nobody may take it over.
    """
    quality = require_signature(regie_id=regie_id, actor=actor, at=at)
    # Nothing is booked while it is held: what is kept is of one moment.
    regie = Regie.objects.locked().get(pk=regie_id)
    twin = Handover.objects.filter(request_key=request_key, regie=regie).first()
    if twin is not None:
        return twin
    arriving = _arriving(regie, handing, quality, actor=actor, at=at)
    _require_closed_drawers(regie)
    if Handover.objects.filter(regie=regie, state=HandoverState.SIGNED).exists():
        raise CannotHandOver(_("Une remise de service attend déjà sa seconde signature : signez-la, ou abandonnez-la."))
    held = queries.holdings(regie)
    if held.fingerprint != seen:
        raise SituationChanged(_("La situation a changé entre-temps : vérifiez-la, puis signez de nouveau."))
    counts, explanation = _counts(held, handing), texts.clean_line(handing.explanation)[:LONGEST_REASON]
    differs = counts != expected_counts(held)
    if differs and not explanation:
        raise DifferenceUnexplained(_("Ce qui est compté diffère de ce qui est attendu : écrivez pourquoi."))
    handover = Handover(
        regie=regie,
        request_key=request_key,
        kind=handing.kind,
        day=dates.day_of(at),
        left_by=actor,
        left_quality=quality,
        left_at=at,
        arriving=arriving.actor,
        present=texts.clean_line(handing.present)[:LONGEST_REASON],
        remarks=handing.remarks.strip()[:LONGEST_TEXT],
        holdings=held.as_json(),
        counts={"places": {key: cash.as_count(count) for key, count in handing.places.items()}, **_pieces(handing)},
        differs=differs,
        explanation=explanation,
        waiting=[list(asdict(item).values()) for item in queries.waiting(regie)],
        numbers=queries.last_numbers(regie),
        entry_number=regie.entry_count,
        entry_hash=regie.entry_head,
    )
    handover.save(force_insert=True)
    audit_log.log_event("handover.sign", subject=handover, actor=actor, at=at, to=arriving.name, kind=handing.kind)
    return handover


@atomic_with_retry
def countersign_handover(*, handover_id: int, reservations: str = "", actor: Actor, at: datetime) -> Handover:
    """
    Take a régie over. If anything moved since the first signature, or if that day is over, it is cancelled instead,
    with what moved as its reason: the caller looks at its state.

    The mandate of a titulaire who departs ends that day, and that of who arrives begins if it had not. Again by the
    same person: nothing.

    :raises obole.directory.rules.NotAllowed: if it is not who was named, or if they may not take it over any more.
    :raises CannotHandOver: if a drawer was opened.
    :raises obole.lib.states.ForbiddenTransition: if it was given up.
    """
    handover = Handover.objects.locked().get(pk=handover_id)
    arriving_id = actor.pk_of("agent")
    if not actor.is_same_as(handover.arriving) or arriving_id is None:
        raise NotAllowed(f"{actor.id} was not named to take over régie {handover.regie_id}")
    if handover.state == HandoverState.DONE:
        return handover
    regie = Regie.objects.locked().get(pk=handover.regie_id)
    moved = _what_moved(handover, regie, at=at) if states.COUNTERSIGN.allows(handover) else ""
    if moved:
        return _cancel(handover, moved, actor=actor, at=at)
    _require_closed_drawers(regie)
    step = states.COUNTERSIGN.apply(handover)
    departs = handover.left_by.pk_of("agent") if handover.kind == Handover.Kind.DEPARTURE else None
    handover.arrived_quality = regies.pass_mandate(
        regie_id=regie.pk, ends_of=departs, starts_of=arriving_id, actor=actor, at=at
    )
    handover.arrived_at, handover.reservations = at, reservations.strip()[:LONGEST_TEXT]
    handover.save(update_fields=["state", "arrived_quality", "arrived_at", "reservations"])
    audit_log.log_transition(step, subject=handover, actor=actor, at=at, left_by=handover.left_by.name)
    defer("books.render_handover", handover_id=handover.pk)
    return handover


@atomic_with_retry
def cancel_handover(*, handover_id: int, reason: str, actor: Actor, at: datetime) -> Handover:
    """
    Give up a remise de service that was signed once: it stays, with its reason.

    :raises CannotHandOver: if nothing is said.
    :raises obole.directory.rules.NotAllowed: if it is neither somebody with a mandate nor who was to take over.
    :raises obole.lib.states.ForbiddenTransition: if it was signed by both, or given up.
    """
    handover = Handover.objects.locked().get(pk=handover_id)
    if not actor.is_same_as(handover.arriving):
        require_mandate(regie_id=handover.regie_id, actor=actor, at=at)
    said = texts.clean_line(reason)[:LONGEST_REASON]
    if not said:
        raise CannotHandOver(_("Écrivez pourquoi cette remise de service est abandonnée."))
    return _cancel(handover, said, actor=actor, at=at)


def expected_counts(held: queries.Holdings) -> list[int]:
    """Return what must be counted: the cents of each place, then each sort of pieces."""
    return [*(place.cents for place in held.places), *(n for kind in queries.PIECES for n in held.pieces[kind])]


def _cancel(handover: Handover, reason: str, *, actor: Actor, at: datetime) -> Handover:
    step = states.CANCEL.apply(handover)
    handover.cancelled_by, handover.cancelled_at, handover.reason = actor, at, reason[:LONGEST_REASON]
    handover.save(update_fields=["state", "cancelled_by", "cancelled_at", "reason"])
    audit_log.log_transition(step, subject=handover, actor=actor, at=at, reason=handover.reason)
    return handover


def _arriving(regie: Regie, handing: Handing, quality: Mandate.Kind, *, actor: Actor, at: datetime) -> Agent:
    found = queries.who_may_arrive(regie.pk, dates.day_of(at)).filter(agent=handing.arriving_id).first()
    if found is None or found.agent.actor.is_same_as(actor):
        raise CannotHandOver(
            _("Choisissez une autre personne que vous, titulaire ou suppléante : un administrateur prépare son mandat.")
        )
    departs, holder = handing.kind == Handover.Kind.DEPARTURE, Mandate.Kind.HOLDER
    if departs and quality != holder:
        raise CannotHandOver(_("Seul un titulaire part : votre suppléance ne prend pas fin par une remise de service."))
    if not departs and quality == found.kind == holder:
        raise CannotHandOver(_("Un titulaire en remplace un autre : choisissez le départ, votre mandat prend fin."))
    return found.agent


def _require_closed_drawers(regie: Regie) -> None:
    opened = queries.open_sessions(regie).first()
    if opened is not None:
        words = {"name": opened.drawer.name, "who": opened.agent.name}
        raise CannotHandOver(_("La caisse « %(name)s » est ouverte par %(who)s : arrêtez-la d’abord.") % words)


def _pieces(handing: Handing) -> dict[str, Any]:
    return {"pieces": {kind.value: list(handing.pieces.get(kind, (0, 0))) for kind in queries.PIECES}}


def _counts(held: queries.Holdings, handing: Handing) -> list[int]:
    """
    Return what was counted, in the order of what must be.

    :raises SituationChanged: if the places are others.
    """
    if {place.key for place in held.places} != set(handing.places):
        raise SituationChanged(_("Les caisses ont changé entre-temps : comptez de nouveau."))
    counted = [cash.total(cash.as_count(handing.places[place.key])) for place in held.places]
    return [*counted, *(n for kind in queries.PIECES for n in handing.pieces.get(kind, (0, 0)))]


def _what_moved(handover: Handover, regie: Regie, *, at: datetime) -> str:
    """Say, in French, why what was signed is not what there is any more; nothing if it is."""
    with translation.override("fr"):
        if dates.day_of(at) != handover.day:
            words = {"day": dates.format_long(handover.day)}
            return _("La journée du %(day)s est passée : une remise de service se signe dans la journée.") % words
        named = queries.Holdings.of(handover).what_differs(queries.holdings(regie))
        if named:
            return _("A changé depuis la première signature : %(named)s.") % {"named": ", ".join(named)}
        if (regie.entry_count, regie.entry_head) != (handover.entry_number, handover.entry_hash):
            return _("Des écritures ont été passées depuis la première signature.")
    return ""
