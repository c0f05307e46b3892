"""What can be counted, for whom, how much; and what a file of attendance says of it."""

from obole.consumption.rules.counting import (
    BadQuantity,
    Beneficiary,
    Cell,
    beneficiaries,
    by_question,
    countable,
    most_in_a_day,
    read_quantity,
    with_consumption,
    written,
)

__all__ = [
    "BadQuantity",
    "Beneficiary",
    "Cell",
    "beneficiaries",
    "by_question",
    "countable",
    "most_in_a_day",
    "read_quantity",
    "with_consumption",
    "written",
]
