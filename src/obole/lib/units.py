"""
A quantity and what it counts, as French writes them together: ``40 couverts``, ``1 couvert``, ``24 × ½ h``.

A town types the unit of a price once, in the singular, and it is kept so: it agrees where it is read.
"""

import re
from decimal import Decimal
from fractions import Fraction

from obole.lib import money

_SYMBOL = re.compile("[aAghjlLmstVW]|[ckm]?m|[cdhm]l|dm|ha|kg|kVA|[kM]?Wh?|min|mn|[kMG]o")
"""What stands for a word and never takes an s."""
_LINKS = frozenset(
    {
        "à",
        "au",
        "aux",
        "avec",
        "chez",
        "dans",
        "de",
        "des",
        "du",
        "en",
        "et",
        "la",
        "le",
        "les",
        "ou",
        "par",
        "pour",
        "sans",
        "sous",
        "sur",
    }
)
"""From these on, what is said of the thing counted: « places de stationnement », « nuits par personne »."""
_ELIDED = re.compile(r"[dlDL][’']")
_OWN_PLURALS = {
    "aller-retour": "allers-retours",
    "bail": "baux",
    "bal": "bals",
    "bijou": "bijoux",
    "carnaval": "carnavals",
    "festival": "festivals",
    "genou": "genoux",
    "landau": "landaus",
    "pneu": "pneus",
    "récital": "récitals",
    "travail": "travaux",
    "vitrail": "vitraux",
}
_ENDINGS = (("s", "s"), ("x", "x"), ("z", "z"), ("al", "aux"), ("au", "aux"), ("eu", "eux"))


def count(quantity: Decimal, unit: str) -> str:
    """Write how many of what, for a table or a sentence; the number alone where nothing is counted."""
    number, counted = money.quantity(quantity), agree(quantity, unit)
    return f"{number}{money.NO_BREAK_SPACE}{counted}" if counted else number


def agree(quantity: Decimal | Fraction, unit: str) -> str:
    """
    Return the unit as it stands after this quantity.

    ``× ½ h`` where it does not begin with a letter: ``24 ½ h`` would be read as half an hour more than a day.
    """
    if unit and not unit[0].isalpha():
        return f"×{money.NO_BREAK_SPACE}{unit}"
    # French counts from two: 1,5 couvert, 0 couvert.
    return _plural(unit) if abs(Fraction(quantity)) >= 2 else unit


def _plural(unit: str) -> str:
    words = unit.split(" ")
    said_of_it = next((n for n, word in enumerate(words) if word in _LINKS or _ELIDED.match(word)), len(words))
    return " ".join([*map(_plural_word, words[:said_of_it]), *words[said_of_it:]])


def _plural_word(word: str) -> str:
    if _SYMBOL.fullmatch(word) or word.isupper() or not word.replace("-", "").isalpha():
        return word
    if own := _OWN_PLURALS.get(word):
        return own
    for end, plural in _ENDINGS:
        if word.endswith(end):
            return word.removesuffix(end) + plural
    return f"{word}s"
