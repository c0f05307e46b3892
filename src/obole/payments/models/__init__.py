"""Attempts at the bank, what was received and given back, every word exchanged, and what a person must look at."""

from obole.payments.models.anomalies import Anomaly
from obole.payments.models.attempts import OPEN, Attempt, AttemptLine, AttemptQuerySet, BankExchange
from obole.payments.models.clearings import Clearing
from obole.payments.models.monitoring import Circuit, Sweep, Verification
from obole.payments.models.receipts import ACCOUNT_OF, Allocation, Receipt, ReceiptPdf, Reversal
from obole.payments.models.refunds import Refund
from obole.payments.models.regularisations import Regularisation
