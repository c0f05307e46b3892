"""What the bank says becomes true here, once: repetition is silence, late money is taken, nothing is dropped."""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from obole.billing import operations as billing
from obole.billing.models import Invoice
from obole.billing.states import InvoiceState
from obole.gateways.base import Outcome, Status, differences
from obole.lib import money, words
from obole.lib.queue import defer
from obole.lib.states import Move, Step
from obole.payments import notices, rules, states
from obole.payments.models import ACCOUNT_OF, Anomaly, Attempt, BankExchange, Receipt
from obole.payments.operations import booking
from obole.payments.operations.anomalies import About, open_anomaly
from obole.payments.operations.evidence import keep_exchange
from obole.payments.states import AttemptState
from obole.regies import ledger
from obole.regies.accounts import Account
from obole.trail import operations as trail

PLAY_MODES = frozenset({"T", "X"})
"""PayFiP's test and activation payments: no money moves, so nothing is ever booked."""

MEANS = {Status.PAID_BY_CARD: Receipt.Means.CARD, Status.PAID_BY_DEBIT: Receipt.Means.DEBIT}
FINAL = frozenset({AttemptState.PAID, AttemptState.REVERSED, AttemptState.TESTED})


@transaction.atomic
def hear_outcome(*, attempt_id: int, outcome: Outcome, actor: str, at: datetime) -> Attempt:
    """
    Take what the bank says of an attempt; whoever asked, in whatever order, any number of times.

    A payment that does not match what was sent, or whose invoice is not due any more, is booked to recettes à classer and
    opens an anomaly. Locks the attempt, then the invoice, then the régie.
    """
    attempt = Attempt.objects.locked().select_related("regie").get(pk=attempt_id)
    if attempt.state in FINAL:
        return attempt
    _keep_evidence(attempt, outcome, at=at)
    attempt.asked_at = at
    attempt.next_ask_at = rules.next_ask(opened_at=attempt.opened_at, at=at)
    _HEARERS[outcome.status](attempt, outcome, actor, at)
    attempt.save()
    return attempt


def _hear_paid(attempt: Attempt, outcome: Outcome, actor: str, at: datetime) -> None:
    different = differences(attempt.sent, outcome.facts)
    if outcome.facts.get("mode", "") in PLAY_MODES:
        _hear_test(attempt, outcome, different, actor, at)
        return
    if not outcome.amount_cents:
        _hear_unknown(attempt, outcome, actor, at)
        return
    invoice = Invoice.objects.locked().get(pk=attempt.invoice_id)
    step = states.PAY.apply(attempt)
    _end(attempt, outcome, at)
    counts = 0 if different else min(outcome.amount_cents, invoice.remaining_cents)
    part = booking.Part(invoice=invoice, cents=counts) if counts else None
    receipt = _keep_receipt(attempt, part, outcome, at)
    if part is not None:
        booking.keep_allocations(receipt, receipt.entry, parts=[part], actor=actor, at=at)
        billing.settle_invoice(invoice=invoice, cents=counts, actor=actor, at=at)
        defer("payments.send_receipt", receipt_id=receipt.pk)
    if counts < receipt.cents:
        _call_a_person(receipt, invoice, different, counts, at)
    trail.record(
        step,
        subject=attempt,
        actor=actor,
        at=at,
        cents=outcome.amount_cents,
        entry=receipt.entry.number,
        said=outcome.said,
        matched=counts,
    )


def _call_a_person(receipt: Receipt, invoice: Invoice, different: tuple[str, ...], counts: int, at: datetime) -> None:
    """Some of the money, or all of it, went to recettes à classer: a person decides, and the payer is told."""
    kind, details = Anomaly.Kind.INVOICE_NOT_DUE, words.in_french(InvoiceState(invoice.state).label)
    if different:
        kind, details = Anomaly.Kind.DIFFERENT, ", ".join(different)
    elif counts:
        kind, details = Anomaly.Kind.SURPLUS, money.euros(receipt.cents - counts)
    open_anomaly(kind, About(attempt=receipt.attempt, receipt=receipt), details=details, at=at)
    if not different:
        notices.send_surplus(receipt, invoice, cents=receipt.cents - counts, at=at)


def _hear_test(attempt: Attempt, outcome: Outcome, different: tuple[str, ...], actor: str, at: datetime) -> None:
    step = states.TEST.apply(attempt)
    _end(attempt, outcome, at)
    if different:
        open_anomaly(Anomaly.Kind.DIFFERENT, About(attempt=attempt), details=", ".join(different), at=at)
    trail.record(step, subject=attempt, actor=actor, at=at, said=outcome.said)


def _hear_negative(move: Move) -> "Hearer":
    def hear(attempt: Attempt, outcome: Outcome, actor: str, at: datetime) -> None:
        # Said again, or said of an attempt that already expired: no news.
        if not move.allows(attempt):
            return
        step: Step = move.apply(attempt)
        attempt.bank_said, attempt.ended_at = outcome.said[:40], at
        attempt.bank_time, attempt.bank_time_raw = outcome.bank_time, outcome.bank_time_raw[:40]
        trail.record(step, subject=attempt, actor=actor, at=at, said=outcome.said)
        if move is states.REFUSE:
            notices.send_refusal(attempt, at=at)

    return hear


