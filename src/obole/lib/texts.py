"""Texts: folding for sorting and search, safe single lines, tokens that cannot be guessed."""

import secrets
import unicodedata
from collections.abc import Iterable

from django.utils import translation
from django.utils.functional import Promise

from obole.lib.languages import Language


def fold(text: str) -> str:
    """
    Return lower-case ASCII for sorting and searching: « Œuvrard Éloïse » → ``oeuvrard eloise``.

    The embedded server has no French collation, so names are sorted by a column that holds this.
    """
    expanded = text.replace("œ", "oe").replace("Œ", "OE").replace("æ", "ae").replace("Æ", "AE").replace("ß", "ss")
    decomposed = unicodedata.normalize("NFKD", expanded)
    plain = "".join(
        letter if letter.isalnum() and letter.isascii() else " "
        for letter in decomposed
        if not unicodedata.combining(letter)
    )
    return " ".join(plain.lower().split())


def clean_line(text: str) -> str:
    """Return one NFC line without control or direction-changing characters."""
    if text.isprintable() and unicodedata.is_normalized("NFC", text):
        # Most texts are: a long file is read several times as fast.
        return " ".join(text.split())
    kept = "".join(
        " " if unicodedata.category(letter) == "Cc" else letter
        for letter in unicodedata.normalize("NFC", text)
        if unicodedata.category(letter) not in {"Cf", "Cs", "Co", "Cn"}
    )
    return " ".join(kept.split())


def new_key(label: str, taken: Iterable[str], *, longest: int, without: str) -> str:
    """
    Return a key for a new thing, made of its label and unlike the others: a letter first, then letters, digits and « _
    ».

    :param without: the key of a label that has no letter to make one of.
    """
    known = set(taken)
    base = fold(label).replace(" ", "_")[:longest].strip("_") or without
    # Prices and conditions know an answer by its key, and want a letter first.
    base = f"q_{base}" if base[0].isdigit() else base
    return next(key for key in (base, *(f"{base}_{n}" for n in range(2, len(known) + 3))) if key not in known)


def in_french(text: Promise | str) -> str:
    """Return a label in French whatever the language of the screen: for what is kept, mailed or printed."""
    return in_language(text, Language.FRENCH)


def in_language(text: Promise | str, language: str) -> str:
    """Return a label in the language of who reads it, whatever that of the screen."""
    with translation.override(language):
        return str(text)


def token() -> str:
    """Return an opaque identifier of 128 random bits for addresses."""
    return secrets.token_urlsafe(16)
