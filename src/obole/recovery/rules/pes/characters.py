"""ISO-8859-1, the only characters of the protocol: what can be said with them is, and the rest stays to be refused."""

import unicodedata

from obole.lib import texts

_SAID_AS = str.maketrans(
    {
        "œ": "oe",
        "Œ": "OE",
        "’": "'",
        "‘": "'",
        "ʼ": "'",
        "“": '"',
        "”": '"',
        "„": '"',
        "‐": "-",
        "‑": "-",
        "‒": "-",
        "–": "-",
        "—": "-",
        "−": "-",
        "…": "...",
        "€": "EUR",
        "ł": "l",
        "Ł": "L",
        "đ": "d",
        "Đ": "D",
        "ı": "i",
        "\u00ad": "",
    }
)


def latin(text: str) -> str:
    """Return one line in ISO-8859-1, « Œuvré » → « OEuvré »; what has no such letters is left as it is."""
    said = "".join(_nearest(letter) for letter in texts.clean_line(text).translate(_SAID_AS))
    return " ".join(said.split())


def unwritable(text: str) -> str:
    """Return the first character that cannot be in a file, or nothing."""
    return next((letter for letter in text if not _is_written(letter)), "")


def _is_written(letter: str) -> bool:
    return " " <= letter <= "~" or "\u00a0" <= letter <= "\u00ff"


def _nearest(letter: str) -> str:
    if _is_written(letter):
        return " " if letter == "\u00a0" else letter
    bare = "".join(part for part in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(part))
    return bare if bare and all(_is_written(part) for part in bare) else letter
