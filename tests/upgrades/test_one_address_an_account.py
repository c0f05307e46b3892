"""What becomes of the accounts of before: nobody is taken for the owner of an address without a proof."""

from importlib import import_module

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client

from obole.directory.models import User

pytestmark = pytest.mark.django_db
migration = import_module("obole.accounts.migrations.0002_one_address_an_account")


def addresses() -> list[tuple[str, str, bool, bool]]:
    rows = EmailAddress.objects.order_by("email").values_list("user__email", "email", "verified", "primary")
    return [(str(owner), email, verified, primary) for owner, email, verified, primary in rows]


def test_each_account_keeps_its_address_and_only_what_was_proven_stays_proven() -> None:
    proven, unproven, made_by_the_town, thief = (
        User.objects.create_user(f"{name}@example.org", "x") for name in ("a", "b", "c", "d")
    )
    EmailAddress.objects.create(user=proven, email=proven.email, verified=True, primary=True)
    EmailAddress.objects.create(user=proven, email="second@example.org", verified=True)
    EmailAddress.objects.create(user=unproven, email=unproven.email, primary=True)
    EmailAddress.objects.create(user=thief, email=made_by_the_town.email, verified=True, primary=True)
    browser = Client()
    browser.force_login(thief)
    with connection.schema_editor() as editor:
        migration.one_address_an_account(apps, editor)
    assert addresses() == [
        ("a@example.org", "a@example.org", True, True),
        ("b@example.org", "b@example.org", False, True),
        ("c@example.org", "c@example.org", False, True),
        ("d@example.org", "d@example.org", False, True),
    ]
    assert Session.objects.count() == 0
