"""What a citizen does: apply, keep what is begun, complete, withdraw."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.utils import translation

from obole.audit_log import operations as audit_log
from obole.catalogue import queries as catalogue
from obole.catalogue.access import require_service
from obole.catalogue.fields import FieldKind
from obole.catalogue.forms import conditions, estimates
from obole.catalogue.models import FormVersion, Scheme
from obole.directory import operations as directory
from obole.dossiers import emails, rules, states
from obole.dossiers.access import require_applicant, require_reviewer
from obole.dossiers.models import ApplicationDraft, Attachment, Dossier, Estimate
from obole.dossiers.uploads import StoredUpload
from obole.lib import dates, sql
from obole.lib.actors import Actor
from obole.lib.states import Transition
from obole.lib.transactions import atomic_with_retry
from obole.pricing.text import codec as pricing

Answer = Any
"""What ``catalogue.forms.questions.kept`` gives, or a list of rows of it."""


class SchemeClosed(Exception):
    """The dispositif takes no more applications."""


class ApplicantDeceased(Exception):
    """Nothing is asked for in the name of who has died."""


@dataclass(frozen=True, kw_only=True)
class Application:
    """What a citizen filled: answers by field key, files in the store."""

    answers: Mapping[str, Answer]
    uploads: Sequence[StoredUpload] = field(default_factory=tuple)
    begun: bool = False
    """Whether an agent begins it for somebody who will answer the rest: what lacks is asked for later."""


@atomic_with_retry
def submit(
    *, citizen_id: int, form_id: int, request_key: str, filled: Application, actor: Actor, at: datetime
) -> Dossier:
    """
    Make and submit a dossier. The same ``request_key`` again returns the dossier that it made.

    :raises SchemeClosed: if the dispositif is not open any more.
    :raises obole.dossiers.rules.MissingAnswer: if a required question is empty.
    :raises obole.dossiers.rules.TooManyRows: if a group has more rows than it may.
    """
    require_applicant(citizen_id=citizen_id, actor=actor)
    form = FormVersion.objects.select_related("scheme").get(pk=form_id)
    dossier = _file(states.SUBMIT, form, filled, citizen_id=citizen_id, request_key=request_key, actor=actor, at=at)
    ApplicationDraft.objects.filter(citizen=dossier.citizen_id, scheme=form.scheme_id).delete()
    return dossier


@atomic_with_retry
def submit_for(
    *, citizen_id: int, form_id: int, request_key: str, filled: Application, actor: Actor, at: datetime
) -> Dossier:
    """
    Make and submit a dossier for somebody at the counter, as ``submit`` does; what they began themselves stays.

    :raises SchemeClosed: as there.
    :raises obole.dossiers.rules.MissingAnswer: as there.
    :raises obole.dossiers.rules.TooManyRows: as there.
    :raises ApplicantDeceased: if they have died: their heirs apply for themselves.
    """
    form = FormVersion.objects.select_related("scheme").get(pk=form_id)
    require_service(service_id=form.scheme.service_id, actor=actor)
    if directory.lock_file(citizen_id).deceased_on:
        raise ApplicantDeceased(citizen_id)
    return _file(states.FILE, form, filled, citizen_id=citizen_id, request_key=request_key, actor=actor, at=at)


@atomic_with_retry
def save_draft(
    *,
    citizen_id: int,
    form_id: int,
    typed: Mapping[str, Sequence[str]],
    files: Mapping[str, StoredUpload],
    at: datetime,
) -> ApplicationDraft:
    """
    Keep an application that will be finished later, in the place of the one that this citizen began of the dispositif.

    :raises SchemeClosed: if the dispositif is not open any more.
    """
    citizen_id = directory.lock_file(citizen_id).pk
    form = FormVersion.objects.select_related("scheme").get(pk=form_id)
    if not Scheme.objects.open().filter(pk=form.scheme_id).exists():
        raise SchemeClosed(form.scheme.name)
    # No JSON of the database holds a NUL: the same letter would be dropped when the form is sent.
    said = {
        name: [value.replace("\x00", "") for value in values] for name, values in typed.items() if "\x00" not in name
    }
    stored = {name: asdict(upload) for name, upload in files.items()}
    values = {"form": form, "typed": said, "files": stored, "kept_at": at}
    sketch, _made = ApplicationDraft.objects.update_or_create(
        citizen_id=citizen_id, scheme=form.scheme, defaults=values
    )
    return sketch


@atomic_with_retry
def discard_draft(*, citizen_id: int, public_id: str) -> None:
    """Forget an application that was begun. One that is gone already stays so."""
    ApplicationDraft.objects.filter(citizen=citizen_id, public_id=public_id).delete()


@atomic_with_retry
def complete(*, dossier_id: int, filled: Application, actor: Actor, at: datetime) -> Dossier:
    """
    Answer the agent's request for a complement: the dossier goes back to review.

    :raises obole.lib.states.ForbiddenTransition: if nothing was asked for.
    """
    dossier = Dossier.objects.locked().get(pk=dossier_id)
    require_applicant(citizen_id=dossier.citizen_id, actor=actor)
    return _complete(states.COMPLETE, dossier, filled, actor=actor, at=at)


@atomic_with_retry
def complete_for(*, dossier_id: int, filled: Application, actor: Actor, at: datetime) -> Dossier:
    """
    Answer the request for a complement for somebody who brings it to the counter, as ``complete`` does.

    :raises obole.lib.states.ForbiddenTransition: as there.
    """
    dossier = Dossier.objects.locked().get(pk=dossier_id)
    require_reviewer(dossier, actor=actor)
    return _complete(states.COMPLETE_FOR, dossier, filled, actor=actor, at=at)


def _complete(move: Transition, dossier: Dossier, filled: Application, *, actor: Actor, at: datetime) -> Dossier:
    step = move.apply(dossier)
    kept = Attachment.objects.filter(dossier=dossier).values_list("field_key", flat=True)
    dossier.answers = rules.answers_to_keep(
        dossier.form.form_fields, filled.answers, known=dossier.answers, attached=[*kept, *_attached(filled)]
    )
    dossier.reason, dossier.requests = "", {}
    dossier.search_keys = rules.search_keys_of(dossier.form.form_fields, dossier.answers)
    dossier.save(update_fields=["state", "answers", "search_keys", "reason", "requests"])
    _keep(dossier, filled, at=at)
    _estimate(dossier, at=at)
    audit_log.log_transition(step, subject=dossier, actor=actor, at=at)
    return dossier


@atomic_with_retry
def withdraw(*, dossier_id: int, actor: Actor, at: datetime) -> Dossier:
    """Give up an application before it is decided."""
    dossier = Dossier.objects.locked().get(pk=dossier_id)
    require_applicant(citizen_id=dossier.citizen_id, actor=actor)
    step = states.WITHDRAW.apply(dossier)
    dossier.save(update_fields=["state"])
    audit_log.log_transition(step, subject=dossier, actor=actor, at=at)
    return dossier


def _file(  # noqa: PLR0913 - what submit takes, and the move
    move: Transition,
    form: FormVersion,
    filled: Application,
    *,
    citizen_id: int,
    request_key: str,
    actor: Actor,
    at: datetime,
) -> Dossier:
    # A double click waits here, then finds the dossier of the first; other citizens do not wait.
    citizen = directory.lock_file(citizen_id)
    twin = Dossier.objects.filter(request_key=request_key, citizen=citizen).first()
    if twin is not None:
        return twin
    if not Scheme.objects.open().filter(pk=form.scheme_id).exists():
        raise SchemeClosed(form.scheme.name)
    fields = form.form_fields
    dossier = Dossier(request_key=request_key, scheme=form.scheme, form=form, citizen=citizen, created_at=at)
    step = move.apply(dossier)
    dossier.number = _next_number()
    dossier.submitted_at = at
    known, attached = filled.answers, _attached(filled)
    dossier.answers = dict(known) if filled.begun else rules.answers_to_keep(fields, known, known={}, attached=attached)
    dossier.search_keys = rules.search_keys_of(fields, dossier.answers)
    dossier.save(force_insert=True)
    _keep(dossier, filled, at=at)
    _estimate(dossier, at=at)
    audit_log.log_transition(step, subject=dossier, actor=actor, at=at)
    emails.send("dossier_received", dossier, at=at)
    return dossier


def _next_number() -> int:
    """Take a number that nobody waits for; what is undone leaves a gap, which nobody minds for a dossier."""
    ((number,),) = sql.execute("SELECT nextval('dossiers_dossier_number')")
    return int(number)


def _attached(filled: Application) -> list[str]:
    return [upload.field_key for upload in filled.uploads]


def _keep(dossier: Dossier, filled: Application, *, at: datetime) -> None:
    """Keep the files of an application."""
    # The same file joined twice to the same question is one attachment.
    Attachment.objects.bulk_create(
        (
            Attachment(
                dossier=dossier,
                field_key=upload.field_key,
                digest=upload.digest,
                name=upload.name,
                content_type=upload.content_type,
                size=upload.size,
                added_at=at,
            )
            for upload in _asked_for(dossier, filled)
        ),
        ignore_conflicts=True,
    )


def _estimate(dossier: Dossier, *, at: datetime) -> None:
    """Keep what the application comes to today, where a pricing makes its amount."""
    version = catalogue.current_pricing(dossier.scheme)
    if version is None:
        return
    compiled, fields = catalogue.compiled_pricing_of(version), dossier.form.form_fields
    # It is kept: in French, whatever the language of who reads it now.
    with translation.override("fr"):
        found = estimates.estimate_form(compiled, fields, dossier.answers, on=dates.day_of(at))
    Estimate.objects.create(
        dossier=dossier,
        pricing=version,
        result=pricing.as_dict(found.result),
        told=found.told,
        total_cents=found.total_cents,
        complete=found.is_complete,
        at=at,
    )


def _asked_for(dossier: Dossier, filled: Application) -> Iterator[StoredUpload]:
    """Return the files that answer a question which is asked; one in a group, if a row names it."""
    fields = {field.key: field for field in dossier.form.form_fields if field.kind == FieldKind.FILE}
    decided = conditions.decide(dossier.form.form_fields, dossier.answers)
    for upload in filled.uploads:
        one = fields.get(upload.field_key)
        if one is None or not one.group:
            asked = one is None or decided.shows(one.key)
        else:
            asked = any(row.get(one.key) == upload.digest for row in dossier.answers.get(one.group, ()))
        if asked:
            yield upload
