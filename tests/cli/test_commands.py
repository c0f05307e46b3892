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
    assert (DOCS / "etats.md").read_text(encoding="utf-8") == printed("states"), (
        "write it again: .venv/bin/obole states > docs/etats.md"
    )


def test_the_page_of_settings_names_every_setting() -> None:
    # The values shown are the defaults, whatever this machine's environment says.
    assert (DOCS / "exploiter" / "reglages.md").read_text(encoding="utf-8") == printed("settings"), (
        "write it again: .venv/bin/obole settings > docs/exploiter/reglages.md"
    )


@pytest.mark.django_db
def test_the_first_administrator_has_no_password_and_comes_once() -> None:
    first, again = (printed("administrator", "Camille@ville.example") for _turn in range(2))
    assert "http://localhost:8000/compte/invitation/" in first and first != again

    agent = Agent.objects.get(user__email="camille@ville.example")
    assert agent.profile == Profile.ADMINISTRATOR
    assert not agent.user.has_usable_password()
    agent.user.set_password("trois mots sans lien")
    agent.user.save()
    with pytest.raises(CommandError, match="administrator already"):
        call_command("administrator", "camille@ville.example")
