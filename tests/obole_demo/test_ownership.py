"""The demonstration lives in a database that it made itself; any other one is refused, and left as it was."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from obole.audit_log.models import Record
from obole.directory import operations as directory
from obole.directory.models import Agent, Authority, User
from obole_demo import load, ownership
from obole_demo.accounts import ACCOUNTS, PASSWORD
from obole_demo.management.commands import demo
from tests.actors import somebody
from tests.journeys.demo import free_port, shell_environment
from tests.portal.conftest import text_of
from tests.world import NOON, WHO


@pytest.fixture
def production(settings: Settings) -> None:
    """What an operator has after the installation, in a shell that says yes to the demonstration."""
    settings.DEMO, settings.PORT, settings.SIMULATOR_PORT = True, free_port(), free_port()
    configure_authority()
    call_command("administrator", "dgs@ville.example")


def configure_authority() -> None:
    directory.configure_authority(values={"name": "Vraie Ville"}, actor=WHO, at=NOON)


def everything() -> dict[str, list[dict[str, object]]]:
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in (Authority, User, Agent, Record)}


@pytest.mark.django_db
def test_a_real_installation_is_refused_and_left_as_it_was(production: None, monkeypatch: pytest.MonkeyPatch) -> None:
    before = everything()
    monkeypatch.setattr(demo.Command, "_run", lambda *_: load.forget_interrupted() or ownership.begin(at=NOON) or 0)
    with pytest.raises(ownership.NotTheDemonstrations, match="is not the demonstration's: .* Nothing was touched"):
        call_command("demo")
    assert everything() == before


@pytest.mark.django_db
def test_one_row_is_enough_to_be_refused() -> None:
    ownership.require(allowed=True)
    User.objects.create_user("somebody@ville.example")
    with pytest.raises(ownership.NotTheDemonstrations, match="directory_user holds rows"):
        ownership.require(allowed=True)


@pytest.mark.django_db
def test_a_database_that_was_given_is_refused_until_the_operator_says_so() -> None:
    with pytest.raises(ownership.NotTheDemonstrations, match="OBOLE_DEMO=yes"):
        ownership.require(allowed=False)
    assert not ownership.is_begun()


@pytest.mark.django_db(transaction=True)
def test_only_an_interrupted_story_starts_over() -> None:
    configure_authority()
    assert load.forget_interrupted() is False and Authority.objects.exists()
    ownership.begin(at=NOON)
    User.objects.create_user("visitor@ville.example")
    ownership.require(allowed=True)
    assert load.forget_interrupted() is True
    assert not Authority.objects.exists() and not ownership.is_begun()
    ownership.begin(at=NOON)
    Record.objects.create(at=NOON, actor=somebody("demo"), verb=ownership.LOADED, subject_kind="demo", subject_id=0)
    configure_authority()
    assert load.forget_interrupted() is False and Authority.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/", "/compte/login/"])
@pytest.mark.parametrize(("said", "begun"), [(True, True), (True, False), (False, True)])
def test_accounts_are_shown_by_the_demonstration_alone(
    client: Client, settings: Settings, address: str, said: bool, begun: bool
) -> None:
    settings.DEMO = said
    if begun:
        ownership.begin(at=NOON)
    page = text_of(client.get(address))
    for shown in (PASSWORD, "aucun argent n’est débité", *(account.email for account in ACCOUNTS)):
        assert (shown in page) is (said and begun), shown


@pytest.mark.processes
@pytest.mark.parametrize("how", ["OBOLE_DATABASE_URL", "OBOLE_DATABASE_URL_FILE"])
def test_an_address_that_was_given_is_the_only_database(tmp_path: Path, how: str) -> None:
    address = os.environ["OBOLE_DATABASE_URL"]
    (tmp_path / "address").write_text(address)
    given = address if how == "OBOLE_DATABASE_URL" else str(tmp_path / "address")
    environment = {**shell_environment(), "OBOLE_VAR": str(tmp_path / "var"), how: given}
    environment |= {"OBOLE_PORT": str(free_port()), "OBOLE_SIMULATOR_PORT": str(free_port())}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "obole", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)

    asked = run("shell", "-c", "from django.db import connection as c; c.connect(); print(c.settings_dict['HOST'])")
    assert asked.stdout.split()[-1:] == [address.partition("host=")[2]], asked.stderr
    refused = run("demo")
    assert refused.returncode == 1 and "leaves other people's databases alone" in refused.stderr
    assert not list((tmp_path / "var").glob("postgres/*")), "no private server was made beside it"
