"""Every write of the books: closings, remises de service, and what each recomputation found."""

from obole.books.operations.closings import close_period, verify_books
from obole.books.operations.handovers import (
    CannotHandOver,
    DifferenceUnexplained,
    Handing,
    SituationChanged,
    cancel_handover,
    countersign_handover,
    sign_handover,
)
