"""What operators type."""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from obole.directory.models import Agent
from obole.directory.rules import Profile

DOCS = Path(__file__).parents[2] / "docs"


def printed(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_the_page_of_states_is_what_the_code_draws() -> None:
    assert (DOCS / "etats.md").read_text(encoding="utf-8") == printed("states")


def test_the_page_of_settings_names_every_setting() -> None:
    # The values shown are the defaults, whatever this machine's environment says.
    assert (DOCS / "exploiter" / "reglages.md").read_text(encoding="utf-8") == printed("settings")


@pytest.mark.django_db
def test_the_first_administrator_has_no_password_and_comes_once() -> None:
    assert "Mot de passe oublié" in printed("administrator", "Camille@ville.example")

    agent = Agent.objects.get(user__email="camille@ville.example")
    assert agent.profile == Profile.ADMINISTRATOR
    assert not agent.user.has_usable_password()
    with pytest.raises(CommandError, match="agent already"):
        call_command("administrator", "camille@ville.example")
