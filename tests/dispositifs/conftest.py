"""What time it is at the counter."""

from typing import Any

import pytest

from tests.world import later


@pytest.fixture(autouse=True)
def _at_the_counter(time_machine: Any) -> None:
    time_machine.move_to(later(30), tick=False)
