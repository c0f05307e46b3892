"""Whatever stands in an address, of any door, is a page or is not there: never a failure."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.crm.desk import browser
from tests.world import make_town

pytestmark = pytest.mark.django_db

ODD = {"nul": "%00", "among": "a%00b", "long": "a" * 10_000, "figures": "9" * 10_000, "huge": "9" * 40, "del": "%7F"}
SOLID = {404, 302, 303, 405, 410}
POLITE = "compte/"
"""allauth's own pages say in words that a link is no good."""
UNREADABLE = {"nul", "among", "long", "figures"}


def routes(resolver: Any = None, prefix: str = "") -> Iterator[tuple[str, ...]]:
    """Return every address of the product as its pieces, with a gap where something of the caller's stands."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, route)
        elif isinstance(pattern, URLPattern):
            yield tuple(_gap(route))


def _gap(route: str) -> Iterator[str]:
    yield from re.split(r"<[^>]+>|\(\?P<[^>]+>[^)]*\)", route.removesuffix("$").replace("^", "").replace("\\", ""))


@pytest.fixture(params=["citizen", "admin"])
def client(request: pytest.FixtureRequest) -> Client:
    town = make_town()
    if request.param == "admin":
        return browser(town.admin)
    client = Client()
    client.force_login(town.citizen.user)
    return client


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_address_is_not_there(client: Client, odd: str) -> None:
    client.raise_request_exception = False
    asked = 0
    for pieces in routes():
        address = "/" + ODD[odd].join(pieces)
        if len(pieces) > 1:
            asked += 1
            for method in (client.get, client.post):
                answer = method(address)
                polite = pieces[0].startswith(POLITE) and odd not in UNREADABLE and answer.status_code == 200
                assert polite or answer.status_code in SOLID, f"{address[:80]}: {answer.status_code}"
        elif len(ODD[odd]) > 1_000:
            answer = client.get(f"{address}?q={ODD[odd]}&page={ODD[odd]}")
            assert answer.status_code == 404, address
    assert asked > 50


ASKED = ("q", "page", "sort", "state", "du", "au", "regie", "next")


@pytest.mark.parametrize("odd", ["9" * 40, "😀é'\"\\", "-1", "٣", "a" * 400, "\x00"])
def test_an_odd_question_is_answered(client: Client, odd: str) -> None:
    client.raise_request_exception = False
    for pieces in routes():
        if len(pieces) == 1:
            answer = client.get("/" + pieces[0], dict.fromkeys(ASKED, odd))
            assert answer.status_code != 500, f"{pieces[0]}: {odd[:20]}"
