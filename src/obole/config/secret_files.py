"""Texts that an installation makes once and keeps: a secret, a key."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path


def get_or_create_secret(path: Path, make: Callable[[], str]) -> str:
    """
    Return the text kept in a file that only its owner reads, made the first time; two processes at once keep one text.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}-{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(make(), encoding="ascii")
        # A link appears whole or not at all: nobody reads half a text, and the second to come finds the first one's.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text(encoding="ascii")
