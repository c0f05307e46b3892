"""Every write about payments, by moment: opening an attempt, asking the bank, hearing its answer, closing an anomaly."""

from obole.payments.operations.anomalies import close_anomaly as close_anomaly
from obole.payments.operations.asking import record_doorbell as record_doorbell
from obole.payments.operations.asking import resolve_attempt as resolve_attempt
from obole.payments.operations.asking import sweep as sweep
from obole.payments.operations.circuit import probe_bank as probe_bank
from obole.payments.operations.hearing import hear_outcome as hear_outcome
from obole.payments.operations.opening import AlreadyInProgress as AlreadyInProgress
from obole.payments.operations.opening import NotPayableOnline as NotPayableOnline
from obole.payments.operations.opening import open_attempt as open_attempt
from obole.payments.operations.opening import start_payment as start_payment
from obole.payments.operations.verifying import verify_books as verify_books
