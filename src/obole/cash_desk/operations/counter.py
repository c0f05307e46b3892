"""
Money at the counter, and what takes it back, by a drawer where the régie has one: the money of ``payments``, and the
movement of the cash, in one transaction.
"""

from collections.abc import Collection
from datetime import datetime

from obole.billing.models import Invoice
from obole.cash_desk.operations.movements import NotEnoughCash, keep_movement, lock_session_of, require_cash
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry
from obole.payments import operations as payments
from obole.payments.models import Receipt, Reversal
from obole.payments.operations import CounterObstacle, Money, MoneyNotTaken
from obole.regies.access import require_mandate
from obole.regies.models import Regie


@atomic_with_retry
def take_money(
    *, invoice_id: int, money: Money, request_key: str, actor: Actor, at: datetime, handed_cents: int | None = None
) -> Receipt:
    """
    Take money for an invoice as ``payments.take_money`` does; cash goes into the drawer of who takes it.

    :param handed_cents: what the payer handed over in cash, when it is more than what is taken.
    :raises obole.payments.operations.MoneyNotTaken: as there.
    :raises NoOpenSession: if the régie has drawers, and who acts has none open.
    """
    regie_id = Invoice.objects.values_list("regie", flat=True).get(pk=invoice_id)
    require_mandate(regie_id=regie_id, actor=actor, at=at)
    by_drawer = money.means == Receipt.Means.CASH and not _is_taken(request_key, regie_id)
    session = lock_session_of(actor, regie_id) if by_drawer else None
    receipt = payments.take_money(invoice_id=invoice_id, money=money, request_key=request_key, actor=actor, at=at)
    keep_movement(session, receipt, cents=receipt.cents, handed_cents=handed_cents, actor=actor, at=at)
    return receipt


@atomic_with_retry
def take_for_invoices(
    *,
    invoice_ids: Collection[int],
    money: Money,
    request_key: str,
    actor: Actor,
    at: datetime,
    handed_cents: int | None = None,
) -> Receipt:
    """
    Take one sum for several invoices of one payer as ``payments.take_for_invoices`` does; cash goes into the drawer of
    who takes it.

    :param handed_cents: what the payer handed over in cash, when it is more than what is taken.
    :raises obole.payments.operations.MoneyNotTaken: as there.
    :raises NoOpenSession: if the régie has drawers, and who acts has none open.
    """
    regies = set(Invoice.objects.filter(pk__in=set(invoice_ids)).order_by().values_list("regie", flat=True))
    if len(regies) != 1:
        raise MoneyNotTaken(CounterObstacle.APART)
    regie_id = regies.pop()
    require_mandate(regie_id=regie_id, actor=actor, at=at)
    by_drawer = money.means == Receipt.Means.CASH and not _is_taken(request_key, regie_id)
    session = lock_session_of(actor, regie_id) if by_drawer else None
    receipt = payments.take_for_invoices(
        invoice_ids=invoice_ids, money=money, request_key=request_key, actor=actor, at=at
    )
    keep_movement(session, receipt, cents=receipt.cents, handed_cents=handed_cents, actor=actor, at=at)
    return receipt


@atomic_with_retry
def take_unmatched(*, regie_id: int, money: Money, request_key: str, actor: Actor, at: datetime) -> Receipt:
    """
    Take money whose invoice nobody knows as ``payments.take_unmatched`` does; cash goes into the drawer of who takes
    it.

    :raises obole.payments.operations.MoneyNotTaken: as there.
    :raises NoOpenSession: if the régie has drawers, and who acts has none open.
    """
    require_mandate(regie_id=regie_id, actor=actor, at=at)
    by_drawer = money.means == Receipt.Means.CASH and not _is_taken(request_key, regie_id)
    session = lock_session_of(actor, regie_id) if by_drawer else None
    receipt = payments.take_unmatched(regie_id=regie_id, money=money, request_key=request_key, actor=actor, at=at)
    keep_movement(session, receipt, cents=receipt.cents, actor=actor, at=at)
    return receipt


@atomic_with_retry
def reverse_receipt(
    *, receipt_id: int, kind: Reversal.Kind, code: Reversal.Code | None = None, reason: str, actor: Actor, at: datetime
) -> Reversal:
    """
    Take a receipt back as ``payments.reverse_receipt`` does; cash is given back out of the drawer of who does it.

    :raises obole.payments.operations.NotReversible: as there.
    :raises NoOpenSession: if the régie has drawers, and who acts has none open.
    :raises NotEnoughCash: if the money is not there any more: it has gone to the bank.
    """
    receipt = Receipt.objects.select_related("regie").get(pk=receipt_id)
    require_mandate(regie_id=receipt.regie_id, actor=actor, at=at)
    is_cash = receipt.means == Receipt.Means.CASH
    gone = Reversal.objects.filter(receipt=receipt).exists()
    session = lock_session_of(actor, receipt.regie_id) if is_cash and not gone else None
    try:
        reversal = payments.reverse_receipt(
            receipt_id=receipt_id, kind=kind, code=code, reason=reason, actor=actor, at=at
        )
    except payments.AccountTooLow as refusal:
        if not is_cash:
            raise
        raise NotEnoughCash(refusal.cents) from None
    if is_cash and not gone:
        keep_movement(session, reversal, cents=-receipt.cents, actor=actor, at=at)
        require_cash(session, Regie.objects.get(pk=receipt.regie_id), left=receipt.cents)
    return reversal


def _is_taken(request_key: str, regie_id: int) -> bool:
    """Tell whether the same form was sent before: its money is in the drawer of that moment."""
    return Receipt.objects.filter(request_key=request_key, regie=regie_id).exists()
