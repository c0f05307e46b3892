"""Every write of consumption: typed in a sheet, said by a file that is received, checked, confirmed, or by a call."""

from obole.consumption.operations.calls import receive_call
from obole.consumption.operations.files import check, confirm, erase, receive, resume, stop
from obole.consumption.operations.recording import COUNTED_IN, CannotRecord, ChangedMeanwhile, DayCount, record
from obole.consumption.operations.running import run_shares

__all__ = [
    "COUNTED_IN",
    "CannotRecord",
    "ChangedMeanwhile",
    "DayCount",
    "check",
    "confirm",
    "erase",
    "receive",
    "receive_call",
    "record",
    "resume",
    "run_shares",
    "stop",
]
