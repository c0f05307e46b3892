"""What the bank says becomes true here, once: repetition is silence, late money is taken, nothing is dropped."""

from collections.abc import Callable, Sequence
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from obole.audit_log import operations as audit_log
from obole.billing import operations as billing
from obole.billing.models import Invoice
from obole.billing.states import InvoiceState
from obole.gateways.base import Outcome, Status, differences
from obole.lib import money, texts
from obole.lib.actors import Actor
from obole.lib.queue import defer
from obole.lib.states import Transition, TransitionRecord
from obole.lib.transactions import atomic_with_retry
from obole.payments import emails, rules, states
from obole.payments.models import ACCOUNT_OF, Anomaly, Attempt, AttemptLine, BankExchange, Receipt
from obole.payments.operations import booking
from obole.payments.operations.anomalies import AnomalySubject, open_anomaly
from obole.payments.operations.exchanges import keep_exchange
from obole.payments.states import AttemptState
from obole.regies import ledger
from obole.regies.accounts import Account

PLAY_MODES = frozenset({"T", "X"})
"""PayFiP's test and activation payments: no money moves, so nothing is ever booked."""

MEANS = {Status.PAID_BY_CARD: Receipt.Means.CARD, Status.PAID_BY_DEBIT: Receipt.Means.DEBIT}
NEVER_KNOWN = _("paiement que la banque n’a jamais connu : environnement ou numéro de client sans doute faux")
FINAL = frozenset({AttemptState.PAID, AttemptState.REVERSED, AttemptState.TESTED})


@atomic_with_retry
def apply_gateway_status(*, attempt_id: int, outcome: Outcome, actor: Actor, at: datetime) -> Attempt:
    """
    Take what the bank says of an attempt; whoever asked, in whatever order, any number of times.

    A payment that does not match what was sent is booked to recettes à classer, and so is the share of an invoice that
    is not due any more; either opens an anomaly. Locks the attempt, then the invoices, then the régie.
    """
    attempt = Attempt.objects.locked().select_related("regie").get(pk=attempt_id)
    if attempt.state in FINAL:
        return attempt
    _keep_evidence(attempt, outcome, at=at)
    attempt.asked_at = at
    attempt.next_ask_at = rules.next_poll_at(opened_at=attempt.opened_at, at=at)
    _HEARERS[outcome.status](attempt, outcome, actor, at)
    attempt.save()
    return attempt


def _hear_paid(attempt: Attempt, outcome: Outcome, actor: Actor, at: datetime) -> None:
    different = differences(attempt.sent, outcome.facts)
    if outcome.facts.get("mode", "") in PLAY_MODES:
        _hear_test(attempt, outcome, different, actor, at)
        return
    if not outcome.amount_cents:
        _hear_unknown(attempt, outcome, actor, at)
        return
    shares = _lock_shares(attempt)
    step = states.PAY.apply(attempt)
    _end(attempt, outcome, at)
    parts = [] if different else _parts(shares)
    receipt = _keep_receipt(attempt, parts, outcome, at)
    booking.keep_allocations(receipt, receipt.entry, parts=parts, actor=actor, at=at)
    for part in parts:
        billing.settle_invoice(invoice=part.invoice, cents=part.cents, actor=actor, at=at)
    if parts:
        defer("payments.send_receipt", receipt_id=receipt.pk)
    counts = sum(part.cents for part in parts)
    if counts < receipt.cents:
        _call_a_person(receipt, shares, parts, different, actor, at)
    audit_log.log_transition(
        step,
        subject=attempt,
        actor=actor,
        at=at,
        cents=outcome.amount_cents,
        entry=receipt.entry.number,
        said=outcome.said,
        matched=counts,
    )


def _lock_shares(attempt: Attempt) -> list[AttemptLine]:
    """Lock the invoices that an attempt is for, by their ids, and return them with what it is to pay of each."""
    rows = AttemptLine.objects.select_for_update(of=("invoice",), no_key=True).filter(attempt=attempt)
    return list(rows.select_related("invoice").order_by("invoice_id"))


def _parts(shares: Sequence[AttemptLine]) -> list[booking.AllocatedAmount]:
    """Return what counts now: of an invoice that was cancelled or paid otherwise meanwhile, what it still needs."""
    return [
        booking.AllocatedAmount(invoice=share.invoice, cents=min(share.cents, share.invoice.remaining_cents))
        for share in shares
        if share.invoice.remaining_cents
    ]


