"""What the operations share: the drawer of who acts, and each movement of its cash."""

from datetime import datetime

from obole.cash_desk import queries
from obole.cash_desk.models import CashMovement, CashSession, Deposit, DifferenceSettlement
from obole.lib.actors import Actor
from obole.payments.models import Receipt, Reversal
from obole.regies.models import Regie


class NoOpenSession(Exception):
    """Cash of this régie goes through a drawer, and who acts has none open; ``regie_id`` says where."""

    def __init__(self, regie_id: int) -> None:
        super().__init__(f"no open session in régie {regie_id}")
        self.regie_id = regie_id


class NotEnoughCash(Exception):
    """There is not so much cash there; ``cents`` could leave."""

    def __init__(self, cents: int) -> None:
        super().__init__(cents)
        self.cents = cents


def lock_session_of(actor: Actor, regie_id: int) -> CashSession | None:
    """
    Lock the session that who acts has open; None where the régie has no drawer.

    :raises NoOpenSession: if it has one, and they have none open. A machine has no hands.
    """
    if not queries.keeps_drawers(regie_id):
        return None
    own = CashSession.objects.locked().open().filter(regie=regie_id, agent=actor.pk_of("agent"))
    session = own.first()
    if session is None:
        raise NoOpenSession(regie_id)
    return session


def keep_movement(
    session: CashSession | None,
    cause: Receipt | Reversal | Deposit | DifferenceSettlement,
    *,
    cents: int,
    actor: Actor,
    at: datetime,
    handed_cents: int | None = None,
) -> None:
    """Write a movement of a drawer, once for its cause; nothing where the régie has no drawer."""
    if session is None:
        return
    names: dict[type, str] = {
        Receipt: "receipt",
        Reversal: "reversal",
        Deposit: "deposit",
        DifferenceSettlement: "settlement",
    }
    CashMovement.objects.get_or_create(
        **{names[type(cause)]: cause},
        defaults={"session": session, "cents": cents, "handed_cents": handed_cents, "actor": actor, "at": at},
    )


def require_cash(session: CashSession | None, regie: Regie, *, left: int) -> None:
    """
    Refuse what has just left when it was not there: in the drawer, or among the takings of the régie.

    Look once the régie is held: its entries and remises wait until the transaction ends.

    :param left: what has just left, in cents.
    :raises NotEnoughCash: and how much could have left.
    """
    position = queries.cash_position(regie)
    missing = [position.available(session)]
    if session is not None:
        missing.append(position.at(session).cents)
    if min(missing) < 0:
        raise NotEnoughCash(max(0, left + min(missing)))
