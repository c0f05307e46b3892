"""
What a row is found by: words and their beginnings, words less one letter, addresses, telephones.

Rows keep their keys in a ``text[]`` with a GIN index, which every PostgreSQL has; a search is « holds all of these ».
Letters are folded (``texts.fold``). A word less one letter (``~mreau``) is what two spellings of it have in common when
one letter was added, forgotten, changed or exchanged with its neighbour
(docs/decisions/0035-search-by-keys.md).
"""

import re
from collections.abc import Iterable, Sequence

from obole.lib import phones, texts

SHORTEST_TYPO, LONGEST = 4, 16
FEWEST_DIGITS, MOST_DIGITS = 6, 15
MOST_KEYS = 400
_NOT_A_NAME = re.compile(r"@.*|t\d+")
CIVILITIES = frozenset({"m", "mr", "mme", "mlle", "monsieur", "madame", "mademoiselle"})
STREETS = frozenset({"rue", "avenue", "place", "boulevard", "chemin", "impasse", "allee", "route", "quai", "square"})


def identity(names: Sequence[str], *, email: str, phone: str, address: str) -> dict[str, str]:
    """
    Return what two files of one person share whatever the writing, each by its kind: the same names in any order, mail,
    telephone, address. What is not written is left out.
    """
    words, digits = sorted(texts.fold(" ".join(names)).split()), phones.digits(phone)
    known = {
        "names": f"=n {' '.join(words)}" if words else "",
        "email": f"@{email.casefold()}" if email else "",
        "phone": f"t{digits[:MOST_DIGITS]}" if len(digits) > phones.SIGNIFICANT else "",
        "address": f"=a {texts.fold(address).replace(' ', '')}" if address.strip() else "",
    }
    return {kind: key for kind, key in known.items() if key}


def of_person(names: Sequence[str], *, email: str, phone: str, address: str) -> list[str]:
    """Return the keys of somebody's file."""
    whole = identity(names, email=email, phone=phone, address=address).values()
    return in_order({*whole, *of_names(*names), *of_email(email), *of_phone(phone), *of_address(address)})


def of_names(*names: str) -> set[str]:
    """Return the keys of names: of each word, and of neighbours written together (« Ben Haddou », « N’Guyen »)."""
    keys: set[str] = set()
    for name in names:
        words = texts.fold(name).split()
        together = ["".join(pair) for pair in zip(words, words[1:], strict=False)]
        for word in (*words, *together, "".join(words)):
            keys |= _beginnings(word, shortest=1) | _less_one(word)
    return keys


def of_email(address: str) -> set[str]:
    """Return the keys of an address: itself, and the words of what stands before the @."""
    if not address:
        return set()
    keys = {f"@{address.casefold()}"}
    for word in texts.fold(address.partition("@")[0]).split():
        keys |= _beginnings(word, shortest=2)
    return keys


def of_phone(number: str) -> set[str]:
    """Return the keys of a telephone number, whatever its writing, from its first six digits on."""
    digits = phones.digits(number)
    return {f"t{digits[:length]}" for length in range(FEWEST_DIGITS, min(len(digits), MOST_DIGITS) + 1)}


def of_address(address: str) -> set[str]:
    """Return the keys of a postal address: its words that are no number."""
    words = {word for word in texts.fold(address).split() if not word.isdigit()} - STREETS
    return set().union(*(_beginnings(word, shortest=SHORTEST_TYPO) for word in words))


def in_order(keys: Iterable[str]) -> list[str]:
    """Return keys as rows keep them; no more than are worth keeping."""
    return sorted(keys)[:MOST_KEYS]


def asked(text: str) -> list[str]:
    """Return the keys that a row must all hold to answer to a text as it is written; none if it says nothing."""
    line = texts.clean_line(text)
    if "@" in line:
        return [f"@{line.casefold()}"]
    digits = phones.digits(line)
    if re.fullmatch(r"[+()\d\s./-]+", line) and len(digits) >= FEWEST_DIGITS:
        return [f"t{digits[:MOST_DIGITS]}"]
    words = [word for word in texts.fold(line).split() if word not in CIVILITIES]
    return [word[:LONGEST] for word in words]


def misspelt(text: str) -> list[list[str]]:
    """
    Return, for each word of a text, the keys of which a row must hold one, to answer though a letter is wrong; words
    may have been written apart or together. None if the text is too short for that, or is no name.
    """
    keys = asked(text)
    if any(_NOT_A_NAME.fullmatch(key) for key in keys) or not any(len(key) >= SHORTEST_TYPO for key in keys):
        return []
    return [sorted(_less_one(key)) if len(key) >= SHORTEST_TYPO else [key] for key in keys]


def run_together(text: str) -> list[str]:
    """Return the keys of which a row must hold one, to answer to the words of a text written as one."""
    whole = "".join(asked(text))
    return sorted(_less_one(whole)) if len(whole) >= SHORTEST_TYPO and whole.isalnum() else []


def _beginnings(word: str, *, shortest: int) -> set[str]:
    word = word[:LONGEST]
    return {word[:length] for length in range(min(shortest, len(word)), len(word) + 1)} - {""}


def _less_one(word: str) -> set[str]:
    word = word[:LONGEST]
    if len(word) < SHORTEST_TYPO:
        return set()
    return {f"~{word}", *(f"~{word[:at]}{word[at + 1 :]}" for at in range(len(word)))}
