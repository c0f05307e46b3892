"""One JSON object a line, so that a log line cannot be forged by what it quotes."""

import json
import logging
import re
from datetime import UTC, datetime

_SECRET_LINK = re.compile(r"(/compte/(?:password/reset/key|invitation)/)[^/\s\"']+")
"""What follows signs in as somebody, until it is used: a path that was refused is told without it."""
ADDRESSED = frozenset({"django.request", "django.security.csrf", "django.security.DisallowedHost", "django.server"})
"""The loggers of Django that quote the address of a page."""
_TOKEN = re.compile(r"(?<=/)(?=[^/\s]*[A-Z0-9])[A-Za-z0-9_.:~%=+-]{12,}(?=[/\s?]|$)|(?<=\?)\S+")


def without_tokens(text: str) -> str:
    """Return what a log may keep of an address: neither what opens an account or a file, nor what was asked."""
    return _TOKEN.sub("…", text)


def _message(record: logging.LogRecord) -> str:
    said = _SECRET_LINK.sub(r"\1…", record.getMessage())
    return without_tokens(said) if record.name in ADDRESSED else said


class JsonFormatter(logging.Formatter):
    """Format a record as JSON: time, level, logger, message, and the traceback where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": _message(record),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class Quota(logging.Filter):
    """Lets ``most`` records of a logger through in a minute of one process: whoever insists fills no disk."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most, self._minute, self._seen = most, 0, 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a record is within the quota."""
        minute = int(record.created // 60)
        self._seen = self._seen + 1 if minute == self._minute else 1
        self._minute = minute
        return self._seen <= self._most
