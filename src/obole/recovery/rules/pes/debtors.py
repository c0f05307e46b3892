"""A payer as the protocol wants them: name and address in parts. What cannot be read is left empty, and refused."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from obole.recovery.rules.pes.flow import Address, Debtor

LONGEST = 38
"""Of a name, a street, a town: the postal norm's."""
CIVILITIES = {"m.": "M", "m": "M", "mr": "M", "monsieur": "M", "mme": "MME", "madame": "MME"}
PERSON = ("01", "01")
"""Category and legal nature of a person."""
LEGAL_NATURES = {"association": "06", "company": "03"}
_TOWN = re.compile(r"(?P<before>.*?)(?:^|[\s,;-])(?:F-)?(?P<postcode>\d{5})[\s,-]+(?P<town>\D[^,;]*)", re.ASCII)
_NUMBERED = re.compile(r"\d+", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Payer:
    """What is known of who owes."""

    pk: int
    kind: str
    civility: str
    first_name: str
    last_name: str
    organisation: str
    address: str


def debtor_of(payer: Payer, *, organisations: str) -> Debtor:
    """
    Return a payer in the protocol's parts.

    :param organisations: the category of associations and companies.
    """
    if payer.kind in LEGAL_NATURES:
        name, more = split_words(payer.organisation, parts=2)
        category, nature = organisations, LEGAL_NATURES[payer.kind]
        return Debtor(
            pk=payer.pk,
            category=category,
            legal_nature=nature,
            name=name,
            name_more=more,
            address=read_address(payer.address),
        )
    name, more = split_words(payer.last_name, parts=2)
    category, nature = PERSON
    return Debtor(
        pk=payer.pk,
        category=category,
        legal_nature=nature,
        civility=CIVILITIES.get(payer.civility.strip().lower(), ""),
        name=name,
        name_more=more,
        first_name=payer.first_name,
        address=read_address(payer.address),
    )


def split_words(text: str, *, parts: int) -> list[str]:
    """Cut a text between its words into parts of 38 characters; the last holds what is left, however long."""
    words, cut = text.split(), list[str]()
    while words and len(cut) < parts - 1:
        kept = words[:1]
        while len(kept) < len(words) and len(" ".join(words[: len(kept) + 1])) <= LONGEST:
            kept = words[: len(kept) + 1]
        cut.append(" ".join(kept))
        words = words[len(kept) :]
    return [*cut, " ".join(words), *[""] * (parts - len(cut) - 1)]


def read_address(text: str) -> Address:
    """
    Read an address of France typed in lines, or with commas: the last one holds the postcode and the town.

    Of what comes before, the street is what begins with a number, else the last of it.
    """
    lines = [part.strip() for line in text.splitlines() for part in line.split(",") if part.strip()]
    if lines and lines[-1].casefold() == "france":
        lines.pop()
    match = _TOWN.fullmatch(lines[-1]) if lines else None
    if match is None:
        return Address()
    before = [*lines[:-1], *([match["before"].strip(" ,;-")] if match["before"].strip(" ,;-") else [])]
    return _placed(before, postcode=match["postcode"], town=" ".join(match["town"].split()))


def _placed(lines: Sequence[str], *, postcode: str, town: str) -> Address:
    lines = _with_number_and_street(lines)
    numbered = [at for at, line in enumerate(lines) if _NUMBERED.match(line)]
    at = numbered[-1] if numbered else len(lines) - 1
    return Address(
        before=" ".join(lines[:at]) if lines else "",
        street=lines[at] if lines else "",
        after=" ".join(lines[at + 1 :]),
        postcode=postcode,
        town=town,
    )


def _with_number_and_street(lines: Sequence[str]) -> list[str]:
    """Join « 12 » and « rue des Lilas », which a comma parted."""
    joined = list[str]()
    for line in lines:
        if joined and re.fullmatch(r"\d+ ?(?:bis|ter|quater|[a-dA-D])?", joined[-1], re.ASCII):
            joined[-1] = f"{joined[-1]} {line}"
        else:
            joined.append(line)
    return joined
