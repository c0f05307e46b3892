"""Money that is taken back from us: a rejected direct debit, a bounced cheque, a wrong entry at the counter; and an avoir."""

from datetime import datetime, timedelta

from obole.billing import operations as billing
from obole.billing.models import CreditNote, Invoice
from obole.billing.states import InvoiceState
from obole.lib import days, words
from obole.lib.transactions import whole
from obole.payments import notices, queries, rules, states
from obole.payments.models import ACCOUNT_OF, Allocation, Anomaly, Attempt, Receipt, Reversal
from obole.payments.operations import booking
from obole.payments.operations.anomalies import About, end_what_waited, open_anomaly, reopen_what_waits
from obole.payments.refund_states import RefundState
from obole.payments.states import AttemptState
from obole.regies import ledger
from obole.regies.accounts import Account
from obole.regies.models import Entry
from obole.trail import operations as trail

TIME_TO_PAY_AGAIN = 15
"""Days: a payer who believed to have paid is not late the day they learn that they have not."""

ALLOWED = {
    Reversal.Kind.REJECTED: frozenset({Receipt.Means.DEBIT}),
    Reversal.Kind.BOUNCED: frozenset({Receipt.Means.CHEQUE}),
    Reversal.Kind.MISTAKE: frozenset(Receipt.Means) - {Receipt.Means.CARD, Receipt.Means.DEBIT},
}


class NotReversible(Exception):
    """Such money is not taken back so, or was promised or given back to its payer already: the receipt stays as it is."""


class ReasonMissing(ValueError):
    """The payer would not learn why: there is neither a code nor words, or the code says « autre » and nothing else."""


@whole
def reverse_receipt(
    *, receipt_id: int, kind: Reversal.Kind, code: Reversal.Code | None = None, reason: str, actor: str, at: datetime
) -> Reversal:
    """
    Take a receipt back, whole: what it paid is due again, its payer is told, a person is called. Once; again changes nothing.

    :param code: the bank's reason for a rejected direct debit, « autre » when it gave none; nothing else has one.
    :param reason: in words, what the code does not say.
    :raises NotReversible: if it is not one of ``ways_back``.
    :raises ReasonMissing: if neither says why.
    """
    attempt_id = Receipt.objects.values_list("attempt", flat=True).get(pk=receipt_id)
    attempt = Attempt.objects.locked().get(pk=attempt_id) if attempt_id else None
    receipt = booking.lock_receipt(receipt_id)
    done = Reversal.objects.filter(receipt=receipt).first()
    if done is not None:
        return done
    if kind not in ways_back(receipt):
        raise NotReversible(kind)
    reversal = _why(kind, code, reason)
    parts = _parts(receipt)
    free = receipt.cents - sum(part.cents for part in parts)
    postings = booking.taken_back(*parts)
    if free:
        postings.append(ledger.Posting(account=Account.SUSPENSE, debit=free))
    postings.append(ledger.Posting(account=ACCOUNT_OF[Receipt.Means(receipt.means)], credit=receipt.cents))
    entry = ledger.post(
        regie_id=receipt.regie_id, cause=ledger.Cause(kind="reversal", key=f"receipt:{receipt.pk}"), postings=postings,
        label=f"{receipt.number} {reversal.why}", at=at,
    )  # fmt: skip
    reversal.receipt, reversal.entry, reversal.at, reversal.actor = receipt, entry, at, actor
    reversal.save(force_insert=True)
    _take_back(receipt, parts, entry, reason=reversal.why, actor=actor, at=at)
    _tell(receipt, attempt, kind, parts, reason=reversal.why, actor=actor, at=at)
    return reversal


def ways_back(receipt: Receipt) -> list[Reversal.Kind]:
    """Return the ways in which such money can be taken back now; none once it was, or while a refund stands."""
    if receipt.is_reversed or receipt.refunds.exclude(state=RefundState.GIVEN_UP).exists():
        return []
    return [kind for kind, means in ALLOWED.items() if receipt.means in means]


@whole
def cancel_invoice(*, invoice_id: int, code: str, comment: str, actor: str, at: datetime) -> CreditNote:
    """
    Cancel an invoice with an avoir. Money that it received goes to recettes à classer, and to « À traiter ».

    :raises obole.lib.states.ForbiddenMove: if it is neither due nor paid.
    :raises obole.billing.operations.ReasonMissing: if the reason is « autre » and nothing is said.
    """
    counted = Allocation.objects.filter(invoice=invoice_id).order_by("receipt").values_list("receipt", flat=True)
    receipts = [booking.lock_receipt(pk) for pk in sorted(set(counted))]
    invoice = Invoice.objects.locked().select_related("payer", "regie").get(pk=invoice_id)
    for receipt in receipts:
        _free(receipt, invoice, actor=actor, at=at)
    return billing.cancel_invoice(invoice_id=invoice_id, code=code, comment=comment, actor=actor, at=at)


