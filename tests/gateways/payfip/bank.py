"""A web server on loopback that answers what a test tells it to, and keeps what it was asked."""

import contextlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

from obole.gateways.base import Order
from obole.gateways.payfip.gateway import PayFiP

RECORDINGS = Path(__file__).parent / "recordings"
IDOP = "f3c2a1e0-8d7b-11f0-9a44-0242ac120002"
CLIENT = "006382"


def recording(name: str) -> bytes:
    return (RECORDINGS / name).read_bytes()


@dataclass
class Reply:
    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "text/xml; charset=utf-8"})
    drip: float = 0
    """Seconds between two bytes of the body."""
    drip_headers: float = 0
    """Seconds between two bytes of the head."""
    endless: bool = False
    """Repeat the body until the other side leaves."""
    hang: bool = False
    """Say nothing until the test ends."""


@dataclass
class Bank:
    url: str
    reply: Reply | Callable[[bytes], Reply]
    asked: list[bytes] = field(default_factory=list)
    heads: list[dict[str, str]] = field(default_factory=list)
    over: Event = field(default_factory=Event)

    def says(self, name: str, status: int = 200) -> None:
        self.reply = Reply(recording(name), status)


@contextmanager
def start_bank(scheme: str = "http", wrap: Callable[[Any], Any] | None = None) -> Iterator[Bank]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    if wrap:
        server.socket = wrap(server.socket)
    bank = Bank(f"{scheme}://127.0.0.1:{server.server_address[1]}/tpa/services/securite", Reply())
    server.bank = bank  # type: ignore[attr-defined]
    server.handle_error = lambda *args: None  # type: ignore[method-assign]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield bank
    finally:
        bank.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        bank: Bank = self.server.bank  # type: ignore[attr-defined]
        question = self.rfile.read(int(self.headers["Content-Length"]))
        bank.asked.append(question)
        bank.heads.append(dict(self.headers))
        reply = bank.reply(question) if callable(bank.reply) else bank.reply
        if reply.hang:
            bank.over.wait(30)
            self.close_connection = True
            return
        head = f"HTTP/1.1 {reply.status} X\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in reply.headers.items())
        if reply.endless:
            self._flood(head, reply.body, bank)
            return
        if "Content-Length" not in reply.headers:
            head += f"Content-Length: {len(reply.body)}\r\n"
        if not reply.drip and not reply.drip_headers:
            self._write(f"{head}\r\n".encode() + reply.body, 0, bank)
            return
        self._write(f"{head}\r\n".encode(), reply.drip_headers, bank)
        self._write(reply.body, reply.drip, bank)

    def do_GET(self) -> None:
        self.do_POST()

    def _flood(self, head: str, body: bytes, bank: Bank) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.wfile.write(f"{head}Connection: close\r\n\r\n".encode())
            while not bank.over.is_set():
                self.wfile.write(body)

    def _write(self, data: bytes, pause: float, bank: Bank) -> None:
        try:
            if not pause:
                self.wfile.write(data)
                return
            for byte in data:
                if bank.over.is_set():
                    return
                self.wfile.write(bytes([byte]))
                time.sleep(pause)
        except OSError:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Stay quiet."""


def payfip(bank: Bank, *, timeout: float = 5, mode: str = "T") -> PayFiP:
    settings = {
        "client_number": CLIENT,
        "mode": mode,
        "service_url": bank.url,
        "payment_page_url": "https://pay.example/tpa/paiementws.web",
    }
    return PayFiP(settings, timeout=timeout)


def an_order(**changes: Any) -> Order:
    values: dict[str, Any] = {
        "reference": "CANTINE2026001",
        "amount_cents": 4250,
        "label": "Cantine d’août : cœur & « goûter » n° 12",
        "email": "camille@example.org",
        "fiscal_year": 2026,
        "notification_url": "https://ville.example/notification",
        "return_url": "https://ville.example/retour",
    }
    return Order(**{**values, **changes})


def is_start(question: bytes) -> bool:
    return b"creerPaiementSecurise" in question
