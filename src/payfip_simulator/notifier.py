"""The bank's knock on the creditor's door: one parameter, no proof, no second try."""

import contextlib
import http.client
import logging
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

TIMEOUT_SECONDS = 5
AT_ONCE = 16

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Knock:
    """One notification to send."""

    idop: str
    url: str
    method: str = "POST"
    key: str = "idop"


def with_query(url: str, **values: str) -> str:
    """Add parameters to an address, whether or not it has some."""
    parts = urlsplit(url)
    query = "&".join(filter(None, [parts.query, urlencode(values)]))
    return parts._replace(query=query, fragment="").geturl()


def call(method: str, url: str, form: Mapping[str, str] | None = None) -> int:
    """
    Call an address once, and return the HTTP status. A redirection is an answer like another: never followed.

    :raises OSError: if nobody answers in time.
    :raises http.client.HTTPException: if the answer is not HTTP.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(host, parts.port, timeout=TIMEOUT_SECONDS, context=context)
    else:
        connection = http.client.HTTPConnection(host, parts.port, timeout=TIMEOUT_SECONDS)
    body = urlencode(form) if form else None
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
    try:
        connection.request(method, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def send(knock: Knock) -> int:
    """Send a notification, its parameter in the body or in the address."""
    values = {knock.key: knock.idop}
    if knock.method == "GET":
        return call("GET", with_query(knock.url, **values))
    return call("POST", knock.url, values)


class Notifier:
    """Send notifications from threads that nobody waits for."""

    def __init__(self, record: Callable[[Mapping[str, Any]], None]) -> None:
        self._record = record
        self._places = threading.BoundedSemaphore(AT_ONCE)

    def knock(self, knock: Knock, *, after_seconds: float = 0.0) -> None:
        """Send one notification, now or later, without waiting for it."""
        timer = threading.Timer(after_seconds, self._deliver, args=(knock,))
        timer.daemon = True
        timer.start()

    def visit(self, url: str) -> None:
        """Call an address as a payer's browser would, without waiting; nothing is recorded."""
        threading.Thread(target=self._visit, args=(url,), daemon=True).start()

    def _visit(self, url: str) -> None:
        with self._places, contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            call("GET", url)

    def _deliver(self, knock: Knock) -> None:
        status, error = None, ""
        with self._places:
            sent_at = datetime.now(tz=UTC).isoformat()
            try:
                status = send(knock)
            except (OSError, http.client.HTTPException, ValueError) as problem:
                error = str(problem) or type(problem).__name__
                log.info("notification of %s to %s failed: %s", knock.idop, knock.url, error)
        values = {"idop": knock.idop, "url": knock.url, "method": knock.method}
        self._record(values | {"sent_at": sent_at, "status": status, "error": error})
