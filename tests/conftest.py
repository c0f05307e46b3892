"""
The hostile house rules of the suite: a real PostgreSQL of its own, no network but this machine, no warning, no N+1, no
undefined variable in a template, no list without an order, a clock that is not in Paris. ``tests/test_house_rules.py``
makes sure that each of them bites.
"""

import os
import time
from collections.abc import Generator, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.models import QuerySet
from django.template import engines
from django.test import TransactionTestCase
from pytest_django import DjangoDbBlocker, Settings
from pytest_socket import socket_allow_hosts
from xdist.scheduler.loadscope import LoadScopeScheduling

from obole.catalogue import queries
from tests import database
from tests.advice import advice_for
from tests.world import build_town

NOT_OURS = {"current_site.name"}
"""What a library's own template names and its own view forgets."""


REAL = ("processes", "browser", "strace")
"""Marks of the tests that need more than one process: the second stage of `make test`."""
JOURNEYS = "tests/journeys"
OWN = {f"{JOURNEYS}/test_pricing.py"}
"""Journeys on an installation of their own."""
MONEY = {f"{JOURNEYS}/test_{name}.py" for name in ("demo", "money", "month", "outage")}
"""Journeys that share one demonstration; the others share a second one."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--stage", choices=["unit", "system"], help="only what one process can try, or only the rest")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    stage = config.getoption("--stage")
    if stage is None:
        return
    chosen = [item for item in items if _needs_processes(item) is (stage == "system")]
    config.hook.pytest_deselected(items=[item for item in items if _needs_processes(item) is not (stage == "system")])
    # A long test that begins last makes everybody wait for it.
    items[:] = sorted(chosen, key=lambda item: item.get_closest_marker("long") is None)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    """Let what shares a demonstration run on one worker: loading it takes longer than what is tried on it."""
    return Sharing(config, log) if config.getoption("--stage") == "system" else None


class Sharing(LoadScopeScheduling):
    """Gives a worker one test at a time, or all those that share a demonstration, which come first."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        if not path.startswith(JOURNEYS) or path in OWN:
            return nodeid
        return "money" if path in MONEY else "people"


def _needs_processes(item: pytest.Item) -> bool:
    return any(item.get_closest_marker(mark) for mark in REAL)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed and call.excinfo and (told := advice_for(call.excinfo.value)):
        report.sections.append(("What to do", told))
    return report


class UndefinedVariable(Exception):
    """A template names something that its view does not give."""


class UnorderedList(Exception):
    """Part of a list is taken, and nothing says which part."""


class SecondConnection(Exception):
    """A thread asks the database during a test that rolls back: it would see nothing, and leave what it writes."""


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


@pytest.fixture(scope="session")
def folder_of_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return folders that are not there yet: most tests keep no file, and five thousand folders take a minute."""
    root = tmp_path_factory.mktemp("files")
    return (root / str(number) for number in count())


@pytest.fixture(autouse=True)
def _house_rules(
    settings: Settings, folder_of_files: Iterator[Path], monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {**settings.STORAGES["default"], "OPTIONS": {"location": str(next(folder_of_files))}},
    }
    socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)
    monkeypatch.setattr(engines["django"].engine, "string_if_invalid", _Undefined("undefined"))
    monkeypatch.setattr(QuerySet, "__getitem__", _part_of_an_ordered_list)
    # The limits on sign-ups and sign-ins of one address are counted in the cache: tests share theirs.
    cache.clear()
    # A test that empties the tables begins the numbers anew, and the clock of tests stands still: a pricing kept by its
    # number and its instant could be that of an earlier test.
    queries.forget_compiled_pricings()
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


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: DjangoDbBlocker
) -> None:
    """Copy the database that one process of the run builds, instead of migrating one for each."""
    with django_db_blocker.unblock():
        connection.settings_dict["TEST"]["TEMPLATE"] = database.built_once(_kept_aside)


def _kept_aside() -> database.Builders:
    from tests.crm.desk import Desk  # noqa: PLC0415 - only one process builds it

    return {"town": build_town, "desk": lambda: Desk(build_town())}


@pytest.fixture(autouse=True, scope="session")
def _one_connection() -> Iterator[None]:
    """Refuse a second connection to what a test will roll back."""
    ours = connections["default"]

    def refuse(*, connection: BaseDatabaseWrapper, **_values: Any) -> None:
        if connection is not ours and connection.alias == ours.alias and _rolls_back(ours):
            connection.close()
            raise SecondConnection

    connection_created.connect(refuse)
    yield
    connection_created.disconnect(refuse)


def _rolls_back(ours: BaseDatabaseWrapper) -> bool:
    return bool(ours.atomic_blocks) and ours.atomic_blocks[0]._from_testcase


@pytest.fixture(autouse=True, scope="session")
def _erase_quickly() -> Iterator[None]:
    """Empty the tables that a test which commits has written, the queue's too; Django's flush knows only its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _test: database.erase())
        yield
