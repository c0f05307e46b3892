"""Passwords that a leak has told: the operator's list is searched where it is."""

import hashlib
import random
from pathlib import Path

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from pytest_django import Settings

from obole.directory.passwords import LeakedValidator

pytestmark = pytest.mark.django_db
LEAKED = [f"leaked by somebody {number}" for number in range(500)]


def sha1(password: str) -> str:
    return hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()


def write(path: Path, lines: list[str], *, end: str = "\n") -> str:
    path.write_text(end.join(sorted(lines)) + end, encoding="ascii")
    return str(path)


@pytest.mark.parametrize(("suffix", "end"), [("", "\n"), (":42", "\r\n")])
def test_every_password_of_the_list_is_refused_and_no_other(
    tmp_path: Path, settings: Settings, suffix: str, end: str
) -> None:
    settings.LEAKED_PASSWORDS = write(tmp_path / "leaked", [sha1(one) + suffix for one in LEAKED], end=end)
    for password in LEAKED:
        with pytest.raises(ValidationError, match="divulgué"):
            LeakedValidator().validate(password)
    for number in range(500):
        LeakedValidator().validate(f"known by nobody {number}")


@pytest.mark.parametrize("how_many", [0, 1, 2, 3])
def test_short_lists_too(tmp_path: Path, settings: Settings, how_many: int) -> None:
    known = random.Random(7).sample(LEAKED, how_many)
    settings.LEAKED_PASSWORDS = write(tmp_path / "leaked", [sha1(one) for one in known])
    for password in LEAKED[:50]:
        if password in known:
            with pytest.raises(ValidationError):
                LeakedValidator().validate(password)
        else:
            LeakedValidator().validate(password)


def test_it_is_asked_wherever_a_password_is_chosen(tmp_path: Path, settings: Settings) -> None:
    chosen = "quatre chevaux sous la pluie"
    validate_password(chosen)
    settings.LEAKED_PASSWORDS = write(tmp_path / "leaked", [sha1(chosen)])
    with pytest.raises(ValidationError, match="Prenez-en un autre"):
        validate_password(chosen)
