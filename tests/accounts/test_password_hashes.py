"""Passwords are kept by Argon2id; those of before are kept anew at the next sign-in; one hash for anybody's address."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import hashers
from django.test import Client, override_settings

from obole.config import settings as product
from obole.directory.passwords import PasswordHasher
from tests.world import PASSWORD, Town, make_town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Iterator[Town]:
    town = make_town()
    with override_settings(PASSWORD_HASHERS=product.PASSWORD_HASHERS):
        yield town


def sign_in(email: str, password: str) -> Any:
    return Client().post("/compte/login/", {"login": email, "password": password})


def test_a_password_is_kept_with_the_least_costs_of_owasp() -> None:
    with override_settings(PASSWORD_HASHERS=product.PASSWORD_HASHERS):
        kept = hashers.make_password(PASSWORD)
    assert kept.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_password_of_before_is_kept_anew_at_the_next_sign_in(town: Town) -> None:
    user = town.citizen.user
    assert user is not None
    user.password = hashers.get_hasher("pbkdf2_sha256").encode(PASSWORD, "grain-de-sel-grain-de-sel", 1000)
    user.save(update_fields=["password"])
    assert sign_in(user.email, "un autre mot de passe").status_code == 200
    user.refresh_from_db()
    assert user.password.startswith("pbkdf2_sha256$")
    assert sign_in(user.email, PASSWORD).status_code == 302
    user.refresh_from_db()
    assert user.password.startswith("argon2$argon2id$")
    assert sign_in(user.email, PASSWORD).status_code == 302


def test_an_unknown_address_costs_as_many_hashes_as_a_known_one(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    user = town.citizen.user
    assert user is not None
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    done: list[str] = []
    for name in ("encode", "verify"):
        known = getattr(PasswordHasher, name)

        def counted(self: Any, *args: Any, known: Any = known, **given: Any) -> Any:
            done.append("hash")
            return known(self, *args, **given)

        monkeypatch.setattr(PasswordHasher, name, counted)
    costs = []
    for email in (user.email, "personne@example.org"):
        done.clear()
        assert sign_in(email, "un autre mot de passe").status_code == 200
        costs.append(len(done))
    assert costs == [1, 1]
