"""The static files are gathered again when what there is to gather changed, and only then."""

import os
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from obole.cli import static


def test_a_file_that_comes_later_is_gathered_however_old(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, gathered = tmp_path / "source", tmp_path / "gathered"
    source.mkdir()
    (source / "first.css").touch()
    settings.STATIC_ROOT = gathered
    settings.STATICFILES_DIRS = [str(source)]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    calls: list[Any] = []

    def collected(*_words: object, **options: object) -> None:
        gathered.mkdir(exist_ok=True)
        calls.append(options)

    monkeypatch.setattr(static, "call_command", collected)
    static.collect()
    static.collect()
    assert len(calls) == 1
    later = source / "library.js"
    later.touch()
    os.utime(later, (0, 0))
    static.collect()
    assert len(calls) == 2
