"""
A question to a virus scanner that speaks clamd's protocol (INSTREAM), over TCP or a Unix socket.

The content goes through the connection: the scanner needs to read nothing of ours.
"""

import socket
import struct
from contextlib import closing
from urllib.parse import urlsplit

SECONDS = 20.0
CHUNK = 64 * 1024


class ScannerSilent(Exception):
    """The scanner did not say whether a content is harmless."""


def scan(content: bytes, *, address: str) -> str:
    """
    Return what the scanner found in a content: nothing if it is harmless.

    :param address: ``tcp://host:3310`` or ``unix:///run/clamav/clamd.ctl``.
    :raises ScannerSilent: if it did not answer, or not by yes or no.
    """
    try:
        with closing(_connection(address)) as connection:
            connection.sendall(b"zINSTREAM\0")
            for start in range(0, len(content), CHUNK):
                part = content[start : start + CHUNK]
                connection.sendall(struct.pack("!I", len(part)) + part)
            connection.sendall(struct.pack("!I", 0))
            answer = _answer(connection)
    except (OSError, ValueError) as error:
        raise ScannerSilent(f"{address}: {error}") from error
    if answer == "stream: OK":
        return ""
    if answer.startswith("stream: ") and answer.endswith(" FOUND"):
        return answer.removeprefix("stream: ").removesuffix(" FOUND")
    raise ScannerSilent(f"{address}: {answer[:200]!r}")


def check_address(address: str) -> str:
    """
    Return an address that can be asked; nothing for none.

    :raises ValueError: for any other.
    """
    parts = urlsplit(address)
    if (
        address
        and not (parts.scheme == "tcp" and parts.hostname and parts.port)
        and not (parts.scheme == "unix" and parts.path)
    ):
        raise ValueError("give tcp://host:3310 or unix:///run/clamav/clamd.ctl")
    return address


def _connection(address: str) -> socket.socket:
    parts = urlsplit(address)
    if parts.scheme == "tcp":
        return socket.create_connection((parts.hostname or "", parts.port or 3310), timeout=SECONDS)
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(SECONDS)
    try:
        connection.connect(parts.path)
    except OSError:
        connection.close()
        raise
    return connection


def _answer(connection: socket.socket) -> str:
    said = b""
    while not said.endswith(b"\0") and len(said) < 4096:
        more = connection.recv(4096)
        if not more:
            break
        said += more
    return said.rstrip(b"\0\n").decode("utf-8", "replace")
