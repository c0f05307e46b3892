"""Gathering the static files that the web server hands out."""

import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command


def collect() -> None:
    """Gather and compress the static files, unless those that were gathered are those that there are."""
    root = Path(settings.STATIC_ROOT)
    stamp, there_are = root / ".gathered", _fingerprint()
    if stamp.exists() and stamp.read_text() == there_are:
        return
    call_command("collectstatic", interactive=False, verbosity=0, clear=root.exists())
    stamp.write_text(there_are)


def _fingerprint() -> str:
    """Tell every source by its name and its date: a library that comes later may be older than what was gathered."""
    found = (storage.path(name) for finder in get_finders() for name, storage in finder.list([]))
    lines = sorted(f"{path} {Path(path).stat().st_mtime_ns}" for path in found)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
