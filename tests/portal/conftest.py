"""A town, its clock, and browsers of people: signed out, signed in, somebody else."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from django.apps import apps
from django.test import Client

from obole.billing.models import Invoice
from obole.directory.models import Citizen
from obole.lib import dates, texts
from obole.limits.models import Meter
from tests.world import NOON, Town, make_citizen, make_fixed_invoice, make_town

PDF = b"%PDF-1.7\n1 0 obj\nendobj\n"


@dataclass
class Clock:
    """What time it is for the pages."""

    at: datetime = NOON + timedelta(minutes=1)

    def pass_(self, **length: float) -> None:
        self.at += timedelta(**length)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(dates, "now", lambda: clock.at)
    return clock


@pytest.fixture
def town() -> Town:
    return make_town()


@pytest.fixture
def browser(town: Town) -> Client:
    """The browser of the town's citizen."""
    return signed_in(town.citizen)


@pytest.fixture
def stranger(town: Town) -> Client:
    """The browser of another citizen."""
    return signed_in(make_citizen("autre@example.org", last_name="Martin"))


def signed_in(citizen: Citizen, *, enforce_csrf_checks: bool = False) -> Client:
    client = Client(enforce_csrf_checks=enforce_csrf_checks)
    assert citizen.user is not None
    client.force_login(citizen.user)
    return client


def bill(town: Town, cents: int, *, citizen: Citizen | None = None, at: datetime = NOON) -> Invoice:
    """Issue an invoice of exactly so many cents: its last two digits say what the sandbox will do."""
    return make_fixed_invoice(town, cents, name=f"Type {texts.token()}", citizen=citizen, at=at)


def row_counts() -> dict[str, int]:
    """Count the rows of every table of ours."""
    ours = [model for model in apps.get_models() if model.__module__.startswith("obole.") and model is not Meter]
    return {model._meta.label: model._default_manager.count() for model in ours}


def text_of(response: object) -> str:
    """Return a page's HTML, with plain spaces."""
    content: bytes = response.content  # type: ignore[attr-defined]
    return content.decode().replace("\xa0", " ").replace("\u202f", " ")
