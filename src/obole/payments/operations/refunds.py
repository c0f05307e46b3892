"""Giving money back: one person asks, another approves, the comptable or the régie pays, and it is written down."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from obole.audit_log import operations as audit_log
from obole.billing.models import Invoice
from obole.lib import iban, texts
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry
from obole.payments import emails, queries, refund_states as states
from obole.payments.models import Anomaly, Refund
from obole.payments.operations import booking
from obole.payments.operations.anomalies import SamePerson, close_settled_anomalies, end_anomaly, reopen_anomalies
from obole.regies import ledger, queries as regies
from obole.regies.access import require_mandate
from obole.regies.accounts import Account
from obole.regies.models import Regie


class TooMuch(Exception):
    """More than what waits in recettes à classer; ``cents`` could be given back."""

    def __init__(self, cents: int) -> None:
        super().__init__(cents)
        self.cents = cents


class MandateMissing(ValueError):
    """A refund is done when the comptable's mandat or transfer has a reference."""


class NotTheComptables(ValueError):
    """The money did not come for an invoice that the comptable recovers."""


class AccountUnusable(ValueError):
    """Nobody can be paid there: the account has no holder, or its IBAN is none."""


@dataclass(frozen=True, kw_only=True)
class PayeeAccount:
    """The account that money is given back to, as its RIB says it."""

    iban: str
    holder: str

    def checked(self) -> "PayeeAccount":
        """
        Return it without what separates the characters of its number.

        :raises AccountUnusable: if it is none.
        """
        holder = texts.clean_line(self.holder)
        if not holder:
            raise AccountUnusable
        try:
            return PayeeAccount(iban=iban.clean(self.iban), holder=holder)
        except ValueError as error:
            raise AccountUnusable from error


NO_ACCOUNT = PayeeAccount(iban="", holder="")


@atomic_with_retry
def request_refund(  # noqa: PLR0913 - a decision says all of this
    *,
    receipt_id: int,
    cents: int,
    reason: str,
    request_key: str,
    actor: Actor,
    at: datetime,
    account: PayeeAccount | None = None,
    payee: Refund.Payee = Refund.Payee.PAYER,
) -> Refund:
    """
    Ask that money of recettes à classer be given back, or paid over to the comptable. The same ``request_key`` again
    returns the refund that it made.

    :param account: the payer's; the comptable's is known.
    :raises TooMuch: if less than that waits.
    :raises AccountUnusable: if the payer has no account that can be paid to.
    :raises NotTheComptables: if it should go to the comptable, and none of its invoices is there.
    """
    receipt = booking.lock_receipt(receipt_id)
    require_mandate(regie_id=receipt.regie_id, actor=actor, at=at)
    to = NO_ACCOUNT if payee == Refund.Payee.TREASURY else (account or NO_ACCOUNT).checked()
    twin = Refund.objects.filter(request_key=request_key, receipt=receipt).first()
    if twin is not None:
        return twin
    free = queries.free_cents(receipt)
    if not 0 < cents <= free:
        raise TooMuch(free)
    if payee == Refund.Payee.TREASURY and not queries.came_for_the_comptable(receipt):
        raise NotTheComptables
    refund = Refund.objects.create(
        receipt=receipt,
        regie=receipt.regie,
        request_key=request_key,
        payee=payee,
        cents=cents,
        reason=reason.strip()[:300],
        iban=to.iban,
        account_holder=to.holder[:120],
        requested_by=actor,
        requested_at=at,
    )
    audit_log.log_event("refund.request", subject=receipt, actor=actor, at=at, cents=cents, reason=refund.reason)
    to_payer = payee == Refund.Payee.PAYER
    outcome = Anomaly.Outcome.REFUND if to_payer else Anomaly.Outcome.TREASURY
    close_settled_anomalies(receipt, outcome, note=refund.reason, actor=actor, at=at)
    return refund


@atomic_with_retry
def approve_refund(*, refund_id: int, actor: Actor, at: datetime) -> Refund:
    """
    Approve a refund that somebody else asked for.

    :raises SamePerson: if the same person asked.
    :raises obole.lib.states.ForbiddenTransition: if it does not wait for that.
    """
    refund = _locked(refund_id)
    require_mandate(regie_id=refund.regie_id, actor=actor, at=at)
    if actor.is_same_as(refund.requested_by):
        raise SamePerson
    step = states.APPROVE.apply(refund)
    refund.decided_by, refund.decided_at = actor, at
    refund.save(update_fields=["state", "decided_by", "decided_at"])
    audit_log.log_transition(step, subject=refund, actor=actor, at=at, cents=refund.cents)
    return refund


