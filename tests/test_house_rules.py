"""Each house rule of the suite bites when it is provoked: a rule never seen biting is none."""

import os
import socket
import time
import warnings
from datetime import datetime
from pathlib import Path
from urllib.request import urlopen

import pytest
from django.core.files.storage import default_storage
from django.core.paginator import Paginator
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.test import Client
from django.test.utils import override_settings
from django.urls import path
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_socket import SocketConnectBlockedError
from zeal.errors import NPlusOneError

from obole.billing.models import Invoice
from obole.catalogue.queries import _compiled
from obole.directory.access import public
from obole.lib.dates import PARIS
from obole.lib.queue import defer
from obole.regies.models import Mandate
from tests.actors import somebody
from tests.advice import ADVICE
from tests.conftest import SecondConnection, UndefinedVariable, UnorderedList
from tests.races.crowd import at_once
from tests.world import make_invoice, make_town


def test_the_database_is_a_postgresql_of_the_suite_s_own() -> None:
    assert connection.vendor == "postgresql"
    assert "obole-tests-" in os.environ["OBOLE_TESTS_VAR"]


def test_the_world_cannot_be_reached() -> None:
    # The plugin says it by a warning too, and here a warning is a failure.
    for reach in (lambda: socket.create_connection(("192.0.2.1", 80), timeout=1), lambda: urlopen("http://192.0.2.1/")):
        with pytest.raises((SocketConnectBlockedError, UserWarning), match=r"192\.0\.2\.1"):
            reach()


def test_this_machine_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=1).close()


def test_a_warning_fails() -> None:
    with pytest.raises(UserWarning):
        warnings.warn("mind the step", UserWarning, stacklevel=1)


@pytest.mark.parametrize("source", ["{{ nobody }}", "{{ user.nothing }}", "{{ nobody|default:'x' }}"])
def test_an_undefined_variable_fails(source: str) -> None:
    template = engines["django"].from_string(source)
    with pytest.raises(UndefinedVariable):
        template.render({"user": "somebody"})


def test_a_variable_that_may_be_missing_can_be_asked_for() -> None:
    assert engines["django"].from_string("{% if nobody %}{{ nobody }}{% endif %}ok").render({}) == "ok"


@pytest.mark.django_db
def test_part_of_a_list_without_order_fails() -> None:
    with pytest.raises(UnorderedList):
        Mandate.objects.all()[:10]
    assert list(Mandate.objects.order_by("id")[:10]) == []
    assert Mandate.objects.first() is None


@pytest.mark.django_db
def test_a_list_by_pages_without_order_fails() -> None:
    with pytest.raises(Warning, match="unordered"):
        Paginator(Mandate.objects.all(), 10).page(1)


@public
def one_query_a_row(request: HttpRequest) -> HttpResponse:
    return HttpResponse(",".join(item.payer.last_name for item in Invoice.objects.order_by("id")))


handler500 = "obole.ui.errors.server_error"
urlpatterns = [path("n-plus-one", one_query_a_row)]


@pytest.mark.django_db(transaction=True)
@override_settings(ROOT_URLCONF="tests.test_house_rules")
def test_one_query_a_row_fails() -> None:
    town = make_town()
    for _n in range(3):
        make_invoice(town)
    with pytest.raises(NPlusOneError):
        Client().get("/n-plus-one")


@pytest.mark.django_db
def test_a_second_connection_to_what_is_rolled_back_fails() -> None:
    assert Mandate.objects.count() == 0
    assert [type(error) for error in at_once(Mandate.objects.count)] == [SecondConnection]


def test_a_broken_rule_says_what_to_do(request: pytest.FixtureRequest) -> None:
    def break_a_rule() -> None:
        engines["django"].from_string("{{ nobody }}").render({})

    call = pytest.CallInfo.from_call(break_a_rule, when="call")
    report = request.node.ihook.pytest_runtest_makereport(item=request.node, call=call)
    assert report.sections[-1] == ("What to do", ADVICE["UndefinedVariable"])
    ordinary = pytest.CallInfo.from_call(lambda: int("x"), when="call")
    assert not request.node.ihook.pytest_runtest_makereport(item=request.node, call=ordinary).sections


def test_the_machine_is_not_in_paris() -> None:
    now = time.time()
    here, paris = datetime.fromtimestamp(now).astimezone(), datetime.fromtimestamp(now, PARIS)
    assert time.tzname[0] == "NZST"
    assert here.utcoffset() != paris.utcoffset()


@pytest.mark.django_db
def test_the_database_is_not_in_paris() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW timezone")
        assert cursor.fetchone() == ("UTC",)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_a_test_finds_the_queue_and_the_file_store_empty(turn: int) -> None:
    assert not ProcrastinateJob.objects.exists()
    assert not Path(default_storage.location).exists()  # type: ignore[attr-defined]
    defer("payments.resolve", attempt_id=turn, actor=somebody("tests").as_json())
    assert ProcrastinateJob.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("time", ["once", "again"])
def test_no_pricing_is_remembered_from_an_earlier_test(time: str) -> None:
    assert _compiled.cache_info().currsize == 0
    make_invoice(make_town())
    assert _compiled.cache_info().currsize == 1
