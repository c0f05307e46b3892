"""What is never sent, who comes back without a session, and the network: F37, F38, F40, F41, F42, F44."""

import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
import trustme
from django.db import connection
from django.test import Client
from lxml import etree

from obole.gateways.base import Outcome, Status, Unreachable
from obole.gateways.payfip import soap
from obole.gateways.payfip.words import LIMITS
from obole.gateways.sandbox.gateway import Sandbox
from obole.lib import actors, texts
from obole.payments import operations as payments, rules
from obole.payments.models import Attempt, BankExchange
from obole.payments.operations import starting
from obole.portal.views import pay_return as view
from tests.faults.steps import NOTIFICATION, RED, return_page
from tests.gateways.payfip.bank import IDOP, Bank, Reply, payfip, recording, start_bank
from tests.payfip_simulator.live import RunningSimulator
from tests.payments.steps import assert_paid_once, pay, state_of
from tests.portal.conftest import Clock, bill, row_counts, signed_in, text_of
from tests.world import Town, make_invoice, run_tasks

pytestmark = pytest.mark.django_db
PAID = recording("paid.xml")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Watch the door of the bank: the amounts that were sent."""
    sent: list[int] = []
    start = Sandbox.start

    def watched(self: Sandbox, order: Any) -> Any:
        sent.append(order.amount_cents)
        return start(self, order)

    monkeypatch.setattr(Sandbox, "start", watched)
    return sent


def f37(town: Town, started: list[int], cents: int, sentence: str) -> None:
    invoice, browser = bill(town, cents), signed_in(town.citizen)
    before = row_counts()
    answer = browser.post(f"/mes-factures/{invoice.public_id}/payer/", {"request_key": texts.token()})
    assert (started, row_counts()) == ([], before)
    assert sentence in text_of(browser.get(answer["Location"]))
    assert sentence in text_of(browser.get(f"/mes-factures/{invoice.public_id}/payer/"))


REFUSED = [(1, "commencent à 1,00 €"), (99, "commencent à 1,00 €"), (100_000_00, "s’arrêtent à 99 999,99 €")]


@pytest.mark.parametrize(("cents", "sentence"), REFUSED)
def test_f37_an_amount_that_the_bank_does_not_take_is_explained_and_never_sent(
    town: Town, clock: Clock, started: list[int], cents: int, sentence: str
) -> None:
    f37(town, started, cents, sentence)


@pytest.mark.parametrize("cents", [100, 101, 99_999_99])
def test_f37_the_smallest_and_the_largest_amounts_are_sent(
    town: Town, clock: Clock, started: list[int], cents: int
) -> None:
    assert pay(bill(town, cents)).state == "waiting"
    assert started == [cents]
    assert rules.is_payable(cents, LIMITS)


@pytest.mark.parametrize(("cents", "sentence"), [REFUSED[1], REFUSED[2]])
def test_neg_f37_without_the_limits_it_is_sent(
    town: Town, clock: Clock, started: list[int], monkeypatch: pytest.MonkeyPatch, cents: int, sentence: str
) -> None:
    monkeypatch.setattr(starting, "obstacle_of", lambda _invoice, **_part: None)
    with pytest.raises(RED):
        f37(town, started, cents, sentence)


def f38(town: Town, started: list[int], email: str) -> None:
    type(town.citizen).objects.filter(pk=town.citizen.pk).update(email=email)
    invoice, browser = make_invoice(town), signed_in(town.citizen)
    address = f"/mes-factures/{invoice.public_id}/payer/"
    for answer in (browser.get(address), browser.post(address, {"request_key": texts.token()})):
        assert answer.status_code == 200
        assert "Adresse électronique pour ce paiement" in text_of(answer)
    assert started == []
    answer = browser.post(address, {"request_key": texts.token(), "email": "moi@example.org"})
    assert answer["Location"] == Attempt.objects.get().gateway_url
    town.citizen.refresh_from_db()
    assert (Attempt.objects.get().email, town.citizen.email) == ("moi@example.org", email), "for this payment only"


EMAILS = ["", "é@example.org", f"{'x' * 60}@{'y' * 20}.example.org"]


@pytest.mark.parametrize("email", EMAILS)
def test_f38_without_a_usable_address_one_is_asked_before_leaving(
    town: Town, clock: Clock, started: list[int], email: str
) -> None:
    f38(town, started, email)


@pytest.mark.parametrize("email", EMAILS)
def test_neg_f38_without_the_look_at_the_address_it_is_sent(
    town: Town, clock: Clock, started: list[int], monkeypatch: pytest.MonkeyPatch, email: str
) -> None:
    monkeypatch.setattr(rules, "is_usable_email", lambda _email, _limits: True)
    with pytest.raises(RED):
        f38(town, started, email)


def f40(town: Town) -> None:
    """The session is gone, and the bank sends people back by POST from its own site."""
    invoice = make_invoice(town)
    attempt = pay(invoice)
    before = row_counts()
    guarded = Client(enforce_csrf_checks=True, headers={"origin": "https://www.payfip.gouv.fr"})
    address = f"/paiements/retour/{attempt.public_id}/"
    answer = guarded.post(f"{address}?idop=x", {"idop": "forged", "resultrans": "P", "montant": "1"})
    assert answer.status_code == 303
    assert (answer["Location"], row_counts()) == (address, before)
    page = text_of(guarded.get(address))
    assert "Paiement reçu" in page and "52,00 €" in page
    for secret in (invoice.public_id, str(invoice.number), "Lefèvre", "usager@example.org", attempt.reference):
        assert secret not in page
    assert guarded.get("/paiements/retour/inconnu/").status_code == 404


def test_f40_a_return_by_post_without_a_session_works_and_shows_the_least(town: Town, clock: Clock) -> None:
    f40(town)


def test_neg_f40_without_the_exemption_the_payer_is_turned_away(
    town: Town, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view.pay_return, "csrf_exempt", False)
    with pytest.raises(RED):
        f40(town)


SLOW_SECONDS = 0.6


def f41(town: Town, simulator: RunningSimulator) -> None:
    attempts = [pay(make_invoice(town, meals=1)) for _n in range(3)]
    simulator.control(latency_ms=int(SLOW_SECONDS * 1000))
    asked, began = simulator.calls(), time.monotonic()
    for attempt in attempts * 4:
        assert Client().post(NOTIFICATION, {"idop": attempt.gateway_reference}).status_code == 200
    assert time.monotonic() - began < SLOW_SECONDS * 4
    assert simulator.calls() == asked, "the web asks the bank nothing: the queue does"
    assert Client().get("/").status_code == 200


def test_f41_a_slow_bank_slows_no_notification_and_no_page(payfip_town: Town, simulator: RunningSimulator) -> None:
    f41(payfip_town, simulator)


@pytest.mark.django_db(transaction=True)
def test_f41_while_the_bank_is_asked_the_database_connection_is_free(
    payfip_town: Town, simulator: RunningSimulator, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt, held = pay(make_invoice(payfip_town)), []
    post = soap.post

    def watched(*args: Any, **values: Any) -> Any:
        held.append(connection.connection)
        return post(*args, **values)

    monkeypatch.setattr(soap, "post", watched)
    return_page(attempt)
    assert held == [None]


def test_neg_f41_a_question_inside_the_request_makes_the_bank_wait_for_everybody(
    payfip_town: Town, simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def inline(*, gateway_reference: str, at: Any, **_values: Any) -> bool:
        known = Attempt.objects.get(gateway_reference=gateway_reference)
        payments.resolve_attempt(attempt_id=known.pk, actor=actors.gateway("payfip"), at=at)
        return True

    monkeypatch.setattr(payments, "record_notification", inline)
    with pytest.raises(RED):
        f41(payfip_town, simulator)


def _echo(question: bytes) -> Reply:
    idop = etree.fromstring(question).findtext(".//idOp")
    assert idop is not None
    return Reply(PAID.replace(IDOP.encode(), idop.encode()).replace(b"CANTINE2026001", idop[:8].upper().encode()))


def f42(bank: Bank) -> None:
    bank.reply = _echo
    gateway, barrier = payfip(bank), Barrier(8)

    def ask_often(number: int) -> tuple[int, list[Outcome]]:
        barrier.wait()
        return id(soap._session()), [gateway.ask(f"{number:04x}{turn:04x}{IDOP[8:]}") for turn in range(25)]

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask_often, range(8)))
    for number, (_client, outcomes) in enumerate(answers):
        assert [outcome.facts["reference"] for outcome in outcomes] == [f"{number:04X}{turn:04X}" for turn in range(25)]
    assert len(bank.asked) == 200
    assert len({client for client, _outcomes in answers}) == 8, "a session belongs to one thread"


def test_f42_eight_threads_each_get_their_own_answers(bank: Bank) -> None:
    f42(bank)


def test_neg_f42_one_session_for_all_threads_is_seen(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = soap._session()
    monkeypatch.setattr(soap, "_session", lambda: shared)
    with pytest.raises((AssertionError, KeyError, Unreachable)):
        f42(bank)


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


def secure(authority: trustme.CA, newest: ssl.TLSVersion | None = None, name: str = "127.0.0.1") -> Any:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    if newest is not None:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = newest
    return start_bank("https", lambda sock: context.wrap_socket(sock, server_side=True))


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[trustme.CA]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "authority.pem"))
    yield authority


def f44_refused(bank: Bank, words: str) -> None:
    bank.says("paid.xml")
    with pytest.raises(Unreachable) as caught:
        payfip(bank).ask(IDOP)
    assert words in str(caught.value)
    assert bank.asked == []


def test_f44_a_certificate_that_nobody_signed_is_refused(
    authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with secure(authority) as bank:
        f44_refused(bank, "certificate")


def test_f44_a_certificate_of_another_host_is_refused(trusted: trustme.CA) -> None:
    with secure(trusted, name="autre.example") as bank:
        f44_refused(bank, "certificate")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_f44_an_old_tls_is_refused(trusted: trustme.CA) -> None:
    with secure(trusted, newest=ssl.TLSVersion.TLSv1_1) as bank:
        f44_refused(bank, "SSL")


def test_f44_a_certificate_that_is_trusted_is_taken_in_time(trusted: trustme.CA) -> None:
    with secure(trusted) as bank:
        bank.says("paid.xml")
        assert payfip(bank).ask(IDOP).status is Status.PAID_BY_CARD
        bank.reply = Reply(PAID, drip=0.05)
        began = time.monotonic()
        with pytest.raises(Unreachable):
            payfip(bank, timeout=0.4).ask(IDOP)
        assert time.monotonic() - began < 2


def test_f44_the_address_is_a_setting_and_no_description_is_fetched(bank: Bank) -> None:
    bank.says("paid.xml")
    payfip(bank).ask(IDOP)
    assert len(bank.asked) == 1


@pytest.mark.filterwarnings("ignore")
def test_neg_f44_without_the_check_of_the_certificate_anybody_is_the_bank(
    authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    post = soap.requests.Session.post

    def careless(self: Any, *args: Any, **values: Any) -> Any:
        return post(self, *args, **{**values, "verify": False})

    monkeypatch.setattr(soap.requests.Session, "post", careless)
    with secure(authority) as bank, pytest.raises((AssertionError, pytest.fail.Exception)):
        f44_refused(bank, "certificate")


def test_f41_a_storm_on_one_payment_is_one_question(payfip_town: Town, simulator: RunningSimulator) -> None:
    attempt = pay(make_invoice(payfip_town))
    simulator.pay(attempt.gateway_reference or "", "P", notify=False)
    asked = simulator.calls().get("detail", 0)
    for _ring in range(40):
        Client().post(NOTIFICATION, {"idop": attempt.gateway_reference})
    run_tasks()
    assert simulator.calls().get("detail", 0) == asked + 1
    assert BankExchange.objects.filter(kind="notification").count() == 20
    assert state_of(attempt) == "paid"
    assert_paid_once(attempt.invoice, attempt)
