"""What a person must look at, and what was done about it."""

from dataclasses import dataclass
from datetime import datetime

from django.db import models

from obole.billing.models import Invoice
from obole.lib.transactions import whole
from obole.mailing.models import Message
from obole.payments import queries
from obole.payments.models import Anomaly, Attempt, Receipt, Refund
from obole.payments.operations import booking
from obole.regies.models import Regie
from obole.trail import operations as trail


class NoteMissing(ValueError):
    """An anomaly is closed with a sentence that says what was done."""


class MoneyWaits(ValueError):
    """Money in recettes à classer is not closed with a word: it is applied, refunded, or kept with a reason."""


@dataclass(frozen=True, kw_only=True)
class About:
    """What a person must look at: one of them at least."""

    attempt: Attempt | None = None
    receipt: Receipt | None = None
    refund: Refund | None = None
    message: Message | None = None
    invoice: Invoice | None = None

    @property
    def subject(self) -> Attempt | Receipt | Refund | Message:
        """What the anomaly is filed under: nobody is asked twice about the same."""
        for one in (self.refund, self.message, self.attempt, self.receipt):
            if one is not None:
                return one
        raise ValueError("an anomaly is about something")

    @property
    def regie(self) -> Regie | None:
        """Who answers for it."""
        owner = self.refund or self.attempt or self.receipt or self.invoice
        return owner.regie if owner is not None else None


def open_anomaly(kind: Anomaly.Kind, about: About, *, details: str, at: datetime) -> None:
    """Ask a person to look at something; asked once for each kind and subject. Runs in the caller's transaction."""
    subject, attempt = about.subject, about.attempt
    invoice = about.invoice or (attempt.invoice if attempt else about.receipt.invoice if about.receipt else None)
    anomaly, created = Anomaly.objects.get_or_create(
        cause=f"{kind}:{subject._meta.model_name}:{subject.pk}",
        defaults={
            "kind": kind, "attempt": attempt, "receipt": about.receipt, "refund": about.refund, "message": about.message,
            "invoice": invoice, "regie": about.regie, "details": details[:300], "opened_at": at,
        },
    )  # fmt: skip
    if created:
        actor = attempt.gateway if attempt else "worker"
        trail.note("anomaly.open", subject=_told_at(anomaly), actor=actor, at=at, kind=kind, details=details[:200])


@whole
def close_anomaly(*, anomaly_id: int, note: str, actor: str, at: datetime, keep: bool = False) -> Anomaly:
    """
    Write what was done about an anomaly; one that is closed stays as it is.

    Where the bank's word is unknown, nothing but a person can say that the invoice may be tried again: closing says it.

    :param keep: the money stays in recettes à classer, for the reason that ``note`` gives.
    :raises NoteMissing: if nothing is said.
    :raises MoneyWaits: if money waits and nobody said that it stays.
    """
    if not note.strip():
        raise NoteMissing
    anomaly = lock_anomaly(anomaly_id)
    if anomaly.closed_at is not None:
        return anomaly
    waits = anomaly.receipt is not None and queries.free_cents(booking.lock_receipt(anomaly.receipt.pk)) > 0
    if waits and not keep:
        raise MoneyWaits
    end_anomaly(
        anomaly, Anomaly.Outcome.KEPT if waits else Anomaly.Outcome.NOTED, note=note.strip(), actor=actor, at=at
    )
    if anomaly.kind == Anomaly.Kind.UNKNOWN_ANSWER and anomaly.attempt is not None:
        _release(attempt_id=anomaly.attempt.pk, actor=actor, at=at)
    return anomaly


def lock_anomaly(anomaly_id: int) -> Anomaly:
    """Lock an anomaly: of two people who decide at once, the second waits here, and finds it closed."""
    rows = Anomaly.objects.select_for_update(of=("self",))
    return rows.select_related("attempt", "receipt", "refund", "message", "invoice").get(pk=anomaly_id)


def end_anomaly(anomaly: Anomaly, outcome: Anomaly.Outcome, *, note: str, actor: str, at: datetime) -> None:
    """Close an anomaly with what was done. The caller holds its lock."""
    anomaly.closed_at, anomaly.closed_by, anomaly.outcome, anomaly.note = at, actor, outcome, note
    anomaly.save(update_fields=["closed_at", "closed_by", "outcome", "note"])
    trail.note("anomaly.close", subject=_told_at(anomaly), actor=actor, at=at, outcome=outcome, note=note[:300])


def end_what_waited(receipt: Receipt, outcome: Anomaly.Outcome, *, note: str, actor: str, at: datetime) -> None:
    """Close the anomalies of a receipt once nothing of it waits in recettes à classer. The caller holds the receipt."""
    if queries.free_cents(receipt) > 0:
        return
    waiting = Anomaly.objects.select_for_update(of=("self",)).filter(receipt=receipt, closed_at=None).order_by("id")
    for anomaly in waiting:
        end_anomaly(anomaly, outcome, note=note, actor=actor, at=at)


def reopen_what_waits(receipt: Receipt, *, at: datetime) -> None:
    """Ask a person again about a receipt whose money waits once more. The caller holds the receipt."""
    asked = Anomaly.objects.select_for_update(of=("self",)).filter(receipt=receipt)
    anomaly = asked.order_by("closed_at", "id").last()
    if anomaly is None or anomaly.closed_at is None or asked.filter(closed_at=None).exists():
        return
    anomaly.closed_at, anomaly.closed_by, anomaly.outcome, anomaly.note = None, "", "", ""
    anomaly.save(update_fields=["closed_at", "closed_by", "outcome", "note"])
    trail.note("anomaly.reopen", subject=_told_at(anomaly), actor="worker", at=at)


def _told_at(anomaly: Anomaly) -> models.Model:
    """Return whose story tells of it."""
    for one in (anomaly.attempt, anomaly.invoice, anomaly.receipt, anomaly.refund, anomaly.message):
        if one is not None:
            return one
    raise ValueError("an anomaly is about something")


def _release(*, attempt_id: int, actor: str, at: datetime) -> None:
    attempt = Attempt.objects.locked().get(pk=attempt_id)
    if attempt.is_open:
        attempt.released_at = at
        attempt.save(update_fields=["released_at"])
        trail.note("attempt.release", subject=attempt, actor=actor, at=at)
