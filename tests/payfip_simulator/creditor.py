"""A creditor's site, reduced to what hears the bank: notifications and returns."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Creditor:
    """What a creditor heard, oldest first: method, path with query, body, content type."""

    url: str = ""
    heard: list[tuple[str, str, str, str]] = field(default_factory=list)
    redirect_to: str = ""


@contextlib.contextmanager
def start_creditor() -> Iterator[Creditor]:
    """Listen on a free port for the time of a `with`."""
    creditor = Creditor()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            creditor.heard.append((self.command, self.path, body, self.headers.get("Content-Type") or ""))
            self.send_response(302 if creditor.redirect_to else 200)
            if creditor.redirect_to:
                self.send_header("Location", creditor.redirect_to)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        creditor.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield creditor
        finally:
            server.shutdown()
            thread.join()
