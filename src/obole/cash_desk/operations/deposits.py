"""What is handed in to the bank: prepared with its bordereau, then credited, or cancelled before it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from obole.audit_log import operations as audit_log
from obole.cash_desk import deposit_states as states, queries, rules
from obole.cash_desk.deposit_states import DepositState
from obole.cash_desk.models import CashSession, Deposit, DepositLine, UndoneCredit
from obole.cash_desk.operations.movements import NotEnoughCash, keep_movement, lock_session_of, require_cash
from obole.lib import dates
from obole.lib.actors import Actor
from obole.lib.queue import defer
from obole.lib.transactions import atomic_with_retry
from obole.payments import operations as payments
from obole.payments.models import Receipt
from obole.regies import ledger, numbering, queries as regies
from obole.regies.access import require_mandate
from obole.regies.accounts import Account
from obole.regies.models import Entry, Regie, Series


class NothingToDeposit(ValueError):
    """No cash counted, or no cheque chosen that is still in instance and in no other remise."""


class ReferenceMissing(ValueError):
    """A remise is credited when the bank's statement says so: with a reference."""


class ReasonMissing(ValueError):
    """A remise is cancelled, or its credit undone, for a reason."""


class ReceiptsChanged(Exception):
    """Some of a remise were taken back, or credited otherwise, since it was prepared: ``receipts``."""

    def __init__(self, receipts: Sequence[Receipt]) -> None:
        super().__init__(", ".join(receipt.number for receipt in receipts))
        self.receipts = receipts


@dataclass(frozen=True, kw_only=True)
class _Content:
    """What is handed in."""

    kind: Deposit.Kind
    cents: int
    session: CashSession | None = None
    count: rules.Count | None = None
    pieces: int = 0


@atomic_with_retry
def prepare_cash_deposit(
    *, regie_id: int, count: Mapping[int, int], from_drawer: bool, request_key: str, actor: Actor, at: datetime
) -> Deposit:
    """
    Set cash aside for the bank, out of the drawer of who acts or out of the safe. The same ``request_key`` again
    returns the remise that it made.

    :raises NothingToDeposit: if nothing is counted.
    :raises NoOpenSession: if it is taken out of a drawer, and who acts has none open.
    :raises NotEnoughCash: if more is counted than what is there, the fonds de caisse apart.
    :raises obole.cash_desk.rules.BadCount: if there is no such coin.
    """
    require_mandate(regie_id=regie_id, actor=actor, at=at)
    session = lock_session_of(actor, regie_id) if from_drawer else None
    regie = Regie.objects.get(pk=regie_id)
    counted = rules.as_count(count)
    content = _Content(kind=Deposit.Kind.CASH, cents=rules.total(counted), session=session, count=counted)
    if not content.cents:
        raise NothingToDeposit
    # The same form sent twice waits here.
    numbering.hold(regie=regie, kind=Series.Kind.DEPOSIT, year=dates.day_of(at).year)
    twin = Deposit.objects.filter(request_key=request_key, regie=regie).first()
    if twin is not None:
        return twin
    deposit = _prepare(regie, content, request_key=request_key, actor=actor, at=at)
    keep_movement(session, deposit, cents=-deposit.cents, actor=actor, at=at)
    Regie.objects.locked().get(pk=regie_id)
    if session is not None and queries.moved_cents(session) < 0:
        raise NotEnoughCash(max(0, deposit.cents + queries.moved_cents(session)))
    require_cash(session, regie, left=deposit.cents)
    return deposit


