"""A file of attendance: received, read as somebody says, confirmed or given up, and erased after a while."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from obole.audit_log import operations as audit_log
from obole.catalogue.access import require_service
from obole.catalogue.models import Scheme
from obole.consumption import queries, states
from obole.consumption.models import AttendanceFile, AttendanceLayout, FileRemark
from obole.consumption.operations.recording import CannotRecord
from obole.consumption.rules.layouts import Layout
from obole.consumption.states import AT_WORK
from obole.lib.actors import WORKER, Actor
from obole.lib.queue import defer, defer_once
from obole.lib.transactions import atomic_with_retry

STUCK_AFTER = timedelta(minutes=10)
COUNTS = ("last_line", "line_done", "new_count", "changed_count", "known_count", "left_count")


@dataclass(frozen=True, kw_only=True)
class SentFile:
    """A file that was read to its end and is in the store."""

    name: str
    digest: str
    line_count: int


@atomic_with_retry
def receive(*, scheme_id: int, sent: SentFile, actor: Actor, at: datetime) -> AttendanceFile:
    """
    Keep a file of a dispositif; nothing of it counts yet.

    :raises obole.directory.rules.NotAllowed: to who does not handle the prestation.
    """
    scheme = Scheme.objects.get(pk=scheme_id)
    require_service(service_id=scheme.service_id, actor=actor)
    file = AttendanceFile.objects.create(
        scheme=scheme,
        name=sent.name[:200],
        digest=sent.digest,
        fingerprint=sent.digest,
        line_count=sent.line_count,
        uploaded_by=actor,
        uploaded_at=at,
    )
    audit_log.log_event("attendance_file.receive", subject=file, actor=actor, at=at, lines=sent.line_count)
    return file


@atomic_with_retry
def check(*, file_id: int, layout: Layout, actor: Actor, at: datetime) -> AttendanceFile:
    """
    Say how a file is read, remember it for the dispositif, and have every line looked at; nothing is counted.

    :raises obole.directory.rules.NotAllowed: to who does not handle the prestation.
    :raises obole.lib.states.ForbiddenTransition: if it is being looked at or written, or has ended.
    """
    file = _locked(file_id, actor=actor)
    step = states.CHECK.apply(file)
    FileRemark.objects.filter(file=file).delete()
    file.layout, file.known_until, file.revision = asdict(layout), queries.newest(), file.revision + 1
    _start_pass(file, "layout", "known_until", "revision", *COUNTS)
    AttendanceLayout.objects.update_or_create(
        scheme_id=file.scheme_id, defaults={"layout": asdict(layout), "changed_by": actor, "changed_at": at}
    )
    audit_log.log_transition(step, subject=file, actor=actor, at=at)
    return file


@atomic_with_retry
def confirm(*, file_id: int, revision: int, actor: Actor, at: datetime) -> AttendanceFile:
    """
    Have the good lines of a file written by the worker; the others are left.

    :param revision: that of the check that the agent saw.
    :raises obole.directory.rules.NotAllowed: to who does not handle the prestation.
    :raises CannotRecord: if it was looked at again since.
    :raises obole.lib.states.ForbiddenTransition: if it is not checked, or was confirmed already.
    """
    file = _locked(file_id, actor=actor)
    step = states.CONFIRM.apply(file)
    if revision != file.revision:
        raise CannotRecord(
            _("Quelqu’un a vérifié ce fichier autrement entre-temps : regardez de nouveau ce qu’il change.")
        )
    file.confirmed_by, file.confirmed_at = actor, at
    _start_pass(file, "confirmed_by", "confirmed_at", "last_line", "line_done")
    audit_log.log_transition(step, subject=file, actor=actor, at=at, left=file.left_count)
    return file


@atomic_with_retry
def stop(*, file_id: int, actor: Actor, at: datetime) -> AttendanceFile:
    """
    Give up a file where it is: what was written stays, with its source.

    :raises obole.directory.rules.NotAllowed: to who does not handle the prestation.
    :raises obole.lib.states.ForbiddenTransition: if it has ended.
    """
    return give_up(_locked(file_id, actor=actor), problem="", actor=actor, at=at)


def erase(*, file_ids: Sequence[int], at: datetime) -> int:
    """
    Forget the name and the content of files, and what was told of their lines; return how many were.

    What still waits to be confirmed is given up by that: there is nothing left to read.
    """
    return sum(_erase(file_id=pk, at=at) for pk in file_ids)


def resume(*, at: datetime) -> int:
    """Queue again what should be going on and is not: a database that was away for long. Return how many."""
    stuck = AttendanceFile.objects.filter(state__in=AT_WORK, uploaded_at__lt=at - STUCK_AFTER).order_by("pk")
    return sum(
        defer_once("consumption.run_file", key=_key(pk), file_id=pk) for pk in stuck.values_list("pk", flat=True)
    )


def run_again(file_id: int) -> None:
    """Queue the rest of a file, once the shares in hand are done."""
    defer("consumption.run_file", lock=_key(file_id), file_id=file_id)


def give_up(file: AttendanceFile, *, problem: str, actor: Actor, at: datetime) -> AttendanceFile:
    """Give up a file that is held."""
    step = states.STOP.apply(file)
    file.problem, file.ended_at = problem[:300], at
    file.save(update_fields=["state", "problem", "ended_at"])
    audit_log.log_transition(step, subject=file, actor=actor, at=at, written=file.written_count)
    return file


def _locked(file_id: int, *, actor: Actor) -> AttendanceFile:
    """
    Hold a file that somebody may work on.

    :raises obole.directory.rules.NotAllowed: to who does not handle the prestation.
    """
    file = AttendanceFile.objects.select_for_update(of=("self",)).select_related("scheme").get(pk=file_id)
    require_service(service_id=file.scheme.service_id, actor=actor)
    return file


def _start_pass(file: AttendanceFile, *changed: str) -> None:
    """Have the worker go over the lines from the first on."""
    for name in set(changed) & set(COUNTS):
        setattr(file, name, 0)
    file.save(update_fields=["state", *changed])
    defer_once("consumption.run_file", key=_key(file.pk), file_id=file.pk)


@atomic_with_retry
def _erase(*, file_id: int, at: datetime) -> int:
    file = AttendanceFile.objects.select_for_update(of=("self",)).get(pk=file_id)
    if not (file.digest or file.name):
        return 0
    if states.STOP.allows(file):
        give_up(file, problem=_("Le délai de conservation est passé."), actor=WORKER, at=at)
    FileRemark.objects.filter(file=file).delete()
    file.name = file.digest = ""
    file.save(update_fields=["name", "digest"])
    audit_log.log_event("attendance_file.erase", subject=file, actor=WORKER, at=at)
    return 1


def _key(file_id: int) -> str:
    return f"consumption.run_file:{file_id}"
