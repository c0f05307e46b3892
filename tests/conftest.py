"""
The hostile house rules of the suite: a real PostgreSQL of its own, no network but this machine, no warning, no N+1, no
undefined variable in a template, no list without an order, a clock that is not in Paris. ``tests/test_house_rules.py``
makes sure that each of them bites.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.db.models import QuerySet
from django.template import engines
from pytest_django import Settings
from pytest_socket import socket_allow_hosts

QUEUE = "procrastinate_jobs, procrastinate_events, procrastinate_periodic_defers, procrastinate_workers"


NOT_OURS = {"current_site.name"}
"""What a library's own template names and its own view forgets."""


class UndefinedVariable(Exception):
    """A template names something that its view does not give."""


class UnorderedList(Exception):
    """Part of a list is taken, and nothing says which part."""


class _Undefined(str):
    """What Django writes for an undefined variable: here, a failure."""

    __slots__ = ()

    def __contains__(self, _part: object) -> bool:
        return True

    def __mod__(self, variable: object) -> str:
        if str(variable) in NOT_OURS:
            return ""
        raise UndefinedVariable(str(variable))


_take = QuerySet.__getitem__


def _part_of_an_ordered_list(queryset: QuerySet[Any], key: Any) -> Any:
    if isinstance(key, slice) and not queryset.ordered:
        raise UnorderedList(str(queryset.query))
    return _take(queryset, key)


@pytest.fixture(autouse=True)
def _house_rules(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {**settings.STORAGES["default"], "OPTIONS": {"location": str(tmp_path)}},
    }
    socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)
    monkeypatch.setattr(engines["django"].engine, "string_if_invalid", _Undefined("undefined"))
    monkeypatch.setattr(QuerySet, "__getitem__", _part_of_an_ordered_list)
    # The limits on sign-ups and sign-ins of one address are counted in the cache: tests share theirs.
    cache.clear()
    yield


@pytest.fixture(autouse=True, scope="session")
def _far_from_paris() -> Iterator[None]:
    """Whatever takes the machine's time for the time in Paris is half a day wrong."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "Pacific/Auckland"
    time.tzset()
    yield
    os.environ.pop("TZ")
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


@pytest.fixture(autouse=True)
def _empty_queue(request: pytest.FixtureRequest) -> Iterator[None]:
    """Forget the tasks that a test left waiting: Django's flush does not know the queue's tables."""
    marker = request.node.get_closest_marker("django_db")
    if marker is None or not marker.kwargs.get("transaction"):
        yield
        return
    request.getfixturevalue("transactional_db")
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {QUEUE} RESTART IDENTITY CASCADE")
