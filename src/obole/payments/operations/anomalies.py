"""What a person must look at, and what was done about it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models
from django.utils.translation import gettext as _

from obole.audit_log import operations as audit_log
from obole.billing.models import Invoice
from obole.lib.actors import WORKER, Actor
from obole.lib.transactions import atomic_with_retry
from obole.mailing.models import Message
from obole.payments import queries
from obole.payments.models import Anomaly, Attempt, Receipt, Refund
from obole.payments.operations import booking
from obole.regies.access import require_mandate
from obole.regies.models import Regie


class NoteMissing(ValueError):
    """An anomaly is closed with a sentence that says what was done."""


class MoneyWaits(ValueError):
    """Money in recettes à classer is not closed with a word: it is applied, refunded, or kept with a reason."""


class SamePerson(ValueError):
    """Who asked for a refund does not approve it; who took a quittance back is not the second person who looks."""


@dataclass(frozen=True, kw_only=True)
class AnomalySubject:
    """What a person must look at: one of them at least."""

    attempt: Attempt | None = None
    receipt: Receipt | None = None
    refund: Refund | None = None
    message: Message | None = None
    invoice: Invoice | None = None
    books: Regie | None = None
    """A régie as a whole, where it is about no payment."""
    of_regie: bool = False
    """Whether it is the régie's whole: of a hundred attempts, one stands for all."""

    @property
    def subject(self) -> Attempt | Receipt | Refund | Message | Regie:
        """What the anomaly is filed under: nobody is asked twice about the same."""
        if self.of_regie and self.regie is not None:
            return self.regie
        for item in (self.refund, self.message, self.attempt, self.receipt, self.books):
            if item is not None:
                return item
        raise ValueError("an anomaly is about something")

    @property
    def regie(self) -> Regie | None:
        """Who answers for it."""
        owner = self.refund or self.attempt or self.receipt or self.invoice
        return owner.regie if owner is not None else self.books


def open_anomaly(kind: Anomaly.Kind, about: AnomalySubject, *, details: str, actor: Actor, at: datetime) -> None:
    """
    Ask a person to look at something; asked once for each kind and subject, and for each invoice whose money was freed.
    Runs in the caller's transaction.

    What was closed is asked again once something else is said: what a person decided, they decided of other words.
    What is wrong with a régie is asked again whenever it happens after a person said that it was mended.
    """
    subject, attempt = about.subject, about.attempt
    invoice = about.invoice or (attempt.invoice if attempt else about.receipt.invoice if about.receipt else None)
    which = f":{invoice.pk}" if kind == Anomaly.Kind.FREED and invoice else ""
    anomaly, created = Anomaly.objects.get_or_create(
        cause=_cause(kind, subject, which),
        defaults={
            "kind": kind,
            "attempt": attempt,
            "receipt": about.receipt,
            "refund": about.refund,
            "message": about.message,
            "invoice": invoice,
            "regie": about.regie,
            "details": details[:300],
            "opened_at": at,
        },
    )
    if created:
        audit_log.log_event(
            "anomaly.open", subject=told_at(anomaly), actor=actor, at=at, kind=kind, details=details[:200]
        )
    elif anomaly.closed_at is not None and (about.of_regie or anomaly.details != details[:300]):
        _reopen(lock_anomaly(anomaly.pk), about, details=details, actor=actor, at=at)


@atomic_with_retry
def close_anomaly(*, anomaly_id: int, note: str, actor: Actor, at: datetime, keep: bool = False) -> Anomaly:
    """
    Write what was done about an anomaly; one that is closed stays as it is.

    Where the bank's word is unknown, nothing but a person can say that the invoice may be tried again: closing says it.

    :param keep: the money stays in recettes à classer, for the reason that ``note`` gives.
    :raises NoteMissing: if nothing is said.
    :raises MoneyWaits: if money waits and nobody said that it stays.
    :raises SamePerson: if a second person must look, and this one made what they look at.
    """
    if not note.strip():
        raise NoteMissing
    asked = Anomaly.objects.get(pk=anomaly_id)
    attempt = Attempt.objects.locked().get(pk=asked.attempt_id) if asked.attempt_id else None
    receipt = booking.lock_receipt(asked.receipt_id) if asked.receipt_id else None
    anomaly = lock_anomaly(anomaly_id)
    if anomaly.regie_id is not None:
        require_mandate(regie_id=anomaly.regie_id, actor=actor, at=at)
    if anomaly.closed_at is not None:
        return anomaly
    if anomaly.kind == Anomaly.Kind.MISTAKE and receipt is not None and actor.is_same_as(receipt.reversal.actor):
        raise SamePerson
    waits = receipt is not None and queries.free_cents(receipt) > 0
    if waits and not keep:
        raise MoneyWaits
    end_anomaly(
        anomaly, Anomaly.Outcome.KEPT if waits else Anomaly.Outcome.NOTED, note=note.strip(), actor=actor, at=at
    )
    if anomaly.kind == Anomaly.Kind.UNKNOWN_ANSWER and attempt is not None:
        _release(attempt, actor=actor, at=at)
    return anomaly


