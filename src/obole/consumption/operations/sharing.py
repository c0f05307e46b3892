"""A child whom two payers share: from a day on, until another."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import F, Q
from django.utils.translation import gettext as _

from obole.audit_log import operations as audit_log
from obole.consumption import queries, rules
from obole.consumption.models import Consumption, Sharing
from obole.consumption.queries import sharing
from obole.dossiers import operations as dossiers
from obole.dossiers.access import require_reviewer
from obole.dossiers.models import Dossier
from obole.dossiers.rules import answers_about_child, days_to_date
from obole.dossiers.states import OPEN
from obole.lib import dates
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry
from obole.pricing.model.names import names_in
from obole.pricing.model.parts import Pricing


class CannotShare(ValueError):
    """A child cannot be shared so: the message is a French sentence, ``field`` says of what."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, kw_only=True)
class SharingRequest:
    """Who is shared, with whom, from which day, and whose weeks are which."""

    host_id: int
    host_row: int | None
    citizen_id: int
    guest_id: int | None = None
    """The dossier of the second payer; a new one is opened where none is given."""
    guest_row: int | None = None
    odd: bool
    """Whether the weeks of the second payer are the odd ones."""
    first: date
    request_key: str


@atomic_with_retry
def share(*, asked: SharingRequest, actor: Actor, at: datetime) -> Sharing:
    """
    Share a child between the payer of a dossier and another. Where the other has no dossier, one is opened with what is
    said of the child, taken in hand by the agent who shares: its payer answers the rest. The same again is the same.

    :raises obole.directory.rules.NotAllowed: to who does not handle the prestation.
    :raises CannotShare: if the day, the child, the other payer or their dossier is not one that can be.
    :raises obole.dossiers.operations.SchemeClosed, obole.dossiers.operations.ApplicantDeceased: as ``submit_for``.
    """
    known = sorted({asked.host_id, asked.guest_id or asked.host_id})
    held = {one.pk: one for one in Dossier.objects.locked().filter(pk__in=known).order_by("pk")}
    host = held[asked.host_id]
    require_reviewer(host, actor=actor)
    twin = Sharing.objects.filter(
        host=host, host_row=asked.host_row, first=asked.first, guest__citizen=asked.citizen_id, odd=asked.odd
    )
    if (same := twin.filter(last=None).order_by("id").first()) is not None:
        return same
    _require_host(host, asked, today=dates.day_of(at))
    guest = held[asked.guest_id] if asked.guest_id else _opened(host, asked, actor=actor, at=at)
    guest_row = asked.guest_row if asked.guest_id else (None if asked.host_row is None else 0)
    _require_guest(host, guest, guest_row, asked)
    made = Sharing.objects.create(
        host=host,
        host_row=asked.host_row,
        guest=guest,
        guest_row=guest_row,
        odd=asked.odd,
        first=asked.first,
        made_by=actor,
        made_at=at,
    )
    audit_log.log_event("sharing.make", subject=made, actor=actor, at=at, dossier=host.reference, other=guest.reference)
    return made


@atomic_with_retry
def end_sharing(*, sharing_id: int, last: date, actor: Actor, at: datetime) -> Sharing:
    """
    End a sharing on a day, the last one of the second payer; the day before the first one says that it never was.

    :raises obole.directory.rules.NotAllowed: to who does not handle the prestation.
    :raises CannotShare: if the day is before that, or it ended already before the day.
    """
    ended = Sharing.objects.select_for_update(of=("self",)).select_related("host__scheme").get(pk=sharing_id)
    require_reviewer(ended.host, actor=actor)
    least = ended.first - timedelta(days=1)
    if last < least:
        said = _("Choisissez un jour à partir du %(day)s, la veille du partage.")
        raise CannotShare("last", said % {"day": dates.format_short(least)})
    if ended.last is not None and last > ended.last:
        said = _("Ce partage finit déjà le %(day)s : faites-en un autre.")
        raise CannotShare("last", said % {"day": dates.format_short(ended.last)})
    ended.last, ended.ended_by, ended.ended_at = last, actor, at
    ended.save(update_fields=["last", "ended_by", "ended_at"])
    audit_log.log_event("sharing.end", subject=ended, actor=actor, at=at, last=last.isoformat())
    return ended


