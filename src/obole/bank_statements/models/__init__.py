"""Statements and their lines; what each line is matched with; how the columns of a régie's files are read."""

from obole.bank_statements.models.lines import BankLine
from obole.bank_statements.models.matches import SUBJECTS, AcceptanceRun, Match, MatchedReceipt
from obole.bank_statements.models.statements import FileLayout, ListedPayment, Statement