@atomic_with_retry
def prepare_deposit(
    *, regie_id: int, kind: Deposit.Kind, receipt_ids: Sequence[int], request_key: str, actor: Actor, at: datetime
) -> Deposit:
    """
    Put cheques, or CESU, in a remise. The same ``request_key`` again returns the remise that it made.

    :raises NothingToDeposit: if none is chosen, or if one is not in instance any more, or is in another remise.
    """
    require_mandate(regie_id=regie_id, actor=actor, at=at)
    wanted = Receipt.objects.filter(pk__in=receipt_ids, regie=regie_id)
    list(wanted.select_for_update(of=("self",), no_key=True).order_by("id").values_list("pk", flat=True))
    # The same form sent twice waited there.
    twin = Deposit.objects.filter(request_key=request_key, regie=regie_id).first()
    if twin is not None:
        return twin
    receipts = list(queries.depositable(regie_id, kind).filter(pk__in=receipt_ids))
    if not receipts or len(receipts) < len(set(receipt_ids)):
        raise NothingToDeposit
    content = _Content(kind=kind, cents=queries.total_cents(receipts), pieces=len(receipts))
    deposit = _prepare(Regie.objects.get(pk=regie_id), content, request_key=request_key, actor=actor, at=at)
    DepositLine.objects.bulk_create(DepositLine(deposit=deposit, receipt=receipt) for receipt in receipts)
    return deposit


@atomic_with_retry
def credit_deposit(*, deposit_id: int, actor: Actor, at: datetime, reference: str) -> Deposit:
    """
    Write that the bank credited a remise: from *caisse* or *chèques à l’encaissement* to *compte DFT*. With the same
    reference again, nothing changes.

    :param reference: what the bank's statement calls it.
    :raises obole.lib.states.ForbiddenTransition: if it was cancelled, or credited under another reference.
    :raises ReferenceMissing: if there is none.
    :raises ReceiptsChanged: if one of its cheques was taken back or credited since: prepare another one.
    """
    deposit = _locked(deposit_id)
    require_mandate(regie_id=deposit.regie_id, actor=actor, at=at)
    said = reference.strip()[:60]
    if not said:
        raise ReferenceMissing
    if deposit.state == DepositState.CREDITED and deposit.reference == said:
        return deposit
    step = states.CREDIT.apply(deposit)
    deposit.credited_by, deposit.credited_at, deposit.reference = actor, at, said
    deposit.entry = _book(deposit, actor=actor, at=at)
    deposit.save(update_fields=["state", "credited_by", "credited_at", "reference", "entry"])
    audit_log.log_transition(step, subject=deposit, actor=actor, at=at, cents=deposit.cents, reference=said)
    return deposit


@atomic_with_retry
def undo_credit(*, deposit_id: int, reason: str, actor: Actor, at: datetime) -> UndoneCredit:
    """
    Write that the bank had not credited a remise: it is booked the other way round, and the remise waits again.

    :raises ReasonMissing: if nothing says why.
    :raises obole.lib.states.ForbiddenTransition: if it was not credited.
    :raises obole.payments.operations.ClearingStands: if one of its cheques bounced since.
    :raises obole.payments.operations.PaidOver: if one of its cheques was paid over since.
    :raises obole.payments.operations.AccountTooLow: if compte DFT could not bear what was signed over any more.
    """
    deposit = _locked(deposit_id)
    require_mandate(regie_id=deposit.regie_id, actor=actor, at=at)
    said = reason.strip()[:300]
    if not said:
        raise ReasonMissing
    step = states.UNDO_CREDIT.apply(deposit)
    undone = UndoneCredit(deposit=deposit, entry=deposit.entry, reference=deposit.reference, at=at, actor=actor)
    undone.reason, undone.undone_entry = said, _book_undone(deposit, undone.entry, reason=said, actor=actor, at=at)
    undone.save(force_insert=True)
    deposit.credited_by, deposit.credited_at, deposit.entry, deposit.reference = None, None, None, ""
    deposit.save(update_fields=["state", "credited_by", "credited_at", "reference", "entry"])
    audit_log.log_transition(step, subject=deposit, actor=actor, at=at, cents=deposit.cents, reason=said[:200])
    return undone


