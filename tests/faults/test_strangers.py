"""Notifications of payments that nobody knows, by the thousand: F09. Counted, bounded, and never in a true one's way."""

import logging
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob

from obole.api import strangers, views
from obole.api.strangers import Strangers
from obole.payments import operations as payments
from obole.payments import queries
from obole.payments.models import Attempt, BankExchange, UnknownRings
from tests.crm.desk import browser, text_of
from tests.faults.steps import NOTIFICATION, RED
from tests.gateways.payfip.bank import IDOP
from tests.payments.steps import pay
from tests.portal.conftest import Clock
from tests.races.crowd import eight
from tests.world import Town, later, make_invoice

pytestmark = pytest.mark.django_db(transaction=True)
FLOODER, OTHER = "203.0.113.7", "198.51.100.9"


@pytest.fixture(autouse=True)
def _fresh_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one process holds in memory is not another's."""
    monkeypatch.setattr(strangers, "STRANGERS", Strangers())


def ring(idop: str = "", address: str = FLOODER, **headers: str) -> None:
    answer = Client(REMOTE_ADDR=address, headers=headers).post(NOTIFICATION, {"idop": idop or str(uuid.uuid4())})
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, b"OK", "text/plain")


def seen(clock: Clock) -> tuple[int, int]:
    told = queries.unknown_rings(at=clock.at)
    return told.rings, told.insistent


def f09_counted(clock: Clock) -> None:
    """One address rings 200 times and another 3 times: all are counted, the insistent ones as such."""
    for _n in range(200):
        ring()
    for _n in range(3):
        ring(address=OTHER)
    assert seen(clock) == (203, 170)
    assert Client().get("/health").json()["unknown_notifications_24h"] == 203


def test_f09_unknown_payments_are_counted_whoever_rings(town: Town, clock: Clock) -> None:
    f09_counted(clock)
    clock.pass_(hours=26)
    assert seen(clock) == (0, 0)


@pytest.mark.parametrize("guard", ["count", "address"])
def test_neg_f09_without_the_count_or_the_look_at_who_rings_the_figures_are_wrong(
    town: Town, clock: Clock, monkeypatch: pytest.MonkeyPatch, guard: str
) -> None:
    if guard == "count":
        monkeypatch.setattr(Strangers, "count", lambda *_args, **_values: None)
    else:
        monkeypatch.setattr(strangers, "address_of", lambda _request: "everybody")
    with pytest.raises(RED):
        f09_counted(clock)


def f09_cost(clock: Clock) -> None:
    """Beyond its limit, an address costs one look a ring, and one write in ten seconds: no job, no call."""
    for _n in range(strangers.MOST_OF_ONE_ADDRESS + 1):
        ring()
    with CaptureQueriesContext(connection) as asked:
        for _n in range(50):
            ring()
    said = [one["sql"] for one in asked.captured_queries]
    assert len(said) == 50 and all(sql.startswith("SELECT") for sql in said)
    assert seen(clock) == (31, 1)
    clock.pass_(seconds=10)
    ring()
    assert seen(clock) == (82, 52)


def test_f09_an_address_that_insists_costs_one_look_a_ring(town: Town, clock: Clock) -> None:
    f09_cost(clock)


