"""
Every write about payments, by moment.

Opening an attempt, asking the bank, hearing its answer; money at the counter; what waits in recettes à classer, what is
taken back, what is given back; what a person must look at.
"""

from obole.payments.operations.anomalies import MoneyWaits as MoneyWaits
from obole.payments.operations.anomalies import NoteMissing as NoteMissing
from obole.payments.operations.anomalies import close_anomaly as close_anomaly
from obole.payments.operations.asking import record_doorbell as record_doorbell
from obole.payments.operations.asking import resolve_attempt as resolve_attempt
from obole.payments.operations.asking import sweep as sweep
from obole.payments.operations.circuit import probe_bank as probe_bank
from obole.payments.operations.counter import Hindrance as Hindrance
from obole.payments.operations.counter import Money as Money
from obole.payments.operations.counter import NotTaken as NotTaken
from obole.payments.operations.counter import take_money as take_money
from obole.payments.operations.counter import take_unmatched as take_unmatched
from obole.payments.operations.hearing import hear_outcome as hear_outcome
from obole.payments.operations.opening import AlreadyInProgress as AlreadyInProgress
from obole.payments.operations.opening import NotPayableOnline as NotPayableOnline
from obole.payments.operations.opening import open_attempt as open_attempt
from obole.payments.operations.opening import start_payment as start_payment
from obole.payments.operations.refunding import MandateMissing as MandateMissing
from obole.payments.operations.refunding import SamePerson as SamePerson
from obole.payments.operations.refunding import TooMuch as TooMuch
from obole.payments.operations.refunding import approve_refund as approve_refund
from obole.payments.operations.refunding import complete_refund as complete_refund
from obole.payments.operations.refunding import give_up_refund as give_up_refund
from obole.payments.operations.refunding import request_refund as request_refund
from obole.payments.operations.reversing import NotReversible as NotReversible
from obole.payments.operations.reversing import ReasonMissing as ReasonMissing
from obole.payments.operations.reversing import cancel_invoice as cancel_invoice
from obole.payments.operations.reversing import reverse_receipt as reverse_receipt
from obole.payments.operations.reversing import ways_back as ways_back
from obole.payments.operations.suspense import NotApplicable as NotApplicable
from obole.payments.operations.suspense import Unlawful as Unlawful
from obole.payments.operations.suspense import apply_receipt as apply_receipt
from obole.payments.operations.suspense import rebill_receipt as rebill_receipt
from obole.payments.operations.verifying import verify_books as verify_books
from obole.payments.operations.watching import count_unknown_rings as count_unknown_rings
from obole.payments.operations.watching import look_around as look_around