def _call_a_person(
    receipt: Receipt,
    shares: Sequence[AttemptLine],
    parts: Sequence[booking.AllocatedAmount],
    different: tuple[str, ...],
    actor: Actor,
    at: datetime,
) -> None:
    """Some of the money, or all of it, went to recettes à classer: a person decides, and the payer is told."""
    counted = {part.invoice.pk: part.cents for part in parts}
    spare = [share for share in shares if counted.get(share.invoice_id, 0) < share.cents] or shares
    about = AnomalySubject(attempt=receipt.attempt, receipt=receipt, invoice=spare[0].invoice)
    cents = receipt.cents - sum(counted.values())
    if different:
        open_anomaly(Anomaly.Kind.DIFFERENT, about, details=", ".join(different), actor=actor, at=at)
        emails.send_surplus(receipt, [share.invoice for share in shares], cents=cents, at=at, different=True)
        return
    ended = [item.invoice for item in spare if item.invoice_id not in counted]
    if ended:
        told = ", ".join(_how_it_ended(item, named=len(shares) > 1) for item in ended)
        open_anomaly(Anomaly.Kind.INVOICE_NOT_DUE, about, details=told, actor=actor, at=at)
    else:
        open_anomaly(Anomaly.Kind.SURPLUS, about, details=money.euros(cents), actor=actor, at=at)
    gone = [item for item in ended if item.state == InvoiceState.TRANSFERRED]
    if gone and len(gone) == len(spare):
        emails.send_too_late(receipt, gone, cents=cents, at=at)
    else:
        emails.send_surplus(receipt, [item.invoice for item in spare], cents=cents, at=at)


def _how_it_ended(invoice: Invoice, *, named: bool) -> str:
    state = texts.in_french(InvoiceState(invoice.state).label)
    return f"{invoice.number}\u00a0: {state}" if named else state


def _hear_test(attempt: Attempt, outcome: Outcome, different: tuple[str, ...], actor: Actor, at: datetime) -> None:
    step = states.TEST.apply(attempt)
    _end(attempt, outcome, at)
    if different:
        open_anomaly(
            Anomaly.Kind.DIFFERENT, AnomalySubject(attempt=attempt), details=", ".join(different), actor=actor, at=at
        )
    audit_log.log_transition(step, subject=attempt, actor=actor, at=at, said=outcome.said)


def _hear_negative(move: Transition) -> "Hearer":
    def hear(attempt: Attempt, outcome: Outcome, actor: Actor, at: datetime) -> None:
        # Said again, or said of an attempt that already expired: no news.
        if not move.allows(attempt):
            return
        step: TransitionRecord = move.apply(attempt)
        attempt.bank_said, attempt.ended_at = outcome.said[:40], at
        attempt.bank_time, attempt.bank_time_raw = outcome.bank_time, outcome.bank_time_raw[:40]
        audit_log.log_transition(step, subject=attempt, actor=actor, at=at, said=outcome.said)
        if move is states.REFUSE:
            emails.send_refusal(attempt, at=at)

    return hear


def _hear_pending(attempt: Attempt, outcome: Outcome, actor: Actor, at: datetime) -> None:
    if not attempt.bank_said or states.EXPIRE.allows(attempt):
        attempt.bank_said = outcome.said[:40]
    give_up_after_horizon(attempt, actor=actor, at=at)
    _release_if_long_enough(attempt, actor, at)


def _hear_missing(attempt: Attempt, outcome: Outcome, actor: Actor, at: datetime) -> None:
    if at < rules.purge_date(opened_at=attempt.opened_at):
        if at - attempt.opened_at >= rules.PURGE_DOUBT and states.EXPIRE.allows(attempt) and not _was_known(attempt):
            details = f"{outcome.said} – {texts.in_french(NEVER_KNOWN)}"
            open_anomaly(
                Anomaly.Kind.UNKNOWN_ANSWER, AnomalySubject(attempt=attempt), details=details, actor=actor, at=at
            )
        _hear_pending(attempt, outcome, actor, at)
        return
    # Purged: the payer never reached the bank's own page, so there is nothing left to ask.
    attempt.next_ask_at = None
    if states.EXPIRE.allows(attempt):
        attempt.bank_said = outcome.said[:40]
        _expire(attempt, actor, at)


