"""Gathering the static files that the web server hands out."""

from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command


def collect() -> None:
    """Gather and compress the static files, unless what was gathered is newer than every source."""
    root = Path(settings.STATIC_ROOT)
    stamp = root / ".gathered"
    if stamp.exists() and stamp.stat().st_mtime > _newest_source():
        return
    call_command("collectstatic", interactive=False, verbosity=0, clear=root.exists())
    stamp.touch()


def _newest_source() -> float:
    paths = (Path(storage.path(name)) for finder in get_finders() for name, storage in finder.list([]))
    return max(path.stat().st_mtime for path in paths)
