"""A mailbox that is read over IMAP, and never changed but for what was read of it."""

import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

TIMEOUT = 10
PORTS = {"imaps": 993, "imap+tls": 143, "imap": 143}
THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
_PRINTABLE = re.compile(r"[\x20-\x7e]+")


class MailboxError(OSError):
    """The server refuses, or says what cannot be understood."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a mailbox is, and who may read it."""

    scheme: str
    host: str
    port: int
    user: str
    password: str
    folder: str


def check_address(address: str) -> str:
    """
    Return the address of a mailbox that can be read; nothing for none.

    :raises ValueError: for any other.
    """
    if address:
        _place(address)
    return address


def _place(address: str) -> Place:
    parts = urlsplit(address)
    place = Place(
        scheme=parts.scheme,
        host=parts.hostname or "",
        port=parts.port or PORTS.get(parts.scheme, 0),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        folder=unquote(parts.path.removeprefix("/")) or "INBOX",
    )
    if not place.port or not place.host or (place.scheme == "imap" and place.host not in THIS_MACHINE):
        raise ValueError("give imaps://user:password@host/INBOX, or imap+tls://; imap:// only for localhost")
    if not all(_PRINTABLE.fullmatch(said) for said in (place.user, place.password, place.folder)):
        raise ValueError("give a user, a password and a folder, in ASCII; write what URLs do not take as %40")
    return place


class Mailbox:
    """One folder, opened."""

    def __init__(self, server: imaplib.IMAP4) -> None:
        self._server = server

    def unseen(self, most: int) -> list[str]:
        """Return the keys of the mails that were not read, the oldest first, so many at most."""
        found = b" ".join(part for part in self._ask("SEARCH", "UNSEEN") if isinstance(part, bytes))
        return sorted((key.decode() for key in found.split() if key.isdigit()), key=int)[:most]

    def read(self, key: str, *, most: int) -> bytes:
        """Return the beginning of a mail, so many bytes at most, and leave it unread."""
        parts = self._ask("FETCH", key, f"(BODY.PEEK[]<0.{most}>)")
        return next((bytes(part[1])[:most] for part in parts if isinstance(part, tuple)), b"")

    def mark_seen(self, key: str) -> None:
        """Say that a mail was read."""
        self._ask("STORE", key, "+FLAGS.SILENT", "(\\Seen)")

    def _ask(self, command: str, *arguments: str) -> list[Any]:
        with _our_errors():
            return _answer(self._server.uid(command, *arguments))


@contextmanager
def opened(address: str) -> Iterator[Mailbox]:
    """
    Open a mailbox, and leave it.

    :raises OSError: if the server is not there, refuses, or is not who it says.
    """
    place = _place(address)
    with _our_errors():
        server = _connected(place)
    try:
        with _our_errors():
            _answer(server.login(_quoted(place.user), place.password))
            _answer(server.select(_quoted(place.folder)))
        yield Mailbox(server)
    finally:
        _leave(server)


def _connected(place: Place) -> imaplib.IMAP4:
    if place.scheme == "imaps":
        return imaplib.IMAP4_SSL(place.host, place.port, ssl_context=ssl.create_default_context(), timeout=TIMEOUT)
    server = imaplib.IMAP4(place.host, place.port, timeout=TIMEOUT)
    if place.scheme == "imap+tls":
        try:
            _answer(server.starttls(ssl.create_default_context()))
        except BaseException:
            server.shutdown()
            raise
    return server


def _leave(server: imaplib.IMAP4) -> None:
    try:
        server.logout()
    except (OSError, imaplib.IMAP4.error):
        # What was read is marked already: how the server takes leave changes nothing.
        server.shutdown()


@contextmanager
def _our_errors() -> Iterator[None]:
    try:
        yield
    except imaplib.IMAP4.error as error:
        raise MailboxError(str(error)[:200]) from error


def _answer(answer: tuple[str, list[Any]]) -> list[Any]:
    status, said = answer
    if status != "OK":
        raise MailboxError(f"the server says {status}: {said!r}"[:200])
    return said


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
