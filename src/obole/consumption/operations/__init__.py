"""Every write of consumption: typed in a sheet, or said by a file that is received, checked, confirmed, written."""

from obole.consumption.operations.files import check, confirm, erase, receive, resume, stop
from obole.consumption.operations.recording import COUNTED_IN, CannotRecord, ChangedMeanwhile, DayCount, record
from obole.consumption.operations.running import run_shares
from obole.consumption.operations.sharing import CannotShare, SharingRequest, end_sharing, share

__all__ = [
    "COUNTED_IN",
    "CannotRecord",
    "CannotShare",
    "ChangedMeanwhile",
    "DayCount",
    "SharingRequest",
    "check",
    "confirm",
    "end_sharing",
    "erase",
    "receive",
    "record",
    "resume",
    "run_shares",
    "share",
    "stop",
]
