"""A town an hour after noon, and its régisseur at the screen; the tests that need a full desk have their own."""

from typing import Any

import pytest
from django.test import Client

from tests.crm.desk import browser
from tests.world import Town, later, make_town


@pytest.fixture
def town(time_machine: Any) -> Town:
    time_machine.move_to(later(60), tick=False)
    return make_town()


@pytest.fixture
def client(town: Town) -> Client:
    return browser(town.regisseur)
