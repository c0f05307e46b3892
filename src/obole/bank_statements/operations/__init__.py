"""
Every write about the bank's statements, by moment.

Importing a file, looking for what its lines are, saying what they are one by one or many at once, undoing it.
"""

from obole.bank_statements.operations.deciding import (
    accept_line,
    choose_receipts,
    choose_slip,
    classify_line,
    ignore_line,
    mark_fees,
    reopen_line,
)
from obole.bank_statements.operations.following import follow_sides
from obole.bank_statements.operations.importing import (
    Planned,
    Source,
    StatementRefused,
    keep_statements,
    plan_import,
    remember_layout,
    withdraw_statement,
)
from obole.bank_statements.operations.proposing import propose_everywhere, propose_matches
from obole.bank_statements.operations.running import ProposalsMoved, accept_all, perform_acceptance
from obole.bank_statements.operations.settling import AccountTooLow, NotMatched
from obole.bank_statements.operations.undoing import NotUndone, undo_credit, undo_match, undo_transfer
