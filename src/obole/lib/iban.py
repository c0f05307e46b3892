"""The number of a bank account: checked by python-stdnum, and shown without giving it away."""

import re

from stdnum import exceptions, iban

SHOWN = 4


def clean(text: str) -> str:
    """
    Return an IBAN without what separates its characters.

    :raises ValueError: if it is none, or has a slip of the pen.
    """
    bare = re.sub(r"[\s.\-]", "", text).upper()
    try:
        # The library takes digits of other scripts for ours.
        return str(iban.validate(bare)) if bare.isascii() else _refuse(text)
    except exceptions.ValidationError:
        return _refuse(text)


def masked(number: str) -> str:
    """Return an IBAN of which nobody can make use: its country, its key and its last four characters."""
    return f"{number[:4]} •••• {number[-SHOWN:]}" if number else ""


def grouped(number: str) -> str:
    """Return an IBAN by groups of four, as a RIB prints it."""
    return " ".join(number[n : n + 4] for n in range(0, len(number), 4))


def _refuse(text: str) -> str:
    raise ValueError(f"not an IBAN: {masked(text)}")
