"""Drawers, sessions at them, every movement of their cash, differences, and what is handed in to the bank."""

from obole.cash_desk.models.deposits import Deposit, DepositLine, DepositPdf, UndoneCredit
from obole.cash_desk.models.differences import DifferenceSettlement
from obole.cash_desk.models.movements import CashMovement
from obole.cash_desk.models.sessions import CashSession, CashSessionQuerySet, Drawer
