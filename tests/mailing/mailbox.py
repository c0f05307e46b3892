"""A real IMAP server on loopback: enough of it to sign in, search, read, mark and leave."""

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_ASKED = re.compile(rb"(\S+) (?:UID )?(\S+)(?: (.*?))?\r\n")
_FETCH = re.compile(rb"(\d+) \(BODY\.PEEK\[\]<0\.(\d+)>\)")


@dataclass
class Letterbox:
    """What it holds, by key, and what was read of it."""

    mails: dict[int, bytes] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    password: str = 'secr"et \\'
    refuses_to_mark: bool = False
    port: int = 0
    asked: list[str] = field(default_factory=list)

    def receive(self, content: bytes) -> int:
        key = max(self.mails, default=10) + 1
        self.mails[key] = content
        return key

    @property
    def address(self) -> str:
        return f"imap://retours:secr%22et%20%5C@127.0.0.1:{self.port}/INBOX"

    def answer(self, command: str, rest: bytes) -> tuple[bytes, bytes]:
        """Return what is said before the end of an answer, and how it ends."""
        if command == "LOGIN":
            known = b'"retours" "secr\\"et \\\\"'
            return b"", b"OK hello" if rest == known else b"NO who are you"
        if command == "SELECT":
            return b"* %d EXISTS\r\n" % len(self.mails), b"OK [READ-WRITE]" if rest == b'"INBOX"' else b"NO no such box"
        if command == "SEARCH":
            keys = b" ".join(b"%d" % key for key in sorted(self.mails.keys() - self.seen, reverse=True))
            return b"* SEARCH %s\r\n" % keys, b"OK done"
        if command == "FETCH" and (found := _FETCH.fullmatch(rest)):
            content = self.mails[int(found[1])][: int(found[2])]
            return b"* 1 FETCH (UID %s BODY[]<0> {%d}\r\n%s)\r\n" % (found[1], len(content), content), b"OK done"
        if command == "STORE" and rest.endswith(b" +FLAGS.SILENT (\\Seen)"):
            if self.refuses_to_mark:
                return b"", b"NO read-only"
            self.seen.add(int(rest.split()[0]))
            return b"", b"OK done"
        said = {"CAPABILITY": (b"* CAPABILITY IMAP4rev1\r\n", b"OK done"), "LOGOUT": (b"* BYE\r\n", b"OK done")}
        return said.get(command, (b"", b"BAD what"))


@contextmanager
def start_letterbox() -> Iterator[Letterbox]:
    box = Letterbox()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"* OK ready\r\n")
            for line in self.rfile:
                asked = _ASKED.fullmatch(line)
                if asked is None:
                    return
                command = asked[2].decode()
                box.asked.append(command)
                before, end = box.answer(command, asked[3] or b"")
                self.wfile.write(before + asked[1] + b" " + end + b"\r\n")
                if command == "LOGOUT":
                    return

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        box.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield box
        server.shutdown()
