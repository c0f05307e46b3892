"""The régie, who answers for it, and its ledger."""

from obole.regies.models.acts import FoundingAct, Means
from obole.regies.models.ledger import Balance, Closing, DailyTotal, Entry, Line
from obole.regies.models.regies import SMALLEST_RELEASE_DELAY, BankChange, Mandate, Regie, RegieQuerySet, Series
from obole.regies.models.remitted import RemittedEntry
