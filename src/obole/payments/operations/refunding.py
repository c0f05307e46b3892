"""Giving money back: one person asks, another approves, the comptable pays, and it is written down."""

from datetime import datetime

from obole.lib.transactions import whole
from obole.payments import notices, queries
from obole.payments import refund_states as states
from obole.payments.models import Anomaly, Refund
from obole.payments.operations import booking
from obole.payments.operations.anomalies import end_anomaly, end_what_waited, reopen_what_waits
from obole.regies import ledger
from obole.regies.accounts import Account
from obole.trail import operations as trail


class TooMuch(Exception):
    """More than what waits in recettes à classer; ``cents`` could be given back."""

    def __init__(self, cents: int) -> None:
        super().__init__(cents)
        self.cents = cents


class SamePerson(Exception):
    """Who asked for a refund does not approve it."""


class MandateMissing(ValueError):
    """A refund is done when the comptable's mandat or transfer has a reference."""


@whole
def request_refund(*, receipt_id: int, cents: int, reason: str, request_key: str, actor: str, at: datetime) -> Refund:
    """
    Ask that money of recettes à classer be given back. The same ``request_key`` again returns the refund that it made.

    :raises TooMuch: if less than that waits.
    """
    receipt = booking.lock_receipt(receipt_id)
    twin = Refund.objects.filter(request_key=request_key, receipt=receipt).first()
    if twin is not None:
        return twin
    free = queries.free_cents(receipt)
    if not 0 < cents <= free:
        raise TooMuch(free)
    refund = Refund.objects.create(
        receipt=receipt, regie=receipt.regie, request_key=request_key, cents=cents, reason=reason.strip()[:300],
        requested_by=actor, requested_at=at,
    )  # fmt: skip
    trail.note("refund.request", subject=receipt, actor=actor, at=at, cents=cents, reason=refund.reason)
    end_what_waited(receipt, Anomaly.Outcome.REFUND, note=refund.reason, actor=actor, at=at)
    return refund


@whole
def approve_refund(*, refund_id: int, actor: str, at: datetime) -> Refund:
    """
    Approve a refund that somebody else asked for.

    :raises SamePerson: if the same person asked.
    :raises obole.lib.states.ForbiddenMove: if it does not wait for that.
    """
    refund = _locked(refund_id)
    if refund.requested_by == actor:
        raise SamePerson
    step = states.APPROVE.apply(refund)
    refund.decided_by, refund.decided_at = actor, at
    refund.save(update_fields=["state", "decided_by", "decided_at"])
    trail.record(step, subject=refund, actor=actor, at=at, cents=refund.cents)
    return refund


@whole
def complete_refund(*, refund_id: int, mandate: str, actor: str, at: datetime) -> Refund:
    """
    Write that the comptable paid an approved refund, with the reference of the mandat or of the transfer.

    :raises MandateMissing: without a reference.
    :raises obole.lib.states.ForbiddenMove: if it was not approved.
    """
    if not mandate.strip():
        raise MandateMissing
    refund = _locked(refund_id)
    step = states.COMPLETE.apply(refund)
    receipt = refund.receipt
    refund.entry = ledger.post(
        regie_id=refund.regie_id, cause=ledger.Cause(kind="refund", key=str(refund.pk)),
        postings=ledger.transfer(debit=Account.SUSPENSE, credit=Account.TREASURY_DEPOSIT, cents=refund.cents),
        label=f"{receipt.number} {mandate}", at=at,
    )  # fmt: skip
    refund.done_by, refund.done_at, refund.mandate = actor, at, mandate.strip()[:60]
    refund.save(update_fields=["state", "entry", "done_by", "done_at", "mandate"])
    trail.record(step, subject=refund, actor=actor, at=at, cents=refund.cents, mandate=refund.mandate)
    trail.note("refund.done", subject=receipt, actor=actor, at=at, cents=refund.cents, mandate=refund.mandate)
    _end_waiting(refund, note=refund.mandate, actor=actor, at=at)
    notices.send_refund(refund, at=at)
    return refund


@whole
def give_up_refund(*, refund_id: int, reason: str, actor: str, at: datetime) -> Refund:
    """
    Give up a refund that was not paid: its money waits in recettes à classer again, and so does its task.

    :raises obole.lib.states.ForbiddenMove: if it was paid or given up.
    """
    refund = _locked(refund_id)
    step = states.GIVE_UP.apply(refund)
    refund.decided_by, refund.decided_at = refund.decided_by or actor, refund.decided_at or at
    refund.save(update_fields=["state", "decided_by", "decided_at"])
    trail.record(step, subject=refund, actor=actor, at=at, cents=refund.cents, reason=reason[:200])
    _end_waiting(refund, note=reason, actor=actor, at=at)
    reopen_what_waits(refund.receipt, at=at)
    return refund


def _locked(refund_id: int) -> Refund:
    """Lock a refund, and before it the receipt whose money it is about."""
    booking.lock_receipt(Refund.objects.values_list("receipt", flat=True).get(pk=refund_id))
    rows = Refund.objects.select_for_update(of=("self",))
    return rows.select_related("receipt__attempt__invoice", "receipt__invoice", "regie").get(pk=refund_id)


def _end_waiting(refund: Refund, *, note: str, actor: str, at: datetime) -> None:
    for anomaly in Anomaly.objects.filter(refund=refund, closed_at=None).order_by("id"):
        end_anomaly(anomaly, Anomaly.Outcome.NOTED, note=note, actor=actor, at=at)