def _why(kind: Reversal.Kind, code: Reversal.Code | None, reason: str) -> Reversal:
    """Return a reversal that says why, and nothing else yet."""
    rejected = kind == Reversal.Kind.REJECTED
    if code and not rejected:
        raise ValueError(f"{code} is a bank's reason for a direct debit, not for {kind}")
    reversal = Reversal(kind=kind, code=(code or Reversal.Code.OTHER) if rejected else "", reason=reason.strip()[:300])
    if not reversal.why:
        raise ReasonMissing
    return reversal


def _parts(receipt: Receipt) -> list[booking.Part]:
    counted = queries.allocated(receipt)
    invoices = Invoice.objects.locked().select_related("payer", "regie").filter(pk__in=counted).order_by("id")
    return [booking.Part(invoice=invoice, cents=counted[invoice.pk]) for invoice in invoices]


def _take_back(
    receipt: Receipt, parts: list[booking.Part], entry: Entry, *, reason: str, actor: str, at: datetime
) -> None:
    back = [booking.Part(invoice=part.invoice, cents=-part.cents) for part in parts]
    booking.keep_allocations(receipt, entry, parts=back, actor=actor, at=at, reason=reason)
    again = days.day_of(at) + timedelta(days=TIME_TO_PAY_AGAIN)
    for part in parts:
        billing.unsettle_invoice(
            invoice=part.invoice, cents=part.cents, due_date=again, actor=actor, at=at, reason=reason
        )


def _tell(  # noqa: PLR0913 - who, what, why, when
    receipt: Receipt, attempt: Attempt | None, kind: Reversal.Kind, parts: list[booking.Part], *, reason: str, actor: str, at: datetime
) -> None:  # fmt: skip
    said: dict[str, str | int] = {
        "cents": receipt.cents,
        "reason": reason[:200],
        "number": receipt.number,
        "kind": kind,
    }
    if attempt is not None and attempt.state == AttemptState.PAID:
        step = states.REVERSE.apply(attempt)
        attempt.save(update_fields=["state"])
        trail.record(step, subject=attempt, actor=actor, at=at, **said)
    else:
        trail.note("receipt.reverse", subject=receipt.invoice or receipt, actor=actor, at=at, **said)
    end_what_waited(receipt, Anomaly.Outcome.NOTED, note=words.in_french(kind.label), actor=actor, at=at)
    handed_over = any(part.invoice.state == InvoiceState.TRANSFERRED for part in parts)
    if kind == Reversal.Kind.MISTAKE and not handed_over:
        return
    # The comptable was handed what was left without this money: a person must tell them that it is not paid after all.
    open_anomaly(Anomaly.Kind.REVERSED, About(attempt=attempt, receipt=receipt), details=reason, at=at)
    for part in parts:
        if part.invoice.state == InvoiceState.DUE and kind != Reversal.Kind.MISTAKE:
            notices.send_reversal(receipt, part.invoice, cents=part.cents, reason=reason, at=at)


def _free(receipt: Receipt, invoice: Invoice, *, actor: str, at: datetime) -> None:
    """Move what a receipt counts for an invoice to recettes à classer. The caller holds both."""
    cents = queries.allocated(receipt).get(invoice.pk, 0)
    if not cents:
        return
    part = booking.Part(invoice=invoice, cents=cents)
    entry = ledger.post(
        regie_id=receipt.regie_id, cause=ledger.Cause(kind="freeing", key=f"{receipt.pk}:{invoice.pk}"),
        postings=[*booking.taken_back(part), ledger.Posting(account=Account.SUSPENSE, credit=cents)],
        label=f"{receipt.number} {invoice.number}", at=at,
    )  # fmt: skip
    booking.keep_allocations(receipt, entry, parts=[booking.Part(invoice=invoice, cents=-cents)], actor=actor, at=at)
    billing.unsettle_invoice(invoice=invoice, cents=cents, actor=actor, at=at, reason=rules.AVOIR)
    open_anomaly(
        Anomaly.Kind.FREED, About(receipt=receipt, attempt=receipt.attempt, invoice=invoice), details=f"{invoice.number}", at=at
    )  # fmt: skip
    reopen_what_waits(receipt, at=at)
