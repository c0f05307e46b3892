"""What is counted, for how long, and that two at once are two."""

from datetime import timedelta

import pytest
from django.core.cache.backends.db import DatabaseCache
from django.db import connection
from django.http import HttpRequest

from obole.lib.client_address import client_address
from obole.limits import operations as limits
from obole.limits.models import Meter
from obole.limits.rules import Patience, Quota, TooMany, network_of
from tests.races.crowd import EIGHT, at_once
from tests.world import NOON

THREE = Quota(name="t.quota", most=3, per=timedelta(minutes=3))
GUESS = Patience(
    name="t.guess",
    tries=3,
    first_wait=timedelta(seconds=10),
    longest_wait=timedelta(seconds=60),
    forgotten_after=timedelta(hours=1),
)


@pytest.mark.django_db
def test_what_was_used_comes_back_little_by_little() -> None:
    for _n in range(3):
        limits.use(THREE, "a", at=NOON)
    with pytest.raises(TooMany) as refused:
        limits.use(THREE, "a", at=NOON)
    assert (refused.value.seconds, "60 secondes" in refused.value.sentence) == (60, True)
    limits.use(THREE, "b", at=NOON)
    limits.use(THREE, "a", at=NOON + timedelta(seconds=60))
    with pytest.raises(TooMany):
        limits.use(THREE, "a", at=NOON + timedelta(seconds=61))
    limits.give_back(THREE, "a", at=NOON + timedelta(seconds=61))
    limits.use(THREE, "a", at=NOON + timedelta(seconds=61))
    for _n in range(3):
        limits.use(THREE, "a", at=NOON + timedelta(hours=1))


@pytest.mark.django_db
def test_more_than_all_of_it_is_never_taken() -> None:
    with pytest.raises(TooMany):
        limits.use(THREE, "a", at=NOON, cost=4)
    limits.use(THREE, "a", at=NOON, cost=3)
    with pytest.raises(TooMany) as refused:
        limits.use(THREE, "a", at=NOON, cost=2)
    assert refused.value.seconds == 120


@pytest.mark.django_db
def test_each_guess_waits_twice_as_long_as_the_one_before() -> None:
    at, waits = NOON, []
    for _n in range(8):
        limits.try_once(GUESS, "a", at=at)
        with_wait = at
        try:
            limits.try_once(GUESS, "a", at=at)
            continue
        except TooMany as early:
            waits.append(early.seconds)
            at = with_wait + early.wait
    assert waits[:5] == [10, 20, 40, 60, 60]
    limits.try_once(GUESS, "b", at=at)
    later = at + timedelta(hours=2)
    for _n in range(3):
        limits.try_once(GUESS, "a", at=later)
    limits.forgive((GUESS, "a"))
    limits.try_once(GUESS, "a", at=later)


@pytest.mark.django_db(transaction=True)
def test_of_eight_at_once_no_more_pass_than_may() -> None:
    for act in (lambda: limits.use(THREE, "a", at=NOON), lambda: limits.try_once(GUESS, "a", at=NOON)):
        answers = at_once(*[act] * EIGHT)
        assert [type(answer) for answer in answers].count(TooMany) == EIGHT - 3


@pytest.mark.django_db
def test_what_is_empty_is_dropped_and_nobody_is_named() -> None:
    limits.use(THREE, "maire@valbourg.example", at=NOON)
    limits.try_once(GUESS, "203.0.113.9", at=NOON)
    assert not [meter for meter in Meter.objects.values_list("key", flat=True) if "@" in meter or "." in meter]
    assert limits.purge(at=NOON + timedelta(minutes=2)) == 1
    assert limits.purge(at=NOON + timedelta(hours=2)) == 1


@pytest.mark.django_db
def test_no_commit_waits_for_the_disk_because_of_a_counter() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, relpersistence FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relname IN ('limits_meter', 'limits_cache')"
        )
        assert dict(cursor.fetchall()) == {"limits_meter": "u", "limits_cache": "u"}


@pytest.mark.django_db
def test_the_libraries_have_one_memory_for_every_process() -> None:
    shared = DatabaseCache("limits_cache", {})
    assert shared.add("code", 1) and not DatabaseCache("limits_cache", {}).add("code", 2)
    assert shared.get("code") == 1


@pytest.mark.parametrize(
    ("peer", "said", "proxies", "address"),
    [
        ("203.0.113.7", "", [], "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", ["127.0.0.1/32"], "203.0.113.7"),
        ("127.0.0.1", "198.51.100.1", ["127.0.0.1/32"], "198.51.100.1"),
        ("127.0.0.1", "6.6.6.6, 198.51.100.1", ["127.0.0.1/32"], "198.51.100.1"),
        ("127.0.0.1", "6.6.6.6, 198.51.100.1, 10.0.0.5", ["127.0.0.1/32", "10.0.0.0/24"], "198.51.100.1"),
        ("127.0.0.1", "10.0.0.9", ["127.0.0.1/32", "10.0.0.0/24"], "10.0.0.9"),
        ("", "198.51.100.1", [], "198.51.100.1"),
        ("127.0.0.1", "", ["127.0.0.1/32"], "127.0.0.1"),
        ("127.0.0.1", "198.51.100.1:4711", ["127.0.0.1/32"], "198.51.100.1"),
        ("::1", "[2001:db8::1]:4711", ["::1/128"], "2001:db8::1"),
        ("::ffff:127.0.0.1", "198.51.100.1", ["127.0.0.1/32"], "198.51.100.1"),
        ("127.0.0.1", "unknown", ["127.0.0.1/32"], "unknown"),
    ],
)
def test_who_asks(peer: str, said: str, proxies: list[str], address: str, settings: pytest.FixtureRequest) -> None:
    settings.PROXIES = proxies  # type: ignore[attr-defined]
    request = HttpRequest()
    request.META = {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": said}
    assert client_address(request) == address


def test_a_subscriber_of_ipv6_is_one_and_the_machine_itself_is_nobody() -> None:
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff") != network_of("2001:db8:0:1::1")
    assert [network_of(odd) for odd in ("127.0.0.1", "::1", "unknown", "")] == [""] * 4
