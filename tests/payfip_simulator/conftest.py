"""A simulator in the process for most tests, a live one for those that need the network."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from payfip_simulator.app import create_app
from payfip_simulator.bank import Bank
from tests.payfip_simulator.caller import Caller
from tests.payfip_simulator.creditor import Creditor, start_creditor
from tests.payfip_simulator.live import RunningSimulator, start_simulator


@pytest.fixture
def app() -> Iterator[Flask]:
    """Build a simulator in the process, whose notifications are only kept."""
    app = create_app()
    yield app
    app.extensions["bank"].store.close()


@pytest.fixture
def bank(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Bank:
    """Return the bank, deaf: its notifications go to `bank.knocks`."""
    bank: Bank = app.extensions["bank"]
    monkeypatch.setattr(bank.notifier, "knock", lambda knock, **options: None)
    monkeypatch.setattr(bank.notifier, "visit", lambda url: None)
    return bank


@pytest.fixture
def browser(app: Flask, bank: Bank) -> FlaskClient:
    """Return a payer's browser."""
    return app.test_client()


@pytest.fixture
def caller(browser: FlaskClient) -> Caller:
    """Return a caller of the web service in the process."""

    def post(path: str, body: bytes) -> tuple[int, bytes]:
        response = browser.post(path, data=body, content_type="text/xml; charset=utf-8")
        return response.status_code, response.data

    return Caller(post)


@pytest.fixture
def open_page(browser: FlaskClient) -> Callable[[str], str]:
    """Open the payment page of an idop and return the address where one lands."""

    def open_it(idop: str) -> str:
        response = browser.get("/tpa/paiementws.web", query_string={"idop": idop})
        assert response.status_code == 303, response.text
        return str(response.location)

    return open_it


@pytest.fixture(scope="session")
def running() -> Iterator[RunningSimulator]:
    """Start one live simulator for all the tests of this folder."""
    with start_simulator() as simulator:
        yield simulator


@pytest.fixture
def live(running: RunningSimulator) -> RunningSimulator:
    """Return the live simulator, empty and without incident."""
    running.reset(payments=True, clients=True)
    return running


@pytest.fixture
def live_caller(live: RunningSimulator) -> Caller:
    """Return a caller of the live web service."""

    def post(path: str, body: bytes) -> tuple[int, bytes]:
        response = live.call("POST", path, data=body, headers={"Content-Type": "text/xml; charset=utf-8"})
        return response.status_code, response.content

    return Caller(post)


@pytest.fixture
def creditor() -> Iterator[Creditor]:
    """Start a creditor's site."""
    with start_creditor() as creditor:
        yield creditor
