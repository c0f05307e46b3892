"""What becomes of a difference: repaid by the régisseur, or paid over to the comptable."""

from datetime import datetime

from django.db.models import Q

from obole.audit_log import operations as audit_log
from obole.cash_desk import queries
from obole.cash_desk.models import CashSession, DifferenceSettlement
from obole.cash_desk.operations.movements import NoOpenSession, keep_movement, require_cash
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry
from obole.regies import ledger
from obole.regies.access import require_mandate
from obole.regies.accounts import Account


class NotSettled(ValueError):
    """More than what is left of the difference, or without a reference; ``cents`` are left."""

    def __init__(self, cents: int) -> None:
        super().__init__(cents)
        self.cents = cents


@atomic_with_retry
def settle_difference(
    *, session_id: int, cents: int, reference: str, request_key: str, actor: Actor, at: datetime
) -> DifferenceSettlement:
    """
    Write that what lacked was repaid in cash, or that what was too much was paid over in cash. The same
    ``request_key`` again returns the settlement that it made.

    :param reference: the receipt of the comptable, the order to repay…
    :raises NotSettled: if less than that is left, or if there is no reference.
    :raises NoOpenSession: if the régie has drawers, and who acts has none open.
    :raises NotEnoughCash: if what was too much is not in the caisse any more.
    """
    session, own = _lock(session_id, actor)
    require_mandate(regie_id=session.regie_id, actor=actor, at=at)
    twin = DifferenceSettlement.objects.filter(request_key=request_key, session=session).first()
    if twin is not None:
        return twin
    if own is None and queries.keeps_drawers(session.regie_id):
        raise NoOpenSession(session.regie_id)
    left = queries.left_to_settle(session)
    if not 0 < cents <= left or not reference.strip():
        raise NotSettled(left)
    settlement = _settled(session, cents=cents, reference=reference.strip()[:60], request_key=request_key)
    lacked = settlement.kind == DifferenceSettlement.Kind.REPAID
    debit, credit = (Account.CASH, Account.CASH_DIFFERENCES) if lacked else (Account.CASH_DIFFERENCES, Account.CASH)
    settlement.entry = ledger.post(
        regie_id=session.regie_id,
        cause=ledger.Cause(kind="cash_settlement", key=f"{session.pk}:{queries.settlements(session).count() + 1}"),
        postings=ledger.transfer_postings(debit=debit, credit=credit, cents=cents),
        label=f"{session.drawer.name} {settlement.reference}",
        at=at,
    )
    settlement.at, settlement.actor = at, actor
    settlement.save(force_insert=True)
    keep_movement(own, settlement, cents=cents if lacked else -cents, actor=actor, at=at)
    if not lacked:
        require_cash(own, session.regie, left=cents)
    audit_log.log_event(
        "cash_session.settle", subject=session, actor=actor, at=at, cents=cents, reference=settlement.reference
    )
    return settlement


def _lock(session_id: int, actor: Actor) -> tuple[CashSession, CashSession | None]:
    """Lock, by id, the session whose difference it is, and the one that who acts has open in its régie."""
    regie_id = CashSession.objects.values_list("regie", flat=True).get(pk=session_id)
    agent_id = actor.pk_of("agent")
    mine = Q(regie=regie_id, agent=agent_id, state="open") if agent_id else Q(pk=session_id)
    rows = CashSession.objects.locked().filter(Q(pk=session_id) | mine).select_related("drawer", "regie")
    found = {session.pk: session for session in rows.order_by("id")}
    own = next((item for item in found.values() if item.is_open and item.agent_id == agent_id), None)
    return found[session_id], own


def _settled(session: CashSession, *, cents: int, reference: str, request_key: str) -> DifferenceSettlement:
    kinds = DifferenceSettlement.Kind
    kind = kinds.REPAID if session.booked_cents < 0 else kinds.PAID_OVER
    return DifferenceSettlement(session=session, kind=kind, cents=cents, reference=reference, request_key=request_key)
