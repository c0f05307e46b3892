"""In every test of the room, whatever it did: rows are taken in one order, and the books are right afterwards."""

from collections.abc import Iterator

import pytest

from obole.regies.models import Regie
from tests.books import check_books
from tests.locks import one_order
from tests.payfip_simulator.live import RunningSimulator, start_simulator
from tests.world import Town, make_town


@pytest.fixture(autouse=True)
def _books_are_right(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.node.get_closest_marker("django_db") is None:
        yield
        return
    request.getfixturevalue("db")
    with one_order():
        yield
    check_books()


@pytest.fixture(scope="session")
def running() -> Iterator[RunningSimulator]:
    with start_simulator() as simulator:
        yield simulator


@pytest.fixture
def simulator(running: RunningSimulator, monkeypatch: pytest.MonkeyPatch) -> RunningSimulator:
    """Return a bank that never notifies: the product must be right without it."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    running.reset(payments=True)
    running.control(notifications="off")
    return running


@pytest.fixture
def town(db: None) -> Town:
    """Return a town whose régie uses the sandbox."""
    return make_town()


@pytest.fixture
def payfip_town(db: None, simulator: RunningSimulator) -> Town:
    """Return a town whose régie uses PayFiP in production mode, at the simulator."""
    return make_town(gateway="payfip", gateway_settings=payfip_settings(simulator))


def payfip_settings(simulator: RunningSimulator, **changes: str) -> dict[str, str]:
    settings = {
        "client_number": "006382",
        "mode": "W",
        "service_url": simulator.soap_url,
        "payment_page_url": simulator.page_url,
    }
    return {**settings, **changes}


def set_gateway(regie: Regie, **changes: str) -> None:
    Regie.objects.filter(pk=regie.pk).update(gateway_settings={**regie.gateway_settings, **changes})