def lock_anomaly(anomaly_id: int) -> Anomaly:
    """
    Lock an anomaly, after what it is about: of two people who decide at once, the second waits, and finds it closed.
    """
    rows = Anomaly.objects.select_for_update(of=("self",))
    return rows.select_related("attempt", "receipt", "refund", "message", "invoice", "regie").get(pk=anomaly_id)


def end_anomaly(anomaly: Anomaly, outcome: Anomaly.Outcome, *, note: str, actor: Actor, at: datetime) -> None:
    """Close an anomaly with what was done. The caller holds its lock."""
    anomaly.closed_at, anomaly.closed_by, anomaly.outcome, anomaly.note = at, actor, outcome, note
    anomaly.save(update_fields=["closed_at", "closed_by", "outcome", "note"])
    audit_log.log_event("anomaly.close", subject=told_at(anomaly), actor=actor, at=at, outcome=outcome, note=note[:300])


def close_settled_anomalies(
    receipt: Receipt, outcome: Anomaly.Outcome, *, note: str, actor: Actor, at: datetime
) -> None:
    """Close the anomalies of a receipt once nothing of it waits in recettes à classer. The caller holds the receipt."""
    if queries.free_cents(receipt) > 0:
        return
    waiting = Anomaly.objects.select_for_update(of=("self",)).filter(receipt=receipt, closed_at=None).order_by("id")
    for anomaly in waiting:
        end_anomaly(anomaly, outcome, note=note, actor=actor, at=at)


def reopen_anomalies(receipt: Receipt, *, actor: Actor, at: datetime) -> None:
    """Ask a person again about a receipt whose money waits once more. The caller holds the receipt."""
    asked = Anomaly.objects.select_for_update(of=("self",)).filter(receipt=receipt)
    anomaly = asked.order_by("closed_at", "id").last()
    if anomaly is None or anomaly.closed_at is None or asked.filter(closed_at=None).exists():
        return
    _reopen(anomaly, None, details=anomaly.details, actor=actor, at=at)


@atomic_with_retry
def follow(
    kind: Anomaly.Kind, regie: Regie, *, holds: bool, details: str, again_after: timedelta, at: datetime
) -> None:
    """
    Keep the task about a régie as long as what it says holds: open it, bring its words up to date, close it, open it
    again.

    What a person closed while it still held comes back ``again_after`` later, for it has not gone away by being noted.
    """
    about = AnomalySubject(books=regie)
    anomaly = Anomaly.objects.select_for_update(of=("self",)).filter(cause=_cause(kind, about.subject)).first()
    if anomaly is None:
        if holds:
            open_anomaly(kind, about, details=details, actor=WORKER, at=at)
    elif anomaly.closed_at is None:
        if not holds:
            end_anomaly(anomaly, Anomaly.Outcome.NOTED, note=_("Ce n’est plus le cas."), actor=WORKER, at=at)
        elif anomaly.details != details[:300]:
            anomaly.details = details[:300]
            anomaly.save(update_fields=["details"])
    elif holds and (anomaly.closed_by == WORKER or at - anomaly.closed_at >= again_after):
        anomaly.opened_at = at
        anomaly.save(update_fields=["opened_at"])
        _reopen(anomaly, None, details=details, actor=WORKER, at=at)


def _cause(kind: Anomaly.Kind, subject: models.Model, which: str = "") -> str:
    return f"{kind}:{subject._meta.model_name}:{subject.pk}{which}"


def _reopen(anomaly: Anomaly, about: AnomalySubject | None, *, details: str, actor: Actor, at: datetime) -> None:
    """Ask again; what was done the last time stays in the trail. The caller holds its lock."""
    anomaly.closed_at, anomaly.closed_by, anomaly.outcome, anomaly.note = None, None, "", ""
    anomaly.details = details[:300]
    if about is not None and about.of_regie and about.attempt is not None:
        anomaly.attempt, anomaly.invoice = about.attempt, about.attempt.invoice
    anomaly.save(update_fields=["closed_at", "closed_by", "outcome", "note", "details", "attempt", "invoice"])
    audit_log.log_event(
        "anomaly.reopen", subject=told_at(anomaly), actor=actor, at=at, kind=anomaly.kind, details=details[:200]
    )


def told_at(anomaly: Anomaly) -> models.Model:
    """Return whose story tells of it."""
    for item in (anomaly.attempt, anomaly.invoice, anomaly.receipt, anomaly.refund, anomaly.message, anomaly.regie):
        if item is not None:
            return item
    raise ValueError("an anomaly is about something")


def _release(attempt: Attempt, *, actor: Actor, at: datetime) -> None:
    if attempt.is_open:
        attempt.released_at = at
        attempt.save(update_fields=["released_at"])
        audit_log.log_event("attempt.release", subject=attempt, actor=actor, at=at)