@atomic_with_retry
def cancel_deposit(*, deposit_id: int, reason: str, actor: Actor, at: datetime) -> Deposit:
    """
    Cancel a remise that did not go: its cheques may be put in another, its cash is in the safe. The number stays.

    :raises obole.lib.states.ForbiddenTransition: if it was credited or cancelled.
    :raises ReasonMissing: if nothing says why.
    """
    deposit = _locked(deposit_id)
    require_mandate(regie_id=deposit.regie_id, actor=actor, at=at)
    said = reason.strip()[:300]
    if not said:
        raise ReasonMissing
    step = states.CANCEL.apply(deposit)
    deposit.cancelled_by, deposit.cancelled_at, deposit.reason = actor, at, said
    deposit.save(update_fields=["state", "cancelled_by", "cancelled_at", "reason"])
    audit_log.log_transition(step, subject=deposit, actor=actor, at=at, cents=deposit.cents, reason=said[:200])
    return deposit


def _prepare(regie: Regie, content: _Content, *, request_key: str, actor: Actor, at: datetime) -> Deposit:
    year, kind = dates.day_of(at).year, Series.Kind.DEPOSIT
    sequence = numbering.take_number(regie=regie, kind=kind, year=year)
    deposit = Deposit.objects.create(
        number=numbering.format_number(regie=regie, kind=kind, year=year, sequence=sequence),
        sequence=sequence,
        year=year,
        regie=regie,
        request_key=request_key,
        prepared_by=actor,
        prepared_at=at,
        kind=content.kind,
        cents=content.cents,
        session=content.session,
        count=content.count,
        pieces=content.pieces,
    )
    audit_log.log_event(
        "deposit.prepare", subject=deposit, actor=actor, at=at, number=deposit.number, cents=deposit.cents
    )
    defer("cash_desk.render_deposit", deposit_id=deposit.pk)
    return deposit


def _book(deposit: Deposit, *, actor: Actor, at: datetime) -> Entry:
    undone = UndoneCredit.objects.filter(deposit=deposit).count()
    cause = ledger.Cause(kind="deposit", key=f"{deposit.pk}:{undone + 1}" if undone else str(deposit.pk))
    label = f"{deposit.number} {deposit.reference}"
    if deposit.kind == Deposit.Kind.CASH:
        postings = ledger.transfer_postings(debit=Account.TREASURY_DEPOSIT, credit=Account.CASH, cents=deposit.cents)
        return ledger.post(regie_id=deposit.regie_id, cause=cause, postings=postings, label=label, at=at)
    receipt_ids = list(deposit.lines.order_by("receipt_id").values_list("receipt", flat=True))
    try:
        return payments.clear_receipts(
            regie_id=deposit.regie_id, receipt_ids=receipt_ids, cause=cause, label=label, actor=actor, at=at
        )
    except payments.NotClearable:
        raise ReceiptsChanged(queries.not_in_instance(deposit)) from None


def _book_undone(deposit: Deposit, booked: Entry, *, reason: str, actor: Actor, at: datetime) -> Entry:
    cause = ledger.Cause(kind="deposit_undone", key=booked.cause_key)
    label = f"{deposit.number} {reason}"[:200]
    if deposit.kind == Deposit.Kind.CASH:
        postings = ledger.transfer_postings(debit=Account.CASH, credit=Account.TREASURY_DEPOSIT, cents=deposit.cents)
        entry = ledger.post(regie_id=deposit.regie_id, cause=cause, postings=postings, label=label, at=at)
    else:
        entry = payments.undo_clearing(entry_id=booked.pk, cause=cause, label=label, actor=actor, at=at)
    left = regies.available_cents(deposit.regie)
    if left < 0:
        raise payments.AccountTooLow(Account.TREASURY_DEPOSIT, held=max(0, left + deposit.cents), cents=deposit.cents)
    return entry


def _locked(deposit_id: int) -> Deposit:
    return Deposit.objects.select_for_update(of=("self",), no_key=True).get(pk=deposit_id)
