"""
Every write about what is not paid, by moment.

What payers contest, what is left in peace until a day, and what is agreed to be paid in several times; a transmission
asked for, sent row by row, given up; its file in PES V2; the comptable's titres; an invoice that comes back.
"""

from obole.recovery.operations.agreements import (
    AgreementRequest,
    CannotAgree,
    deliver_notice,
    end_agreement,
    follow_agreement,
    leave_letters,
    letters_still_asked,
    make_agreement,
)
from obole.recovery.operations.disputes import (
    AlreadyDisputed,
    AnswerMissing,
    TooManyReports,
    close_dispute,
    open_dispute,
    report_error,
)
from obole.recovery.operations.holds import (
    CannotHold,
    HoldRequest,
    check_hold,
    end_hold,
    end_shorter_hold,
    lift_hold,
    place_hold,
)
from obole.recovery.operations.lines import send_line
from obole.recovery.operations.pes import (
    NotHandedOver,
    NotWritable,
    WithdrawalUnexplained,
    configure_pes,
    make_pes_file,
    withdraw_pes_file,
)
from obole.recovery.operations.requesting import NothingToHandOver, give_up_transmission, request_transmission
from obole.recovery.operations.returns import ReasonMissing, return_line
from obole.recovery.operations.sending import SamePerson, finish_transmission, send_transmission
from obole.recovery.operations.titres import NotWithTheComptable, record_titres
