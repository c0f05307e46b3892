"""Attempts at the bank, what was received and given back, every word exchanged, and what a person must look at."""

from obole.payments.models.anomalies import Anomaly as Anomaly
from obole.payments.models.attempts import OPEN as OPEN
from obole.payments.models.attempts import Attempt as Attempt
from obole.payments.models.attempts import AttemptQuerySet as AttemptQuerySet
from obole.payments.models.attempts import BankExchange as BankExchange
from obole.payments.models.attempts import Share as Share
from obole.payments.models.receipts import ACCOUNT_OF as ACCOUNT_OF
from obole.payments.models.receipts import Allocation as Allocation
from obole.payments.models.receipts import Receipt as Receipt
from obole.payments.models.receipts import ReceiptPaper as ReceiptPaper
from obole.payments.models.receipts import Reversal as Reversal
from obole.payments.models.refunds import Refund as Refund
from obole.payments.models.watching import Circuit as Circuit
from obole.payments.models.watching import Sweep as Sweep
from obole.payments.models.watching import UnknownRings as UnknownRings
from obole.payments.models.watching import Verification as Verification