def test_neg_f09_without_the_limit_of_an_address_each_ring_is_a_write(
    town: Town, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("obole.lib.limits.Limit.allows", lambda *_args, **_values: True)
    with pytest.raises(RED):
        f09_cost(clock)


def f09_crowd(clock: Clock) -> None:
    """A thousand addresses, once each: the writes of one process are bounded, and the next minute tells them all."""
    with CaptureQueriesContext(connection) as asked:
        for n in range(300):
            strangers.STRANGERS.count(f"2001:db8::{n:x}", at=clock.at)
    assert len(asked) <= 60 + 5
    clock.pass_(minutes=1)
    strangers.STRANGERS.count("2001:db8::1", at=clock.at)
    assert seen(clock) == (301, 0)


def test_f09_a_crowd_of_addresses_is_bounded_too(town: Town, clock: Clock) -> None:
    f09_crowd(clock)


def test_neg_f09_without_the_limit_of_a_process_a_crowd_writes_each_time(
    town: Town, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strangers, "MOST_WRITES", 10_000)
    monkeypatch.setattr(strangers, "STRANGERS", Strangers())
    with pytest.raises(RED):
        f09_crowd(clock)


@pytest.fixture
def known(town: Town) -> Attempt:
    attempt = pay(make_invoice(town))
    Attempt.objects.filter(pk=attempt.pk).update(gateway_reference=IDOP)
    ProcrastinateJob.objects.all()._raw_delete("default")
    return attempt


def f09_known(known: Attempt) -> None:
    """The flood and the bank come from one address, as behind a proxy that names nobody: the true ring is kept."""
    for _n in range(100):
        ring()
    ring(IDOP)
    assert BankExchange.objects.filter(attempt=known, kind="notification").count() == 1
    assert ProcrastinateJob.objects.get().args["attempt_id"] == known.pk


def test_f09_a_flood_never_keeps_a_true_notification_out(known: Attempt, clock: Clock) -> None:
    f09_known(known)


def test_neg_f09_a_limit_before_the_look_keeps_the_bank_out(
    known: Attempt, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    look, limit = payments.record_doorbell, strangers.Limit(most=30, every=timedelta(minutes=1))

    def limited(**values: Any) -> bool:
        return limit.allows(FLOODER, at=clock.at) and look(**values)

    monkeypatch.setattr(views.payments, "record_doorbell", limited)
    with pytest.raises(RED):
        f09_known(known)


def test_f09_nothing_of_what_was_sent_nor_who_sent_it_is_written(
    town: Town, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    idop = str(uuid.uuid4())
    with caplog.at_level(logging.DEBUG):
        for _n in range(strangers.MOST_OF_ONE_ADDRESS + 5):
            ring(idop, **{"x-forwarded-for": OTHER})
    logged = " ".join(one.getMessage() for one in caplog.records if one.name.startswith("obole"))
    kept = str(list(UnknownRings.objects.values()))
    for secret in (idop, FLOODER, OTHER):
        assert secret not in logged + kept


@pytest.mark.parametrize(
    ("connected", "named", "who"),
    [
        (FLOODER, "", FLOODER),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", OTHER, OTHER),
        ("", f"9.9.9.9, {OTHER}", OTHER),
        ("::1", f"{OTHER}, ", "::1"),
        (FLOODER, OTHER, FLOODER),
        ("127.0.0.1", "x" * 5000, "x" * 45),
    ],
)
def test_f09_who_rings_is_who_the_proxy_beside_us_names(
    town: Town, clock: Clock, monkeypatch: pytest.MonkeyPatch, connected: str, named: str, who: str
) -> None:
    addresses: list[str] = []
    monkeypatch.setattr(Strangers, "count", lambda _self, address, at: addresses.append(address))
    ring(address=connected, **({"x-forwarded-for": named} if named else {}))
    assert addresses == [who]


def test_f09_eight_processes_that_count_at_once_lose_no_ring(town: Town) -> None:
    assert not [one for one in eight(lambda: payments.count_unknown_rings(rings=5, insistent=2, at=later(1))) if one]
    row = UnknownRings.objects.get()
    assert (row.rings, row.insistent) == (40, 16)


def test_f09_old_counts_are_forgotten(town: Town) -> None:
    payments.count_unknown_rings(rings=1, insistent=0, at=later(0))
    payments.look_around(at=later(60 * 24 * 30))
    assert UnknownRings.objects.exists()
    payments.look_around(at=later(60 * 24 * 32))
    assert not UnknownRings.objects.exists()


def test_f09_the_administrator_reads_how_many(town: Town, clock: Clock) -> None:
    clock.at = later(60)
    admin = browser(town.admin)
    assert "inconnue" not in text_of(admin.get("/crm/parametrage/"))
    payments.count_unknown_rings(rings=1, insistent=0, at=clock.at)
    assert "1 notification inconnue depuis 24 heures" in text_of(admin.get("/crm/parametrage/"))
    payments.count_unknown_rings(rings=1233, insistent=1200, at=clock.at)
    page = text_of(admin.get("/crm/parametrage/"))
    assert "1234 notifications inconnues depuis 24 heures" in page
    assert "1200 viennent d’adresses qui insistent" in page
