"""
What mail servers write when a mail does not arrive (RFC 3464), read as data; pure, and it believes nothing.

Anybody may write to the address where mails come back. A report is worth something only if it quotes the Message-ID of
a mail of ours, which nobody can guess, and names the one whom that mail was for.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from enum import Enum, auto
from typing import Any

from obole.lib import texts
from obole.mailing.rules import fault_of, message_id, normalised
from obole.mailing.states import AddressFault

MOST_BYTES = 256 * 1024
"""What a report says stands before the mail that it returns."""
MOST_RECIPIENTS, LONGEST_SAID = 20, 200
MOST_MULTIPARTS = 20
"""The library's time grows with the square of how deep they stand in one another."""
_MAIL_PARTS = frozenset({"message/rfc822", "message/global", "message/global-headers"})
_ADDRESS = re.compile(r"(?:rfc822|utf-8)\s*;\s*<?([^\s<>,;:\"()]+@[^\s<>,;:\"()@]+)>?", re.I)
_STATUS = re.compile(r"(?<![.\d])([245]\.\d{1,3}\.\d{1,3})(?![.\d])")
_QUOTED = re.compile(re.escape(message_id("TOKEN")).replace("TOKEN", "([A-Za-z0-9_-]{22})"))
_MULTIPART = re.compile(rb"multipart/", re.I)
_SMTP = re.compile(r"smtp\s*;\s*([45]\d\d.*)", re.I | re.S)
_CODE_OF_CLASS = {"4": "450", "5": "550"}


class Unreadable(ValueError):
    """What came is nothing that a server writes."""


class Outcome(Enum):
    """What became of a mail, as far as a server says."""

    FAILED = auto()
    """Nobody will try it again."""
    DELAYED = auto()
    """It will be tried again."""


@dataclass(frozen=True)
class DeliveryReport:
    """What is said of one mail of ours and one of those whom it was for."""

    public_id: str
    """Which mail, if it is one of ours."""
    recipients: frozenset[str]
    """The address that refused, and the one that was written to where a server says that it was another."""
    outcome: Outcome
    said: str
    """The code first: ``550 5.1.1 No such user``."""
    fault: AddressFault | None
    """What is wrong with the mailbox, where it is for good."""


def parse(content: bytes) -> list[DeliveryReport]:
    """
    Return what a mail says of mails of ours: nothing if it is something else, or quotes none.

    :raises Unreadable: if it cannot be read at all.
    """
    beginning = content[:MOST_BYTES]
    if len(_MULTIPART.findall(beginning)) > MOST_MULTIPARTS:
        raise Unreadable("too many parts")
    try:
        return list(_reports(message_from_bytes(beginning)))
    except Exception as error:
        # The library reads what is sane; of the rest it may raise nearly anything, down to its recursion's limit.
        raise Unreadable(type(error).__name__) from error


def _reports(mail: Message) -> Iterator[DeliveryReport]:
    parts: Any = mail.get_payload()
    if mail.get_content_type() != "multipart/report" or not isinstance(parts, list):
        return
    public_id = _quoted(parts)
    if not public_id:
        return
    for part in parts:
        if part.get_content_type() == "message/delivery-status":
            blocks: Any = part.get_payload()
            for block in blocks[1 : MOST_RECIPIENTS + 1] if isinstance(blocks, list) else ():
                yield from _report(block, public_id)
            return


def _quoted(parts: list[Any]) -> str:
    """Return which mail of ours is returned, by the only Message-ID of its headers."""
    for part in parts:
        kind = part.get_content_type()
        if kind in _MAIL_PARTS and isinstance(inner := part.get_payload(), list):
            returned = inner[0]
        elif kind == "text/rfc822-headers" and isinstance(inner := part.get_payload(decode=True), bytes):
            returned = message_from_bytes(inner)
        else:
            continue
        ids = returned.get_all("Message-ID", [])
        found = _QUOTED.fullmatch(str(ids[0]).strip()) if len(ids) == 1 else None
        return found[1] if found else ""
    return ""


def _report(block: Message, public_id: str) -> Iterator[DeliveryReport]:
    action = _field(block, "Action").lower()
    outcome = {"failed": Outcome.FAILED, "delayed": Outcome.DELAYED}.get(action)
    status = _STATUS.match(_field(block, "Status"))
    named = {_address(_field(block, name)) for name in ("Final-Recipient", "Original-Recipient")} - {""}
    if outcome is None or status is None or status[1].startswith("2") or not named:
        return
    said = _said(status[1], _field(block, "Diagnostic-Code"))
    is_for_good = outcome is Outcome.FAILED and status[1].startswith("5")
    yield DeliveryReport(public_id, frozenset(named), outcome, said, fault_of(said) if is_for_good else None)


def _said(status: str, diagnostic: str) -> str:
    """
    Write what the server answered as it is kept of an answer at the moment of sending. What a server that carries on
    has heard is worth more than its own word for it, which may be no more than « it failed » (5.0.0).
    """
    heard = _SMTP.match(diagnostic)
    if heard is None:
        words = f"{_CODE_OF_CLASS[status[0]]} {status} {diagnostic.partition(';')[2].strip()}"
    elif status.endswith(".0.0") or _STATUS.search(heard[1]):
        words = heard[1]
    else:
        words = f"{heard[1][:3]} {status} {heard[1][3:].lstrip(' -')}"
    return words[:LONGEST_SAID].strip()


def _field(block: Message, name: str) -> str:
    return texts.clean_line(str(block.get(name, "")))[:1000]


def _address(value: str) -> str:
    found = _ADDRESS.fullmatch(value)
    return normalised(found[1]) if found else ""
