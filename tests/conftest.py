"""
The hostile house rules of the suite: a real PostgreSQL of its own, no network but this machine, no warning, no N+1, no
undefined variable in a template, no list without an order.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def _house_rules(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {**settings.STORAGES["default"], "OPTIONS": {"location": str(tmp_path)}},
    }
    yield
