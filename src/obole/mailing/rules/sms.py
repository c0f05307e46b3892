"""
What an SMS may hold and how long it is (3GPP TS 23.038): 160 signs of the GSM alphabet, or 70 as soon as one is not.
"""

import re
import unicodedata

from obole.lib import phones

ALPHABET = frozenset(
    "@£$¥èéùìòÇ\nØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
TWICE = frozenset("^{}\\[~]|€")
"""They are in the alphabet too, and count for two."""
ALONE, JOINED = 160, 153
"""Signs of an SMS alone, and of each one where a text needs several."""
MOST = 3
_QUOTES = re.compile(r"«\s*|\s*»")
_PLAIN = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "…": "...", "–": "-", "—": "-"})
_PLAIN |= str.maketrans({"\u00a0": " ", "\u202f": " ", "\t": " ", "ç": "c", "œ": "oe", "Œ": "OE"})


def plain(text: str) -> str:
    """Write a text with the GSM alphabet: typography and what accents it lacks become the nearest signs."""
    said = " ".join(_QUOTES.sub('"', text).translate(_PLAIN).split())
    return "".join(sign if sign in ALPHABET or sign in TWICE else _nearest(sign) for sign in said)


def _nearest(sign: str) -> str:
    bare = unicodedata.normalize("NFKD", sign)[0]
    return bare if bare in ALPHABET else "?"


def count(text: str) -> int:
    """Return how many SMS a plain text needs."""
    signs = sum(2 if sign in TWICE else 1 for sign in text)
    return 1 if signs <= ALONE else -(-signs // JOINED)


def mobile(number: str) -> str:
    """Return a French mobile number as it is dialled from anywhere, ``+33612345678``; nothing for any other number."""
    dialled = phones.digits(number)
    is_one = len(dialled) == 10 and dialled.startswith(("06", "07"))
    return f"+33{dialled[1:]}" if is_one else ""
