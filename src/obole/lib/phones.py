"""Telephone numbers as people write them: told the same whatever the writing, shown by twos."""

import re

SIGNIFICANT = 9
"""Digits that tell a French number: those after the 0, or after +33."""
_FRENCH = re.compile(r"(?:(?:\+|00)33(?:0)?|0)([1-9]\d{8})")


def key(text: str) -> str:
    """Return what two writings of one number have in common; nothing of what is too short to be one."""
    digits = re.sub(r"\D", "", text)
    return digits[-SIGNIFICANT:] if len(digits) >= SIGNIFICANT else ""


def grouped(text: str) -> str:
    """Write a French number by twos, ``06 12 34 56 78``; leave any other as it is."""
    found = _FRENCH.fullmatch(re.sub(r"[\s.()/\u2010-\u2013-]", "", text))
    if found is None:
        return text
    digits = f"0{found[1]}"
    return "\u00a0".join(digits[start : start + 2] for start in range(0, 10, 2))
