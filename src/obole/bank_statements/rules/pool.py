"""What is known here that a line of the bank could be."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from obole.lib import texts

SHORTEST_REFERENCE = 6
_WORDS = re.compile(r"[a-z0-9]+")
JOINED = 5
"""« ENF-Q-2026-000001 » may come as « ENF Q 2026 000001 »."""


@dataclass(frozen=True, kw_only=True)
class OpenLine:
    """A line that nobody has recognised yet."""

    pk: int
    day: date
    cents: int
    words: str
    """All that the bank says of it."""
    reason_code: str = ""


@dataclass(frozen=True, kw_only=True)
class Known:
    """Money known here: a receipt, a refund, a remise, a versement. ``references``: what a bank may call it."""

    pk: int
    cents: int
    day: date
    means: str = ""
    references: tuple[str, ...] = ()
    is_taken_back: bool = False


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A payment that PayFiP lists, and the receipt that it is here."""

    credit: str
    """The credit that it came in, as the list calls it."""
    cents: int
    receipt: int | None


@dataclass(frozen=True, kw_only=True)
class Pool:
    """All that the lines of a régie could be."""

    in_instance: Sequence[Known] = ()
    transfers: Sequence[Known] = ()
    credited: Sequence[Known] = ()
    """Debits and cheques that the bank has credited: it may take them back."""
    refunds: Sequence[Known] = ()
    remittances: Sequence[Known] = ()
    """Bordereaux de versement whose transfer no line shows."""
    deposits: Sequence[Known] = ()
    """Remises that no line shows: what is in one that waits is not in instance for the other ways."""
    listed: Sequence[Listed] = field(default=())


@dataclass(frozen=True)
class Proposal:
    """What a line seems to be. It is worth accepting with the others when ``sure``; its receipts are nobody else's."""

    line: int
    kind: str
    receipts: tuple[int, ...]
    why: str
    words: dict[str, str | int]
    refund: int | None = None
    remittance: int | None = None
    deposit: int | None = None
    sure: bool = False

    def as_json(self) -> dict[str, object]:
        """Return what the line keeps of it."""
        return {
            "kind": self.kind,
            "receipts": list(self.receipts),
            "refund": self.refund,
            "remittance": self.remittance,
            "deposit": self.deposit,
            "why": self.why,
            "words": self.words,
            "sure": self.sure,
        }


def fingerprint(proposal: Mapping[str, Any] | None) -> str:
    """Return what a page carries of the proposal that it showed."""
    return hashlib.sha256(json.dumps(proposal, sort_keys=True).encode()).hexdigest()[:32]


def spelled(reference: str) -> str:
    """Return a reference as it is compared: letters and digits alone; nothing where it is too short to mean one."""
    bare = "".join(_WORDS.findall(texts.fold(reference)))
    has_digit = any(letter.isdigit() for letter in bare)
    return bare if len(bare) >= SHORTEST_REFERENCE and has_digit else ""


def references_in(words: str) -> Iterator[str]:
    """Yield what may be references in the words of a line: each word, and each few that follow one another."""
    found = _WORDS.findall(texts.fold(words)[:8_000])
    for at in range(len(found)):
        joined = ""
        for word in found[at : at + JOINED]:
            joined += word
            if len(joined) >= SHORTEST_REFERENCE:
                yield joined


def by_reference(items: Iterable[Known]) -> dict[str, list[Known]]:
    """Return what is known by each of its references."""
    found: dict[str, list[Known]] = {}
    for item in items:
        for name in {spelled(reference) for reference in item.references} - {""}:
            found.setdefault(name, []).append(item)
    return found
