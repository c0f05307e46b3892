"""The world of the tests of who may what, made once for each file of them."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.conf import settings as django_settings
from django.core.cache import cache
from django.test import override_settings
from pytest_django import DjangoDbBlocker, Settings

from tests.access.roles import make_roles
from tests.access.sides import beside, make_side
from tests.access.world import World, rolled_back
from tests.world import build_town, later


@pytest.fixture(scope="module")
def world(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """Both sides and everybody, made once."""
    root = tmp_path_factory.mktemp("access")
    storages = {
        **django_settings.STORAGES,
        "default": {**django_settings.STORAGES["default"], "OPTIONS": {"location": str(root)}},
    }
    with django_db_blocker.unblock(), rolled_back():
        yield make_world(storages)


def make_world(storages: dict[str, Any]) -> World:
    with time_machine.travel(later(30), tick=False), override_settings(STORAGES=storages):
        town = build_town()
        sides = {"ours": make_side(town), "theirs": make_side(beside(town))}
        return World(sides, make_roles(sides), storages)


@pytest.fixture
def ready(world: World, settings: Settings) -> Iterator[World]:
    settings.STORAGES, settings.REQUIRE_MFA = world.storages, True
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if not name.startswith("zeal.")]
    cache.clear()
    # Thousands of pages that are not there: that is what is tried, not news.
    logging.disable(logging.ERROR)
    with time_machine.travel(later(30), tick=False):
        yield world
    logging.disable(logging.NOTSET)
