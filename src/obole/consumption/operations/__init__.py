"""
Every write of consumption: typed in a sheet, said by a file that is received, checked, confirmed, or by a call; and
what is planned beside.
"""

from obole.consumption.operations.calls import receive_call
from obole.consumption.operations.files import check, confirm, erase, receive, resume, stop
from obole.consumption.operations.planning import (
    AbsenceRequest,
    BookingRequest,
    CannotPlan,
    announce_absence,
    book,
    cancel_absence,
    enrol,
)
from obole.consumption.operations.recording import COUNTED_IN, CannotRecord, ChangedMeanwhile, DayCount, record
from obole.consumption.operations.running import run_shares
from obole.consumption.operations.sharing import CannotShare, SharingRequest, end_sharing, share

__all__ = [
    "COUNTED_IN",
    "AbsenceRequest",
    "BookingRequest",
    "CannotPlan",
    "CannotRecord",
    "CannotShare",
    "ChangedMeanwhile",
    "DayCount",
    "SharingRequest",
    "announce_absence",
    "book",
    "cancel_absence",
    "check",
    "confirm",
    "end_sharing",
    "enrol",
    "erase",
    "receive",
    "receive_call",
    "record",
    "resume",
    "run_shares",
    "share",
    "stop",
]
