"""What is in a drawer, by coin and note; pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Count = dict[str, int]
"""How many of each coin and note, by its value in cents; as JSON keeps it, so the values are texts."""

COINS = (200, 100, 50, 20, 10, 5, 2, 1)
NOTES = (500_00, 200_00, 100_00, 50_00, 20_00, 10_00, 5_00)
VALUES = (*NOTES, *COINS)
"""In cents, from 500 € to 1 c, as a drawer is counted."""
MOST = 99_999
"""Of one coin: beyond that somebody typed an amount."""


class BadCount(ValueError):
    """There is no such coin or note, or no such number of them."""


@dataclass(frozen=True)
class CountedValue:
    """So many coins or notes of one value."""

    value: int
    number: int

    @property
    def cents(self) -> int:
        """What they come to."""
        return self.value * self.number


def as_count(counted: Mapping[int, int]) -> Count:
    """
    Return what was counted as it is kept: by value, the largest first, without what there is none of.

    :raises BadCount: if there is no such coin or note, or no such number of them.
    """
    for value, number in counted.items():
        if value not in VALUES or isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= MOST:
            raise BadCount(f"{number} × {value}")
    return {str(value): counted[value] for value in VALUES if counted.get(value)}


def total(count: Mapping[str, int]) -> int:
    """Return what a count comes to, in cents."""
    return sum(int(value) * number for value, number in count.items())


def counted_values(count: Mapping[str, int]) -> list[CountedValue]:
    """Return the coins and notes of a count, the largest first."""
    return [CountedValue(value, count[str(value)]) for value in VALUES if count.get(str(value))]


def is_count(count: object) -> bool:
    """Tell whether what was kept is a count."""
    try:
        known = isinstance(count, dict) and {int(value): number for value, number in count.items()}
        return known is not False and as_count(known) == count
    except (BadCount, TypeError, ValueError):
        return False


def booked_cents(*, difference: int, takings: int) -> int:
    """
    Return what of a difference the books bear: all that is too much; of what lacks, as much as the takings.

    What lacks beyond them is missing from the fonds de caisse, which the comptable advanced and no account holds: so
    *caisse* never falls below what is there.
    """
    return difference if difference > 0 else -min(-difference, max(0, takings))


def in_hand(*, balance: int, open_takings: Iterable[int], prepared: int) -> int:
    """
    Return what of the balance of *caisse* is in the safe: neither in a drawer that is open, nor set aside for the bank.
    """
    return balance - sum(open_takings) - prepared
