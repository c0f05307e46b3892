"""What a person must look at, and what was done about it."""

from datetime import datetime

from django.db import transaction

from obole.payments.models import Anomaly, Attempt
from obole.trail import operations as trail


class NoteMissing(ValueError):
    """An anomaly is closed with a sentence that says what was done."""


def open_anomaly(kind: Anomaly.Kind, attempt: Attempt, *, details: str, at: datetime) -> None:
    """Ask a person to look at an attempt; asked once for each kind. Runs in the caller's transaction."""
    anomaly, created = Anomaly.objects.get_or_create(
        kind=kind, attempt=attempt, defaults={"regie": attempt.regie, "details": details[:300], "opened_at": at}
    )
    if created:
        trail.note(
            "anomaly.open", subject=attempt, actor=attempt.gateway, at=at, kind=anomaly.kind, details=details[:200]
        )


@transaction.atomic
def close_anomaly(*, anomaly_id: int, note: str, actor: str, at: datetime) -> Anomaly:
    """
    Write what was done about an anomaly; one that is closed stays as it is.

    Where the bank's word is unknown, nothing but a person can say that the invoice may be tried again: closing says it.

    :raises NoteMissing: if nothing is said.
    """
    if not note.strip():
        raise NoteMissing
    anomaly = Anomaly.objects.select_for_update(of=("self",)).select_related("attempt").get(pk=anomaly_id)
    if anomaly.closed_at is not None:
        return anomaly
    anomaly.closed_at, anomaly.closed_by, anomaly.note = at, actor, note.strip()
    anomaly.save(update_fields=["closed_at", "closed_by", "note"])
    trail.note("anomaly.close", subject=anomaly.attempt, actor=actor, at=at, note=note.strip()[:300])
    if anomaly.kind == Anomaly.Kind.UNKNOWN_ANSWER:
        _release(attempt_id=anomaly.attempt_id, actor=actor, at=at)
    return anomaly


def _release(*, attempt_id: int, actor: str, at: datetime) -> None:
    attempt = Attempt.objects.locked().get(pk=attempt_id)
    if attempt.is_open:
        attempt.released_at = at
        attempt.save(update_fields=["released_at"])
        trail.note("attempt.release", subject=attempt, actor=actor, at=at)
