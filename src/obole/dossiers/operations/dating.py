"""What an answer becomes from a day on, with what proves it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from obole.audit_log import operations as audit_log
from obole.catalogue.forms import questions
from obole.dossiers import queries, rules, states
from obole.dossiers.access import require_reviewer
from obole.dossiers.models import Attachment, DatedAnswer, Dossier
from obole.dossiers.operations.reviewing import DossierEnded
from obole.dossiers.uploads import StoredUpload
from obole.lib import dates, texts
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry


class BadChange(ValueError):
    """What is said of a change cannot be kept: the message is a French sentence, ``field`` says of what."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, kw_only=True)
class Change:
    """An answer that changes at a date: as the dossier keeps answers, None for no answer any more."""

    question: str
    value: Any
    since: date
    motive: str
    proof: StoredUpload | None = None
    unproven: str = ""


@atomic_with_retry
def date_answer(*, dossier_id: int, change: Change, actor: Actor, at: datetime) -> DatedAnswer:
    """
    Say what a question of a dossier is answered from a day on. What was said of the same day before does not count any
    more; nothing is taken away.

    :raises DossierEnded: if nobody works on it any more.
    :raises obole.dossiers.rules.UnknownQuestion: if its answer makes no price.
    :raises BadChange: if the value, the day, the motive or the proof is not one.
    """
    dossier = Dossier.objects.locked().select_related("scheme", "form").get(pk=dossier_id)
    require_reviewer(dossier, actor=actor)
    if dossier.state not in states.OPEN:
        raise DossierEnded(dossier.reference)
    field = next((item for item in queries.fields_to_date(dossier) if item.key == change.question), None)
    if field is None:
        raise rules.UnknownQuestion(change.question)
    if change.value is None and field.required:
        raise BadChange("value", str(questions.control(field).error_messages["required"]))
    motive, unproven = texts.clean_line(change.motive)[:300], texts.clean_line(change.unproven)[:300]
    _require(change, motive, unproven, today=dates.day_of(at))
    fact = DatedAnswer.objects.create(
        dossier=dossier,
        question=field.key,
        since=change.since,
        value=change.value,
        motive=motive,
        proof=_kept(dossier, field.key, change.proof, at=at),
        unproven="" if change.proof else unproven,
        author=actor,
        at=at,
    )
    # Neither its value nor its motive: they are blanked with the dossier's answers one day, and the trail never is.
    audit_log.log_event(
        "dossier.date_answer", subject=dossier, actor=actor, at=at, question=field.key, since=f"{change.since}"
    )
    return fact


def _require(change: Change, motive: str, unproven: str, *, today: date) -> None:
    first, last = rules.days_to_date(today)
    if not first <= change.since <= last:
        said = _("Choisissez un jour du %(first)s au %(last)s.")
        days = {"first": dates.format_short(first), "last": dates.format_short(last)}
        raise BadChange("since", said % days)
    if not motive:
        raise BadChange("motive", _("Écrivez pourquoi la réponse change."))
    if change.proof is None and not unproven:
        raise BadChange("unproven", _("Joignez la pièce, ou écrivez pourquoi il n’y en a pas."))


def _kept(dossier: Dossier, question: str, proof: StoredUpload | None, *, at: datetime) -> Attachment | None:
    """Keep a piece with the dossier's, once: it may prove several changes."""
    if proof is None:
        return None
    named = {"name": proof.name, "content_type": proof.content_type, "size": proof.size, "added_at": at}
    return Attachment.objects.get_or_create(dossier=dossier, field_key=question, digest=proof.digest, defaults=named)[0]