@atomic_with_retry
def complete_refund(*, refund_id: int, mandate: str, actor: Actor, at: datetime) -> Refund:
    """
    Write that an approved refund was paid, with the reference of the mandat or of the transfer.

    What goes to the comptable leaves the compte DFT, and so does what a régie that may pays itself. Else the comptable
    paid it: what waited is owed to them, through recettes versées, but for what they owed of it themselves.

    :raises MandateMissing: without a reference.
    :raises AccountTooLow: if the compte DFT cannot bear it.
    :raises obole.lib.states.ForbiddenTransition: if it was not approved.
    """
    if not mandate.strip():
        raise MandateMissing
    refund = _locked(refund_id)
    require_mandate(regie_id=refund.regie_id, actor=actor, at=at)
    step = states.COMPLETE.apply(refund)
    receipt = refund.receipt
    invoices = list(
        Invoice.objects.locked().filter(allocations__receipt=receipt, allocations__cents__lt=0).order_by("id")
    )
    refund.paid_by, refund.settled_cents, left = _leaves_from(refund)
    refund.entry = ledger.post(
        regie_id=refund.regie_id,
        cause=ledger.Cause(kind="refund", key=str(refund.pk)),
        postings=[ledger.Posting(account=Account.SUSPENSE, debit=refund.cents), *left],
        label=f"{receipt.number} {mandate}",
        at=at,
    )
    refund.done_by, refund.done_at, refund.mandate = actor, at, mandate.strip()[:60]
    refund.save()
    whole = queries.given_back(Q(receipt=receipt, invoice__in=invoices))
    Invoice.objects.filter(pk__in=whole.order_by().values("invoice")).update(is_refunded=True)
    audit_log.log_transition(step, subject=refund, actor=actor, at=at, cents=refund.cents, mandate=refund.mandate)
    verb = "refund.done" if refund.payee == Refund.Payee.PAYER else "refund.hand_over"
    audit_log.log_event(verb, subject=receipt, actor=actor, at=at, cents=refund.cents, mandate=refund.mandate)
    _end_waiting(refund, note=refund.mandate, actor=actor, at=at)
    emails.send_refund(refund, at=at)
    return refund


@atomic_with_retry
def give_up_refund(*, refund_id: int, reason: str, actor: Actor, at: datetime) -> Refund:
    """
    Give up a refund that was not paid: its money waits in recettes à classer again, and so does its task.

    :raises obole.lib.states.ForbiddenTransition: if it was paid or given up.
    """
    refund = _locked(refund_id)
    require_mandate(regie_id=refund.regie_id, actor=actor, at=at)
    step = states.GIVE_UP.apply(refund)
    refund.decided_by, refund.decided_at = refund.decided_by or actor, refund.decided_at or at
    refund.save(update_fields=["state", "decided_by", "decided_at"])
    audit_log.log_transition(step, subject=refund, actor=actor, at=at, cents=refund.cents, reason=reason[:200])
    _end_waiting(refund, note=reason, actor=actor, at=at)
    reopen_anomalies(refund.receipt, actor=actor, at=at)
    return refund


def _leaves_from(refund: Refund) -> tuple[Refund.Payer, int, list[ledger.Posting]]:
    """
    Return who pays, how much of it settles what the comptable owed, and the postings of the money that leaves. Takes
    the régie's lock, as posting does.
    """
    regie = Regie.objects.locked().get(pk=refund.regie_id)
    act = regies.act_of(regie.pk)
    if refund.payee == Refund.Payee.TREASURY or (act is not None and act.pays_refunds):
        held = regies.available_cents(regie)
        if held < refund.cents:
            raise booking.AccountTooLow(Account.TREASURY_DEPOSIT, held=max(0, held), cents=refund.cents)
        return Refund.Payer.REGIE, 0, [ledger.Posting(account=Account.TREASURY_DEPOSIT, credit=refund.cents)]
    owed = queries.owed_by_receipt(regie.pk, receipt_ids=[refund.receipt_id]).get(refund.receipt_id, 0)
    settled = min(owed, refund.cents)
    left = ((Account.FEES, settled), (Account.REMITTED, refund.cents - settled))
    postings = [ledger.Posting(account=account, credit=cents) for account, cents in left if cents]
    return Refund.Payer.COMPTABLE, settled, postings


def _locked(refund_id: int) -> Refund:
    """Lock a refund, and before it the receipt whose money it is about."""
    booking.lock_receipt(Refund.objects.values_list("receipt", flat=True).get(pk=refund_id))
    rows = Refund.objects.select_for_update(of=("self",))
    return rows.select_related("receipt__attempt__invoice", "receipt__invoice", "regie").get(pk=refund_id)


def _end_waiting(refund: Refund, *, note: str, actor: Actor, at: datetime) -> None:
    for anomaly in Anomaly.objects.filter(refund=refund, closed_at=None).order_by("id"):
        end_anomaly(anomaly, Anomaly.Outcome.NOTED, note=note, actor=actor, at=at)
