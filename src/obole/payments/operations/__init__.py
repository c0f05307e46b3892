"""
Every write about payments, by moment.

Opening an attempt, polling the bank, applying its answer; money at the counter; what waits in recettes à classer, what
is taken back, what is given back; what the bank has credited; what a person must look at.
"""

from obole.payments.operations.anomalies import MoneyWaits, NoteMissing, SamePerson, close_anomaly, follow
from obole.payments.operations.booking import AccountTooLow, require_funds
from obole.payments.operations.circuit_breaker import probe_bank
from obole.payments.operations.clearing import (
    ClearingStands,
    Credit,
    NotClearable,
    PaidOver,
    clear_many,
    clear_receipts,
    lock_in_instance,
    undo_clearing,
)
from obole.payments.operations.counter import (
    CounterObstacle,
    Money,
    MoneyNotTaken,
    take_for_invoices,
    take_money,
    take_unmatched,
)
from obole.payments.operations.gateway_status import apply_gateway_status
from obole.payments.operations.hands import CannotAct, TaskEnded, assign_anomaly
from obole.payments.operations.mails import NotResendable, address_to_resend, reader_of, resend_message
from obole.payments.operations.monitoring import open_overdue_tasks
from obole.payments.operations.polling import record_notification, resolve_attempt, sweep
from obole.payments.operations.refunds import (
    AccountUnusable,
    MandateMissing,
    NotTheComptables,
    PayeeAccount,
    TooMuch,
    approve_refund,
    complete_refund,
    give_up_refund,
    request_refund,
)
from obole.payments.operations.regularising import NothingOwed, ReferenceMissing, regularise_receipts
from obole.payments.operations.reversals import (
    NotReversible,
    ReasonMissing,
    cancel_invoice,
    reversal_reasons,
    reverse_receipt,
)
from obole.payments.operations.starting import AlreadyInProgress, NotPayableOnline, open_attempt, start_payment
from obole.payments.operations.suspense import NotApplicable, SuspenseObstacle, apply_receipt, rebill_receipt
