"""Every write about actions on a selection: asked for, done row after row, stopped, forgotten."""

from obole.bulk_actions.operations.asking import (
    BulkRequest,
    EmptySelection,
    TooManyRows,
    cancel,
    forget_old,
    resume,
    start,
)
from obole.bulk_actions.operations.running import run_next
from obole.bulk_actions.operations.verbs import MOST, VERBS, Verb

__all__ = [
    "MOST",
    "VERBS",
    "BulkRequest",
    "EmptySelection",
    "TooManyRows",
    "Verb",
    "cancel",
    "forget_old",
    "resume",
    "run_next",
    "start",
]
