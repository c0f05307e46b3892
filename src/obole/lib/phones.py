"""Telephone numbers as people write them: told the same whatever the writing, shown by twos."""

import re

SIGNIFICANT = 9
"""Digits that tell a French number: those after the 0, or after +33."""
_FRENCH = re.compile(r"(?:(?:00)?33(?:0)?|0)([1-9]\d{8})")


def digits(text: str) -> str:
    """Return the digits of a number, as they are dialled in France where it is French."""
    found = re.sub(r"\D", "", text)
    french = _FRENCH.fullmatch(found)
    return f"0{french[1]}" if french else found


def grouped(text: str) -> str:
    """Write a French number by twos, ``06 12 34 56 78``; leave any other as it is."""
    bare = re.sub(r"[\s.()/\u2010-\u2013+-]", "", text)
    if not _FRENCH.fullmatch(bare):
        return text
    dialled = digits(bare)
    return "\u00a0".join(dialled[start : start + 2] for start in range(0, 10, 2))
