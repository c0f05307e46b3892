"""Amounts and days as banks write them in a cell."""

import re
from datetime import date

from obole.bank_statements.rules.readings import LARGEST_CENTS
from obole.lib import dates

_AMOUNT = re.compile(r"(?P<whole>\d{1,3}(?:[ .,]\d{3})+|\d+)(?:(?P<mark>[.,])(?P<rest>\d{1,2}))?")


class NotThis(ValueError):
    """The cell says no amount, or no day."""


def cents_of(text: str) -> int:
    """
    Read « 1 234,56 », « -12.5 », « 1.234,56 EUR », « 12,00- », « +5 » and return cents; « -0,00 » is nothing.

    :raises NotThis: if it is anything else: a formula, three decimals, an amount that nobody has.
    """
    cleaned = re.sub(r"\s", " ", text.replace("\N{MINUS SIGN}", "-").replace("\N{NARROW NO-BREAK SPACE}", " ")).strip()
    cleaned = re.sub(r"\s*(?:€|EUR)$", "", cleaned, flags=re.IGNORECASE)
    sign = -1 if cleaned.startswith("-") or cleaned.endswith("-") else 1
    bare = cleaned.removeprefix("+").removeprefix("-").removesuffix("-").strip()
    match = _AMOUNT.fullmatch(bare)
    if not match or not bare.isascii() or cleaned.count("-") > 1:
        raise NotThis(text)
    whole = match["whole"]
    marks = {mark for mark in whole if not mark.isdigit()}
    if len(marks) > 1 or (marks and match["mark"] in marks) or (marks & {",", "."} and match["mark"] is None):
        # « 1,234 » is one euro and some to one bank, and more than a thousand to another.
        raise NotThis(text)
    cents = int(re.sub(r"\D", "", whole)) * 100 + int((match["rest"] or "0").ljust(2, "0"))
    if cents > LARGEST_CENTS:
        raise NotThis(text)
    return sign * cents


def day_of(text: str) -> date:
    """
    Read « 25/11/2026 », « 25.11.26 », « 2026-11-25 », « 20261125 », with a time after it or not.

    :raises NotThis: if it is anything else, or no day of the calendar.
    """
    day = dates.read_day(text)
    if day is None:
        raise NotThis(text)
    return day
