"""Start the simulator: `payfip-simulator`, or `python -m payfip_simulator`."""

import argparse
import os
import signal
import socket
import sqlite3
import sys
from types import FrameType
from typing import NoReturn

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from payfip_simulator.app import create_app


class QuietHandler(WSGIRequestHandler):
    """Serve without a line per request, and without waiting to fill packets."""

    # Headers and body are two packets: without this, the second may wait for the receipt of the first.
    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="payfip-simulator", description="A strict stand-in for the bank PayFiP.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument(
        "--port",
        type=int,
        default=os.environ.get("OBOLE_SIMULATOR_PORT", "8001"),
        help="port to listen on; 0 takes any free one (OBOLE_SIMULATOR_PORT, or 8001)",
    )
    parser.add_argument(
        "--state",
        default=os.environ.get("OBOLE_SIMULATOR_STATE", ":memory:"),
        help="SQLite file that keeps the payments from one start to the next (OBOLE_SIMULATOR_STATE, or the memory)",
    )
    return parser.parse_args()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=128)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _refuse(what: str, error: Exception) -> NoReturn:
    reason = str(getattr(error, "strerror", None) or error).partition(" (")[0]
    sys.exit(f"The PayFiP simulator cannot {what}: {reason}.")


def _serve(listener: socket.socket, app: Flask) -> None:
    host, port = listener.getsockname()[:2]
    server = make_server(host, port, app, threaded=True, request_handler=QuietHandler, fd=listener.fileno())
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, _stop)
    print(f"PayFiP simulator: http://{f'[{host}]' if ':' in host else host}:{port}/", flush=True)
    try:
        server.serve_forever()
    finally:
        server.server_close()
        app.extensions["bank"].store.close()


def main() -> None:
    """Listen until told to stop."""
    arguments = _arguments()
    try:
        listener = _listen(arguments.host, arguments.port)
    except (OSError, OverflowError) as error:
        _refuse(f"listen on {arguments.host}:{arguments.port}", error)
    with listener:
        try:
            app = create_app(arguments.state)
        except sqlite3.Error as error:
            _refuse(f"keep its payments in {arguments.state}", error)
        _serve(listener, app)


if __name__ == "__main__":
    main()
