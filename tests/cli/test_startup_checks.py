"""A demonstration, or a training, does not open to the public; a server or a worker says why and does not start."""

import asyncio
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.test import override_settings

from obole.cli import startup_checks, static
from obole.gateways import registry, settings as bank_settings
from obole.regies.models import Regie
from tests.world import make_citizen, make_regie, make_town

pytestmark = pytest.mark.django_db
BANKS = ["https://www.payfip.gouv.fr"]
PUBLIC = {
    "BASE_URL": "https://facturation.valbourg.fr",
    "HTTPS": True,
    "DEMO": False,
    "ALLOWED_HOSTS": ["facturation.valbourg.fr"],
    "BANK_ORIGINS": BANKS,
}
LIVE = {"client_number": "006382", "mode": "W"}


@pytest.fixture(autouse=True)
def _bank(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A public installation, with the banks of one."""
    monkeypatch.delenv("OBOLE_SIMULATOR_URL", raising=False)
    monkeypatch.delenv("OBOLE_DEMO", raising=False)
    known = set(bank_settings.ALLOWED)
    registry.configure(origins=BANKS, training=False)
    with override_settings(**PUBLIC):
        yield
    registry.configure(origins=known, training=True)


def told() -> set[str]:
    found = run_checks(tags=[startup_checks.TAG], databases=["default"])
    return {str(item.id).removeprefix("obole.") for item in found}


def test_an_honest_installation_starts() -> None:
    make_regie("ENF", "Régie", gateway="payfip", gateway_settings=LIVE)
    assert told() == set()
    startup_checks.refuse_to_start()


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"DEMO": True}, "E002"),
        ({"ALLOWED_HOSTS": ["*"]}, "E004"),
        ({"BASE_URL": "http://facturation.valbourg.fr", "HTTPS": False}, "E005"),
        ({"BANK_ORIGINS": ["http://localhost:*"]}, "E006"),
    ],
)
def test_the_settings_of_a_demonstration_are_refused_at_a_public_address(changes: dict[str, Any], number: str) -> None:
    with override_settings(**changes):
        assert told() == {number}
        with pytest.raises(CommandError, match=number):
            startup_checks.refuse_to_start()
    with override_settings(**{**changes, "BASE_URL": "http://localhost:8000"}):
        assert told() == set()


def test_a_simulator_is_refused_at_a_public_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OBOLE_SIMULATOR_URL", "http://localhost:8001")
    assert told() == {"E003"}


def test_a_sandbox_needs_a_training_and_a_training_needs_no_money() -> None:
    make_town()
    assert told() == {"E007"}
    with override_settings(BASE_URL="http://localhost:8000"):
        assert told() == {"E007"}, "payers would meet an error, wherever it is"
    registry.configure(origins=BANKS, training=True)
    assert told() == set()
    make_regie("DOM", "Régie des salles", gateway="payfip", gateway_settings=LIVE)
    assert told() == {"E009"}


@pytest.mark.parametrize("name", ["service_url", "payment_page_url"])
@pytest.mark.parametrize(
    "address", ["http://www.payfip.gouv.fr/tpa", "https://evil.example/tpa", "http://localhost:81"]
)
def test_a_bank_elsewhere_is_refused(name: str, address: str) -> None:
    regie = make_regie("ENF", "Régie", gateway="payfip", gateway_settings=LIVE)
    Regie.objects.filter(pk=regie.pk).update(gateway_settings={**LIVE, name: address})
    assert told() == {"E008"}


def test_the_demonstration_s_accounts_are_refused() -> None:
    citizen = make_citizen("admin@demo.example")
    assert told() == {"E010"}
    assert citizen.user is not None
    citizen.user.is_active = False
    citizen.user.save()
    assert told() == set()


@pytest.mark.parametrize("command", ["serve", "work"])
def test_neither_the_server_nor_the_worker_starts(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "execv", lambda *_command: None)
    monkeypatch.setattr(static, "collect", lambda: None)
    monkeypatch.setattr(asyncio, "run", lambda _worker: _worker.close())
    mask = os.umask(0o022)
    try:
        with pytest.raises(CommandError, match="OBOLE_HOSTS"), override_settings(ALLOWED_HOSTS=["*"]):
            call_command(command)
    finally:
        os.umask(mask)


def test_what_the_server_writes_is_for_its_account_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "execv", lambda *_command: (tmp_path / "log").write_text("x"))
    monkeypatch.setattr(static, "collect", lambda: None)
    mask = os.umask(0o022)
    try:
        call_command("serve")
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o600