def _was_known(attempt: Attempt) -> bool:
    """
    Tell whether the bank ever said « not yet »: then it knew the payment, and forgot it in the night. No person is
    needed.
    """
    said = BankExchange.objects.filter(attempt=attempt, kind=BankExchange.Kind.ASK)
    return said.filter(outcome__startswith=Status.PENDING).exists()


def _hear_unknown(attempt: Attempt, outcome: Outcome, actor: Actor, at: datetime) -> None:
    attempt.bank_said = outcome.said[:40]
    open_anomaly(Anomaly.Kind.UNKNOWN_ANSWER, AnomalySubject(attempt=attempt), details=outcome.said, actor=actor, at=at)
    give_up_after_horizon(attempt, actor=actor, at=at)


def give_up_after_horizon(attempt: Attempt, *, actor: Actor, at: datetime) -> None:
    """Close an attempt that the bank will not be asked about any more, and call a person. The caller holds its lock."""
    if attempt.next_ask_at is not None or not states.EXPIRE.allows(attempt):
        return
    open_anomaly(Anomaly.Kind.NO_ANSWER, AnomalySubject(attempt=attempt), details="", actor=actor, at=at)
    _expire(attempt, actor, at)


def _expire(attempt: Attempt, actor: Actor, at: datetime) -> None:
    step = states.EXPIRE.apply(attempt)
    attempt.ended_at = at
    audit_log.log_transition(step, subject=attempt, actor=actor, at=at, said=attempt.bank_said)


def _release_if_long_enough(attempt: Attempt, actor: Actor, at: datetime) -> None:
    """Let the invoice be tried again: the régie's delay has passed, and the bank, just asked, knows no result."""
    minutes = (at - attempt.opened_at).total_seconds() / 60
    if attempt.is_open and minutes >= attempt.regie.release_delay:
        attempt.released_at = at
        audit_log.log_event("attempt.release", subject=attempt, actor=actor, at=at)


def _end(attempt: Attempt, outcome: Outcome, at: datetime) -> None:
    attempt.ended_at, attempt.next_ask_at = at, None
    attempt.bank_said, attempt.authorisation = outcome.said[:40], outcome.authorisation[:64]
    attempt.bank_time, attempt.bank_time_raw = outcome.bank_time, outcome.bank_time_raw[:40]


def _keep_receipt(
    attempt: Attempt, parts: Sequence[booking.AllocatedAmount], outcome: Outcome, at: datetime
) -> Receipt:
    means, cents = MEANS[outcome.status], outcome.amount_cents or 0
    left = cents - sum(part.cents for part in parts)
    postings = [ledger.Posting(account=ACCOUNT_OF[means], debit=cents)]
    postings += booking.allocation_postings(*parts)
    if left:
        postings.append(ledger.Posting(account=Account.SUSPENSE, credit=left))
    entry = ledger.post(
        regie_id=attempt.regie_id,
        cause=ledger.Cause(kind="receipt", key=f"attempt:{attempt.pk}"),
        postings=postings,
        label=f"{attempt.reference} {attempt.authorisation}".strip(),
        at=at,
        happened_at=outcome.bank_time,
    )
    return Receipt.objects.create(
        number=f"R-{attempt.regie.code}-{entry.number:06d}",
        regie=attempt.regie,
        attempt=attempt,
        invoice=parts[0].invoice if parts else None,
        entry=entry,
        means=means,
        cents=cents,
        received_at=at,
        remaining_cents=sum(part.invoice.remaining_cents - part.cents for part in parts),
    )


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


Hearer = Callable[[Attempt, Outcome, Actor, datetime], None]
_HEARERS: dict[Status, Hearer] = {
    Status.PAID_BY_CARD: _hear_paid,
    Status.PAID_BY_DEBIT: _hear_paid,
    Status.REFUSED: _hear_negative(states.REFUSE),
    Status.ABANDONED: _hear_negative(states.ABANDON),
    Status.PENDING: _hear_pending,
    Status.MISSING: _hear_missing,
    Status.UNKNOWN: _hear_unknown,
}
