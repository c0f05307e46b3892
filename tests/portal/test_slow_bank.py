"""A bank that takes seconds: who waits for it takes some of the threads, and never all."""

import threading
from collections.abc import Iterator

import pytest
from django.test import Client

from obole.lib import texts
from obole.lib.bulkhead import Bulkhead, NoPlace
from obole.payments import operations as payments
from obole.payments.models import Attempt
from obole.portal import payment_flow
from tests.portal.conftest import text_of
from tests.world import NOON, WHO, Town, make_invoice

pytestmark = pytest.mark.django_db


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let others wait for the bank on every place."""
    monkeypatch.setattr(payment_flow, "AT_THE_BANK", Bulkhead(1))
    monkeypatch.setattr(payment_flow, "START_PATIENCE", 0.05)
    with payment_flow.AT_THE_BANK.place(seconds=0):
        yield


def test_a_place_is_given_back_whatever_happens_and_waited_for_no_longer_than_told() -> None:
    places, met = Bulkhead(1), threading.Event()

    def wait() -> None:
        with places.place(seconds=0):
            met.set()

    with pytest.raises(ZeroDivisionError), places.place(seconds=0):
        with pytest.raises(NoPlace), places.place(seconds=0.01):
            raise AssertionError("two on one place")
        1 / 0  # noqa: B018 - what fails gives its place back
    thread = threading.Thread(target=wait)
    thread.start()
    thread.join(5)
    assert met.is_set()


@pytest.mark.usefixtures("full")
def test_one_more_payer_is_told_at_once_and_nothing_begins(town: Town, browser: Client) -> None:
    one, two = make_invoice(town), make_invoice(town)
    page = browser.post(f"/mes-factures/{one.public_id}/payer/", {"request_key": texts.token()}, follow=True)
    assert "La banque est très lente" in text_of(page)
    ids = [one.public_id, two.public_id]
    both = {"request_key": texts.token(), "facture": ids, "total": "10400"}
    assert "La banque est très lente" in text_of(browser.post("/mes-factures/payer-ensemble/", both))
    assert not Attempt.objects.exists()


def test_who_comes_back_meanwhile_reads_that_it_is_being_confirmed(
    town: Town, browser: Client, request: pytest.FixtureRequest
) -> None:
    attempt = payments.start_payment(
        invoice_id=make_invoice(town).pk, email="usager@example.org", request_key="k", actor=WHO, at=NOON
    )
    request.getfixturevalue("full")
    page = text_of(browser.get(f"/paiements/retour/{attempt.public_id}/"))
    assert "ne payez pas une seconde fois" in page and 'http-equiv="refresh"' in page
    attempt.refresh_from_db()
    assert attempt.state == "waiting"
