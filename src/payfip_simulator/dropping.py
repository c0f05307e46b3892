"""Hang up without a word, as a cut line does."""

import socket

from flask import Response, request


def drop_connection() -> Response:
    """Shut the caller's connection, if the server lets us reach it; nothing of the answer arrives."""
    line = request.environ.get("werkzeug.socket")
    if isinstance(line, socket.socket):
        line.shutdown(socket.SHUT_RDWR)
    return Response("", 502)