def _hear_pending(attempt: Attempt, outcome: Outcome, actor: str, at: datetime) -> None:
    attempt.bank_said = attempt.bank_said or outcome.said[:40]
    give_up_after_horizon(attempt, actor=actor, at=at)
    _release_if_long_enough(attempt, actor, at)


def _hear_missing(attempt: Attempt, outcome: Outcome, actor: str, at: datetime) -> None:
    if at - attempt.opened_at < rules.PURGE_DOUBT:
        _hear_pending(attempt, outcome, actor, at)
        return
    # Purged: the payer never reached the bank's own page, so there is nothing left to ask.
    attempt.next_ask_at = None
    if states.EXPIRE.allows(attempt):
        attempt.bank_said = outcome.said[:40]
        _expire(attempt, actor, at)


def _hear_unknown(attempt: Attempt, outcome: Outcome, actor: str, at: datetime) -> None:
    attempt.bank_said = outcome.said[:40]
    open_anomaly(Anomaly.Kind.UNKNOWN_ANSWER, About(attempt=attempt), details=outcome.said, at=at)


def give_up_after_horizon(attempt: Attempt, *, actor: str, at: datetime) -> None:
    """Close an attempt that the bank will not be asked about any more, and call a person. The caller holds its lock."""
    if attempt.next_ask_at is not None or not states.EXPIRE.allows(attempt):
        return
    open_anomaly(Anomaly.Kind.NO_ANSWER, About(attempt=attempt), details="", at=at)
    _expire(attempt, actor, at)


def _expire(attempt: Attempt, actor: str, at: datetime) -> None:
    step = states.EXPIRE.apply(attempt)
    attempt.ended_at = at
    trail.record(step, subject=attempt, actor=actor, at=at, said=attempt.bank_said)


def _release_if_long_enough(attempt: Attempt, actor: str, at: datetime) -> None:
    """Let the invoice be tried again: the régie's delay has passed, and the bank, just asked, knows no result."""
    minutes = (at - attempt.opened_at).total_seconds() / 60
    if attempt.is_open and minutes >= attempt.regie.release_delay:
        attempt.released_at = at
        trail.note("attempt.release", subject=attempt, actor=actor, at=at)


def _end(attempt: Attempt, outcome: Outcome, at: datetime) -> None:
    attempt.ended_at, attempt.next_ask_at = at, None
    attempt.bank_said, attempt.authorisation = outcome.said[:40], outcome.authorisation[:64]
    attempt.bank_time, attempt.bank_time_raw = outcome.bank_time, outcome.bank_time_raw[:40]


def _keep_receipt(attempt: Attempt, part: booking.Part | None, outcome: Outcome, at: datetime) -> Receipt:
    means, cents = MEANS[outcome.status], outcome.amount_cents or 0
    left = cents - (part.cents if part else 0)
    postings = [ledger.Posting(account=ACCOUNT_OF[means], debit=cents), *(booking.counted(part) if part else ())]
    if left:
        postings.append(ledger.Posting(account=Account.SUSPENSE, credit=left))
    entry = ledger.post(
        regie_id=attempt.regie_id, cause=ledger.Cause(kind="receipt", key=f"attempt:{attempt.pk}"), postings=postings,
        label=f"{attempt.reference} {attempt.authorisation}".strip(), at=at, happened_at=outcome.bank_time,
    )  # fmt: skip
    return Receipt.objects.create(
        number=f"R-{attempt.regie.code}-{entry.number:06d}", regie=attempt.regie, attempt=attempt,
        invoice=part.invoice if part else None, entry=entry, means=means, cents=cents, received_at=at,
        remaining_cents=part.invoice.remaining_cents - part.cents if part else 0,
    )  # fmt: skip


def _keep_evidence(attempt: Attempt, outcome: Outcome, *, at: datetime) -> None:
    """Keep the bank's words, unless they are the same as the last time (a question every two minutes says little)."""
    if outcome.status not in MEANS and attempt.asked_at is not None and attempt.bank_said == outcome.said[:40]:
        return
    keep_exchange(
        attempt,
        kind=BankExchange.Kind.ASK,
        exchange=outcome.exchange,
        outcome=f"{outcome.status} {outcome.said}",
        at=at,
    )


Hearer = Callable[[Attempt, Outcome, str, datetime], None]
_HEARERS: dict[Status, Hearer] = {
    Status.PAID_BY_CARD: _hear_paid,
    Status.PAID_BY_DEBIT: _hear_paid,
    Status.REFUSED: _hear_negative(states.REFUSE),
    Status.ABANDONED: _hear_negative(states.ABANDON),
    Status.PENDING: _hear_pending,
    Status.MISSING: _hear_missing,
    Status.UNKNOWN: _hear_unknown,
}
