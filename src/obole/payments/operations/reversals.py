"""
Money that is taken back from us: a rejected direct debit, a bounced cheque, a wrong entry at the counter; and an avoir.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from obole.audit_log import operations as audit_log
from obole.billing import operations as billing
from obole.billing.models import CreditNote, Invoice
from obole.billing.states import InvoiceState
from obole.lib import dates, money, texts
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry
from obole.payments import emails, queries, rules, states
from obole.payments.models import Allocation, Anomaly, Attempt, Receipt, Reversal
from obole.payments.operations import booking
from obole.payments.operations.anomalies import AnomalySubject, close_settled_anomalies, open_anomaly, reopen_anomalies
from obole.payments.states import AttemptState
from obole.regies import ledger, numbering
from obole.regies.access import require_mandate
from obole.regies.accounts import Account
from obole.regies.models import Entry, Series

TIME_TO_PAY_AGAIN = 15
"""Days: a payer who believed to have paid is not late the day they learn that they have not."""

GIVEN_BACK = _("%(amount)s déjà remboursés : le payeur les doit, à faire reverser (dépense à régulariser)")

ALLOWED = {
    Reversal.Kind.REJECTED: frozenset({Receipt.Means.DEBIT}),
    Reversal.Kind.BOUNCED: frozenset({Receipt.Means.CHEQUE}),
    Reversal.Kind.MISTAKE: frozenset(Receipt.Means) - {Receipt.Means.CARD, Receipt.Means.DEBIT},
}


class NotReversible(Exception):
    """
    Such money is not taken back so, or a refund of it is under way: the receipt stays as it is.
    """


class ReasonMissing(ValueError):
    """The payer would not learn why: there is neither a code nor words, or the code says « autre » and nothing else."""


@atomic_with_retry
def reverse_receipt(
    *, receipt_id: int, kind: Reversal.Kind, code: Reversal.Code | None = None, reason: str, actor: Actor, at: datetime
) -> Reversal:
    """
    Take a receipt back, whole: what it paid is due again, its payer is told, a person is called. Once; again changes
    nothing.

    :param code: the bank's reason for a rejected direct debit, « autre » when it gave none; nothing else has one.
    :param reason: in words, what the code does not say.
    What had been paid over is owed by the comptable from then on: it is in dépenses à régulariser.

    :raises NotReversible: if it is not one of ``reversal_reasons``.
    :raises ReasonMissing: if neither says why.
    :raises AccountTooLow: if the account that the money leaves does not hold it.
    """
    attempt_id = Receipt.objects.values_list("attempt", flat=True).get(pk=receipt_id)
    attempt = Attempt.objects.locked().get(pk=attempt_id) if attempt_id else None
    receipt = booking.lock_receipt(receipt_id)
    require_mandate(regie_id=receipt.regie_id, actor=actor, at=at)
    done = Reversal.objects.filter(receipt=receipt).first()
    if done is not None:
        return done
    if kind not in reversal_reasons(receipt):
        raise NotReversible(kind)
    reversal = _why(kind, code, reason)
    parts, reversal.refunded_cents = _parts(receipt), queries.refunded_cents(receipt)
    postings, owed = _postings(receipt, parts, refunded_cents=reversal.refunded_cents)
    entry = ledger.post(
        regie_id=receipt.regie_id,
        cause=ledger.Cause(kind="reversal", key=f"receipt:{receipt.pk}"),
        postings=postings,
        label=f"{receipt.number} {reversal.why}",
        at=at,
    )
    reversal.receipt, reversal.entry, reversal.at, reversal.actor = receipt, entry, at, actor
    reversal.save(force_insert=True)
    _take_back(receipt, parts, entry, reason=reversal.why, owed=owed, actor=actor, at=at)
    _tell(reversal, attempt, parts, actor=actor, at=at)
    return reversal


def reversal_reasons(receipt: Receipt) -> list[Reversal.Kind]:
    """
    Return the ways in which such money can be taken back now; none once it was, or while a refund is under way.

    A refund that is done is no obstacle: a bank sends a debit back for thirteen months, whatever became of its money.
    """
    if receipt.is_reversed or queries.pending_refunds(receipt).exists():
        return []
    return [kind for kind, means in ALLOWED.items() if receipt.means in means]


@atomic_with_retry
def cancel_invoice(*, invoice_id: int, code: str, comment: str, actor: Actor, at: datetime) -> CreditNote:
    """
    Cancel an invoice with an avoir. Money that it received goes to recettes à classer, and to « À traiter ».

    :raises obole.lib.states.ForbiddenTransition: if it is neither due nor paid.
    :raises obole.billing.operations.ReasonMissing: if the reason is « autre » and nothing is said.
    """
    counted = Allocation.objects.filter(invoice=invoice_id).order_by("receipt").values_list("receipt", flat=True)
    receipts = [booking.lock_receipt(pk) for pk in sorted(set(counted))]
    invoice = Invoice.objects.locked().select_related("regie").get(pk=invoice_id)
    require_mandate(regie_id=invoice.regie_id, actor=actor, at=at)
    numbering.hold(regie=invoice.regie, kind=Series.Kind.CREDIT_NOTE, year=dates.day_of(at).year)
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


def _parts(receipt: Receipt) -> list[booking.AllocatedAmount]:
    counted = queries.cents_by_invoice(receipt)
    rows = Invoice.objects.locked().select_related("regie").prefetch_related("payer")
    invoices = rows.filter(pk__in=counted).order_by("id")
    return [booking.AllocatedAmount(invoice=invoice, cents=counted[invoice.pk]) for invoice in invoices]


def _postings(
    receipt: Receipt, parts: list[booking.AllocatedAmount], *, refunded_cents: int
) -> tuple[list[ledger.Posting], Mapping[int, int]]:
    """
    Return what undoes a receipt: from its invoices, from recettes à classer, and what its payer was given back; and
    what of its invoices' money had been paid over, by invoice id.
    """
    free = receipt.cents - sum(part.cents for part in parts) - refunded_cents
    taken = {Account.SUSPENSE: free, Account.FEES: refunded_cents}
    back, owed = booking.reversal_postings(receipt, *parts)
    left = queries.account_of(receipt)
    booking.require_funds(regie_id=receipt.regie_id, account=left, cents=receipt.cents)
    postings = [
        *back,
        *(ledger.Posting(account=account, debit=cents) for account, cents in taken.items() if cents),
        ledger.Posting(account=left, credit=receipt.cents),
    ]
    return postings, owed


def _take_back(  # noqa: PLR0913 - what, why, who, when
    receipt: Receipt,
    parts: list[booking.AllocatedAmount],
    entry: Entry,
    *,
    reason: str,
    owed: Mapping[int, int],
    actor: Actor,
    at: datetime,
) -> None:
    back = [booking.AllocatedAmount(invoice=part.invoice, cents=-part.cents) for part in parts]
    booking.keep_allocations(receipt, entry, parts=back, actor=actor, at=at, reason=reason, owed=owed)
    again = dates.day_of(at) + timedelta(days=TIME_TO_PAY_AGAIN)
    for part in parts:
        billing.unsettle_invoice(
            invoice=part.invoice, cents=part.cents, due_date=again, actor=actor, at=at, reason=reason
        )


def _tell(
    reversal: Reversal, attempt: Attempt | None, parts: list[booking.AllocatedAmount], *, actor: Actor, at: datetime
) -> None:
    receipt, kind, reason = reversal.receipt, Reversal.Kind(reversal.kind), reversal.why
    said: dict[str, str | int] = {
        "cents": receipt.cents,
        "reason": reason[:200],
        "number": receipt.number,
        "kind": kind,
        "refunded": reversal.refunded_cents,
    }
    if attempt is not None and attempt.state == AttemptState.PAID:
        step = states.REVERSE.apply(attempt)
        attempt.save(update_fields=["state"])
        audit_log.log_transition(step, subject=attempt, actor=actor, at=at, **said)
    else:
        audit_log.log_event("receipt.reverse", subject=receipt.invoice or receipt, actor=actor, at=at, **said)
    close_settled_anomalies(receipt, Anomaly.Outcome.NOTED, note=texts.in_french(kind.label), actor=actor, at=at)
    _call_a_person(reversal, attempt, parts, actor=actor, at=at)
    for part in parts:
        if part.invoice.state == InvoiceState.DUE:
            emails.send_reversal(reversal, part.invoice, cents=part.cents, at=at)


def _call_a_person(
    reversal: Reversal, attempt: Attempt | None, parts: list[booking.AllocatedAmount], *, actor: Actor, at: datetime
) -> None:
    about = AnomalySubject(attempt=attempt, receipt=reversal.receipt)
    if reversal.kind == Reversal.Kind.MISTAKE:
        # A quittance is a proof that somebody carries: a second person looks at each that is worth nothing any more.
        open_anomaly(Anomaly.Kind.MISTAKE, about, details=reversal.why, actor=actor, at=at)
    handed_over = any(part.invoice.state == InvoiceState.TRANSFERRED for part in parts)
    if reversal.kind == Reversal.Kind.MISTAKE and not handed_over and not reversal.refunded_cents:
        return
    # The comptable was handed what was left without this money: a person must tell them that it is not paid after all.
    details = reversal.why
    if reversal.refunded_cents:
        back = texts.in_french(GIVEN_BACK) % {"amount": money.euros(reversal.refunded_cents)}
        details = f"{back} – {details}"
    open_anomaly(Anomaly.Kind.REVERSED, about, details=details, actor=actor, at=at)


def _free(receipt: Receipt, invoice: Invoice, *, actor: Actor, at: datetime) -> None:
    """Move what a receipt counts for an invoice to recettes à classer. The caller holds both."""
    cents = queries.cents_by_invoice(receipt).get(invoice.pk, 0)
    if not cents:
        return
    part = booking.AllocatedAmount(invoice=invoice, cents=cents)
    postings, owed = booking.reversal_postings(receipt, part)
    entry = ledger.post(
        regie_id=receipt.regie_id,
        cause=ledger.Cause(kind="freeing", key=f"{receipt.pk}:{invoice.pk}"),
        postings=[*postings, ledger.Posting(account=Account.SUSPENSE, credit=cents)],
        label=f"{receipt.number} {invoice.number}",
        at=at,
    )
    back = booking.AllocatedAmount(invoice=invoice, cents=-cents)
    booking.keep_allocations(receipt, entry, parts=[back], actor=actor, at=at, owed=owed)
    billing.unsettle_invoice(invoice=invoice, cents=cents, actor=actor, at=at, reason=rules.AVOIR)
    open_anomaly(
        Anomaly.Kind.FREED,
        AnomalySubject(receipt=receipt, attempt=receipt.attempt, invoice=invoice),
        details=f"{invoice.number}",
        actor=actor,
        at=at,
    )
    reopen_anomalies(receipt, actor=actor, at=at)
