"""A real SMTP server on loopback that answers what a test tells it to."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message as Email
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class PostOffice:
    """What the server got, and what it answers after a mail (``None``: it hangs up without a word)."""

    says: str | None = "250 OK"
    got: list[Envelope] = field(default_factory=list)
    port: int = 0
    refuses: set[str] = field(default_factory=set)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuses:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.got.append(envelope)
        if self.says is None:
            transport: Any = server.transport
            transport.abort()
            return "421 gone"
        return self.says

    def mails(self) -> list[Email]:
        return [message_from_bytes(bytes(envelope.content or b"")) for envelope in self.got]


@contextmanager
def start_post_office() -> Iterator[PostOffice]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        office = PostOffice(port=free.getsockname()[1])
    controller = Controller(office, hostname="127.0.0.1", port=office.port)
    controller.start()
    try:
        yield office
    finally:
        controller.stop()
