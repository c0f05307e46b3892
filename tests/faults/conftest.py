"""Rows are taken in one order; after every fault, the books are right, recomputed by the tests and by the product."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.books import check_books
from tests.gateways.conftest import bank as bank
from tests.locks import one_order
from tests.mailing.server import PostOffice, start_post_office
from tests.payments.conftest import payfip_town as payfip_town, running as running, simulator as simulator
from tests.portal.conftest import Clock
from tests.world import Town, make_town


@pytest.fixture(autouse=True)
def _books_are_right(request: pytest.FixtureRequest) -> Iterator[None]:
    """Check the books after the test; without its guard (``test_neg_…``) they may well be wrong."""
    if request.node.get_closest_marker("django_db") is None:
        yield
        return
    request.getfixturevalue("db")
    with one_order():
        yield
    if not request.node.name.startswith("test_neg_"):
        check_books()


@pytest.fixture
def town(db: None) -> Town:
    """Return a town whose régie uses the sandbox."""
    return make_town()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """What time it is for the doors and for the worker."""
    clock = Clock()
    monkeypatch.setattr("obole.lib.dates.now", lambda: clock.at)
    return clock


@pytest.fixture
def office(settings: Settings) -> Iterator[PostOffice]:
    """Return a mail server that the product's settings point to."""
    with start_post_office() as office:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.SMTP_URL = "smtp://127.0.0.1"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", office.port, 3
        yield office
