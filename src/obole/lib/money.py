"""
Amounts are integers of cents; this file holds the one rounding rule and the one way to write and to read an amount.
"""

import re
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation

NARROW_SPACE = "\u202f"
NO_BREAK_SPACE = "\u00a0"
MINUS = "\u2212"

_AMOUNT = re.compile(r"(?P<euros>\d{1,9})(?:[.,](?P<cents>\d{1,2}))?")


class NotAnAmount(ValueError):
    """The text is not an amount in euros with at most two decimals."""


def times(quantity: Decimal, unit_cents: int) -> int:
    """
    Return quantity × unit price in cents, rounded half up.

    The unit price is already in whole cents (a vote gives a price in cents): a line is rounded once, a total never.
    """
    return int((quantity * unit_cents).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def euros(cents: int) -> str:
    """Write an amount as French readers expect: ``1 234,56 €``."""
    return f"{plain(cents)}{NO_BREAK_SPACE}€"


def plain(cents: int) -> str:
    """Write an amount without its currency: ``1 234,56``."""
    whole, rest = divmod(abs(cents), 100)
    grouped = f"{whole:,}".replace(",", NARROW_SPACE)
    return f"{MINUS if cents < 0 else ''}{grouped},{rest:02d}"


def parse(text: str) -> int:
    """
    Read an amount that a person typed (``12``, ``12,5``, ``1 234,56 €``) and return cents.

    :raises NotAnAmount: if it is negative, has more than two decimals, or is anything else.
    """
    # « 12€50 » is refused: whoever types it does not mean 1 250 €.
    cleaned = re.sub(r"\s", "", text).removesuffix("€")
    match = _AMOUNT.fullmatch(cleaned)
    if not match or not cleaned.isascii():
        raise NotAnAmount(text)
    return int(match["euros"]) * 100 + int((match["cents"] or "0").ljust(2, "0"))


def parse_quantity(text: str, *, decimals: int) -> Decimal:
    """
    Read a quantity that a person typed (``3``, ``18,5``).

    :raises NotAnAmount: if it is negative, not a number, or has more decimals than allowed.
    """
    cleaned = re.sub(r"\s", "", text).replace(",", ".")
    try:
        value = Decimal(cleaned) if cleaned.isascii() and re.fullmatch(r"\d{1,7}(\.\d+)?", cleaned) else None
    except InvalidOperation:
        value = None
    if value is None or -int(_bare(value).as_tuple().exponent) > decimals:
        raise NotAnAmount(text)
    return value


def _bare(value: Decimal) -> Decimal:
    """Drop final zeros without rounding: ``normalize`` alone would round at 28 digits."""
    digits = value.as_tuple().digits
    return value.normalize(Context(prec=max(1, len(digits))))


def quantity(value: Decimal) -> str:
    """Write a quantity without needless decimals: ``16``, ``18,5``."""
    return f"{value.normalize():f}".replace(".", ",")
