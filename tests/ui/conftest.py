"""The base pages are tried without the doors behind them."""

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _stub_doors(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.ui.urls"
    # WhiteNoise warns where nothing has been collected.
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)
