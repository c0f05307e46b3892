"""
Every write about cash at the counter: drawers, sessions, money taken and given back, differences, remises to the bank.

The lock order of everything here is drawer, sessions by id, remise, then what ``payments`` takes.
"""

from obole.cash_desk.operations.counter import reverse_receipt, take_for_invoices, take_money, take_unmatched
from obole.cash_desk.operations.deposits import (
    NothingToDeposit,
    ReasonMissing,
    ReceiptsChanged,
    ReferenceMissing,
    cancel_deposit,
    credit_deposit,
    prepare_cash_deposit,
    prepare_deposit,
    undo_credit,
)
from obole.cash_desk.operations.differences import NotSettled, settle_difference
from obole.cash_desk.operations.drawers import configure_drawer
from obole.cash_desk.operations.movements import NoOpenSession, NotEnoughCash
from obole.cash_desk.operations.sessions import (
    CannotOpen,
    CountUnexplained,
    ExpectedChanged,
    OpeningObstacle,
    close_session,
    open_session,
)
