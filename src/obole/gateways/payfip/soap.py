"""
Post one SOAP message and bring back what came, within a bounded time and size.

Imported at first use only: see ``client.py``.
"""

import http.client
import io
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3
from lxml import etree
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from obole.gateways.payfip.answers import SOAP, TNS

MAX_BYTES = 256 * 1024
"""A real answer has about one thousand."""
HEADERS = {
    "SOAPAction": '""',
    "Content-Type": "text/xml; charset=utf-8",
    "Accept-Encoding": "identity",
    "User-Agent": "Obole",
}


@dataclass(frozen=True, kw_only=True)
class Posted:
    """What was sent and what came back; ``failure`` says why nothing usable did."""

    sent: bytes
    received: bytes = b""
    failure: str = ""


def post(operation: str, fields: Mapping[str, str], *, address: str, timeout: float) -> Posted:
    """Send ``operation`` to ``address``. Never raises for what the network or the server does."""
    message = envelope(operation, fields)
    try:
        received = _send(message, address, timeout)
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        return Posted(sent=message, failure=f"{type(error).__name__}: {str(error)[:300]}")
    if len(received) > MAX_BYTES:
        return Posted(sent=message, received=received, failure=f"an answer of more than {MAX_BYTES} bytes")
    return Posted(sent=message, received=received)


def envelope(operation: str, fields: Mapping[str, str]) -> bytes:
    """Write a question: document/literal wrapped, where the operation alone is in a namespace."""
    root = etree.Element(f"{SOAP}Envelope")
    argument = etree.SubElement(etree.SubElement(etree.SubElement(root, f"{SOAP}Body"), f"{TNS}{operation}"), "arg0")
    for name, value in fields.items():
        etree.SubElement(argument, name).text = value
    return etree.tostring(root, encoding="utf-8", xml_declaration=True)


_local = threading.local()


def _session() -> requests.Session:
    """Return this thread's: a session of requests may not be shared."""
    if not hasattr(_local, "session"):
        session = requests.Session()
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.headers.update(HEADERS)
        for scheme in ("http://", "https://"):
            session.mount(scheme, _PunctualAdapter())
        _local.session = session
    kept: requests.Session = _local.session
    return kept


def _send(message: bytes, address: str, timeout: float) -> bytes:
    # A redirection would carry the payment to a host that nobody chose.
    answer = _session().post(
        address,
        data=message,
        timeout=urllib3.Timeout(total=timeout),  # type: ignore[arg-type]
        allow_redirects=False,
        stream=True,
    )
    with closing(answer):
        body: bytes = answer.raw.read(MAX_BYTES + 1, decode_content=True)
    return body


class _Clock(io.RawIOBase):
    """
    Read a socket until a deadline.

    The time-out of a socket starts again at each byte: a server that sends one now and then could hold us for ever.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._file = sock.makefile("rb", buffering=0)
        self._deadline = time.monotonic() + (sock.gettimeout() or 0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the whole answer did not come in time")
        self._sock.settimeout(left)
        return self._file.readinto(buffer)

    def close(self) -> None:
        self._file.close()
        super().close()


class _ClockedSocket:
    """The only thing that http.client asks of a socket to read an answer from it."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Clock(self._sock))


class _PunctualResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(_ClockedSocket(sock), *args, **kwargs)  # type: ignore[arg-type]


class _PunctualHTTP(HTTPConnection):
    response_class = _PunctualResponse


class _PunctualHTTPS(HTTPSConnection):
    response_class = _PunctualResponse


class _PunctualHTTPPool(HTTPConnectionPool):
    ConnectionCls = _PunctualHTTP


class _PunctualHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _PunctualHTTPS


class _PunctualAdapter(HTTPAdapter):
    """The adapter of requests, on connections that keep a deadline, through a proxy or not."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PunctualHTTPPool, "https": _PunctualHTTPSPool}

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = {"http": _PunctualHTTPPool, "https": _PunctualHTTPSPool}
        return manager