def _require_host(host: Dossier, asked: SharingRequest, *, today: date) -> None:
    first, last = days_to_date(today)
    if host.state not in OPEN:
        raise CannotShare("first", _("Ce dossier n’est plus ouvert : rouvrez-le avant de le partager."))
    if not first <= asked.first <= last:
        days = {"first": dates.format_short(first), "last": dates.format_short(last)}
        raise CannotShare("first", _("Choisissez un jour du %(first)s au %(last)s.") % days)
    if asked.host_row not in {one.row for one in sharing.children(host)}:
        raise CannotShare("child", _("Rien ne se compte jour par jour pour cet enfant."))
    found = queries.countable(host.scheme)
    if found is not None and not _is_counted(found[0], asked.host_row):
        said = _("Ce tarif facture aussi un montant par enfant, qui ne se partage pas par semaines.")
        raise CannotShare("child", said)
    if _shared(host, asked.host_row).filter(Q(last=None) | Q(last__gte=asked.first)).exists():
        raise CannotShare("first", _("Cet enfant est déjà partagé ces jours-là : terminez d’abord ce partage."))


def _shared(dossier: Dossier, row: int | None) -> Any:
    """Return the sharings of a child of a dossier, from it or to it, but for the mistakes."""
    mine = Q(host=dossier, host_row=row) | Q(guest=dossier, guest_row=row)
    return Sharing.objects.filter(mine).exclude(last__lt=F("first"))


def _is_counted(pricing: Pricing, row: int | None) -> bool:
    """Tell whether all that is billed of a child is what is counted of them: the rest would be billed to both."""
    counted = {question.key for question in rules.countable(pricing)}
    lines = [line for line in pricing.lines if row is None or line.per]
    return all(counted & names_in(line.quantity, pricing) for line in lines)


def _opened(host: Dossier, asked: SharingRequest, *, actor: Actor, at: datetime) -> Dossier:
    found = queries.countable(host.scheme)
    priced = {question.key for question in found[0].questions} if found else set()
    said = answers_about_child(host.form.form_fields, host.answers, row=asked.host_row, priced=priced)
    opened = dossiers.submit_for(
        citizen_id=asked.citizen_id,
        form_id=host.form_id,
        request_key=asked.request_key,
        filled=dossiers.Application(answers=said, begun=True),
        actor=actor,
        at=at,
    )
    agent_id = actor.pk_of("agent")
    return dossiers.take(dossier_id=opened.pk, agent_id=agent_id, actor=actor, at=at) if agent_id else opened


def _require_guest(host: Dossier, guest: Dossier, row: int | None, asked: SharingRequest) -> None:
    if guest.scheme_id != host.scheme_id or guest.citizen_id != asked.citizen_id or guest.state not in OPEN:
        raise CannotShare("guest", _("Choisissez un dossier ouvert de ce payeur, du même dispositif."))
    if guest.citizen_id == host.citizen_id:
        raise CannotShare("guest", _("C’est le même payeur : il n’y a rien à partager."))
    if row not in {one.row for one in sharing.children(guest)}:
        raise CannotShare("guest", _("Choisissez l’enfant dans le dossier de l’autre payeur."))
    if _shared(guest, row).exists():
        raise CannotShare("guest", _("Cet enfant de l’autre dossier est déjà partagé."))
    if Consumption.objects.filter(dossier=guest, row=row, day__gte=asked.first).exclude(quantity=0).exists():
        said = _("Quelque chose est déjà compté dans l’autre dossier à partir de ce jour : remettez-le à zéro d’abord.")
        raise CannotShare("guest", said)
